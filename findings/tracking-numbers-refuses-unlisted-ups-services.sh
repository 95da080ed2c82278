#!/usr/bin/env bash
# tracking-numbers refuses a UPS number with a right check digit, unless its service is one of 26 that it lists.
#
# Packages: tracking-numbers 0.1.8 (PyPI), ts-tracking-number 1.0.17 (npm); both use the same public table of carriers.
# Guess before the run: 300 UPS numbers made at random with right check digits are accepted by both.
# Seen: the npm package accepts all. The Python package accepts 26 of the 1,296 pairs of letters and digits that can
# stand for the service, such as 03 (Ground), and knows nothing of the others:
#   1Z999AA10312345670 (03)   Python UPS     npm UPS
#   1Z999AA15412345673 (54)   Python none    npm UPS
#   1Z999AA1YP12345676 (YP)   Python none    npm UPS
# The table's maintainer calls that list additional information that need not match (jkeen/tracking_number_data, issue
# 43). YP is in UPS's own sample number for SurePost. A shop that takes the carrier from the Python package sees such a
# parcel as one of no carrier.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tracking-numbers==0.1.8
npm install --silent --no-fund --no-audit --prefix "$work" ts-tracking-number@1.0.17 > /dev/null
cat > "$work/numbers.py" <<'PY'
import string
from tracking_numbers import get_tracking_number

def number(service):
    body, total = f"999AA1{service}1234567", 0
    for index, character in enumerate(body):
        value = int(character) if character.isdigit() else (ord(character) - 63) % 10
        total += 2 * value if index % 2 else value
    return f"1Z{body}{-total % 10}"

characters = string.digits + string.ascii_uppercase
numbers = [number(first + second) for first in characters for second in characters]
with open("numbers", "w") as file:
    file.write("\n".join(numbers))
accepted = [text for text in numbers if get_tracking_number(text)]
print("python", len(accepted), "of", len(numbers))
for service in ("03", "54", "YP"):
    found = get_tracking_number(number(service))
    print("python", number(service), found.courier.name if found else "none")
PY
cat > "$work/numbers.mjs" <<'JS'
import { readFileSync } from "node:fs";
import { getTracking } from "ts-tracking-number";

const numbers = readFileSync("numbers", "utf8").split("\n");
console.log("npm", numbers.filter((number) => getTracking(number)?.courier.name === "UPS").length, "of", numbers.length);
JS
cd "$work"
{ venv/bin/python -W ignore numbers.py; node numbers.mjs; } | tee seen
cat > expected <<'TXT'
python 26 of 1296
python 1Z999AA10312345670 UPS
python 1Z999AA15412345673 none
python 1Z999AA1YP12345676 none
npm 1296 of 1296
TXT
cmp -s seen expected || { echo "the behaviour has changed" >&2; exit 1; }
