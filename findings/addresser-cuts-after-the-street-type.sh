#!/usr/bin/env bash
# addresser, which takes an address of the United States apart, moves what follows the street's type to the second line:
# another street remains on the first.
#
# Package: addresser 1.1.22 (npm).
# Guess before the run: the first line keeps the street, as a carrier prints it, and the second has the apartment.
# Seen:
#   100 Main Street South, Salem, OR 97301               100 Main St    | South
#   2300 State Highway 71 E, Bastrop, TX 78602           2300 State Hwy | 71 E
#   100 Avenue of the Americas, New York, NY 10013       100 Avenue     | of the Americas
#   88 Avenue D, New York, NY 10009                      88 Ave D       |
#   55 Ocean Drive Apartment 5B, Miami Beach, FL 33139   55 Ocean Dr    | Apartment 5B
# A direction behind the type is a part of the street's name (Publication 28 of the Postal Service, section 234):
# 100 Main St and 100 Main St S are two doors. Who prints both lines is delivered by a careful driver; who validates
# or rates the first line alone asks about the wrong street.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund addresser@1.1.22 >/dev/null
cat > parse.cjs <<'JS'
const { parseAddress } = require("addresser");
for (const address of [
  "100 Main Street South, Salem, OR 97301",
  "2300 State Highway 71 E, Bastrop, TX 78602",
  "100 Avenue of the Americas, New York, NY 10013",
  "88 Avenue D, New York, NY 10009",
  "55 Ocean Drive Apartment 5B, Miami Beach, FL 33139",
]) {
  const { addressLine1, addressLine2 = "" } = parseAddress(address);
  console.log([address, addressLine1, addressLine2].join("|"));
}
JS
node parse.cjs | tee seen
diff seen - <<'TXT' || { echo "the behaviour has changed" >&2; exit 1; }
100 Main Street South, Salem, OR 97301|100 Main St|South
2300 State Highway 71 E, Bastrop, TX 78602|2300 State Hwy|71 E
100 Avenue of the Americas, New York, NY 10013|100 Avenue|of the Americas
88 Avenue D, New York, NY 10009|88 Ave D|
55 Ocean Drive Apartment 5B, Miami Beach, FL 33139|55 Ocean Dr|Apartment 5B
TXT
