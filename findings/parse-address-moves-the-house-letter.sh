#!/usr/bin/env bash
# parse-address takes the letter of a house number for a part of the street, and loses the half of "100 1/2".
#
# Packages: parse-address 1.1.2, addressit 1.8.2 (npm), usaddress 0.5.16 (PyPI).
# Guess before the run: every character of the house number stays in it. (parse-address does keep "112-10", Queens, and
# "N6W23001", Wisconsin.)
# Seen, as house number / direction / street:
#                          parse-address         addressit               usaddress
#   22B Baker St           22 / - / B Baker St   22B / - / Baker St      22B / - / Baker St
#   14E Elm St             14 / E / Elm St       14E / - / Elm St        14E / - / Elm St
#   100 1/2 Main St        100 / - / Main St     100/2 / - / Main St     100 1/2 / - / Main St
#   PSC 808 Box 15         - / - / PSC           (street is not found)   (it raises RepeatedLabelError)
# The number 14E becomes the number 14 in East Elm Street, which is another house and may exist. With the address of an
# army post office, the city, the state and the ZIP code are missing too. No error is raised. Keep the line that was
# typed, and send that line to the carrier.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check usaddress==0.5.16
npm install --silent --no-fund --no-audit --prefix "$work" parse-address@1.1.2 addressit@1.8.2 > /dev/null
cat > "$work/lines" <<'TXT'
22B Baker St, Ottawa, KS 66067
14E Elm St, Erie, PA 16501
100 1/2 Main St, Erie, PA 16501
PSC 808 Box 15, FPO AE 09618
112-10 101st Ave, Richmond Hill, NY 11418
N6W23001 Bluemound Rd, Waukesha, WI 53188
TXT
cat > "$work/parse.mjs" <<'JS'
import { readFileSync } from "node:fs";
import parser from "parse-address";
import addressit from "addressit";

const show = (number, direction, street, zip) =>
  `${number || "-"} / ${direction || "-"} / ${street || "-"} / ${zip || "-"}`;
for (const line of readFileSync("lines", "utf8").trim().split("\n")) {
  const a = parser.parseLocation(line);
  const street = [a.street, a.type].filter(Boolean).join(" ");
  console.log(`parse-address  ${line.split(",")[0]}: ${show(a.number, a.prefix, street, a.zip)}`);
  const b = addressit(line);
  console.log(`addressit      ${line.split(",")[0]}: ${show(b.number, "", b.street, b.postalcode)}`);
}
JS
cat > "$work/parse.py" <<'PY'
import usaddress

for line in open("lines"):
    try:
        a = usaddress.tag(line.strip())[0]
        number = " ".join(a[k] for k in ("AddressNumber", "AddressNumberSuffix") if k in a)
        street = " ".join(a[k] for k in ("StreetName", "StreetNamePostType") if k in a)
        shown = f"{number} / {a.get('StreetNamePreDirectional', '-')} / {street} / {a['ZipCode']}"
    except usaddress.RepeatedLabelError:
        shown = "RepeatedLabelError"
    print(f"usaddress      {line.split(',')[0]}: {shown}")
PY
cd "$work"
{ node parse.mjs; venv/bin/python parse.py; } | tee seen
for expected in 'parse-address  22B Baker St: 22 / - / B Baker St / 66067' 'parse-address  14E Elm St: 14 / E / Elm St / 16501' \
  'parse-address  100 1/2 Main St: 100 / - / Main St / 16501' 'parse-address  PSC 808 Box 15: - / - / PSC / -' \
  'parse-address  112-10 101st Ave: 112-10 / - / 101st Ave / 11418' 'addressit      14E Elm St: 14E / - / Elm St / 16501' \
  'addressit      100 1/2 Main St: 100/2 / - / Main St / 16501' 'usaddress      14E Elm St: 14E / - / Elm St / 16501' \
  'usaddress      100 1/2 Main St: 100 1/2 / - / Main St / 16501' 'usaddress      22B Baker St: 22B / - / Baker St / 66067'; do
  grep -qxF "$expected" seen || { echo "the behaviour has changed: $expected" >&2; exit 1; }
done
