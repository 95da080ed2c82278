#!/usr/bin/env bash
# usaddress-scourgify, which brings addresses of the United States into the form of the Postal Service, drops the street's
# name of some and says nothing, and calls a hangar, a dock and a door a unit.
#
# Package: usaddress-scourgify 0.7.1 with usaddress 0.5.16 (PyPI).
# Guess before the run: an address keeps its street, or is refused with UnParseableAddressError, as "100 Main St & 5th Ave"
# is; and "Hangar 4" becomes "HNGR 4", as in Publication 28, appendix C2.
# Seen, the first two lines of the address:
#   100 & 102 Main St      100 & ST
#   100 and 102 Main St    100 AND ST
#   Main St & 5th Ave      MAIN ST & AVE
#   100-102 Main St        100-102 MAIN ST
#   100 Main St, Hangar 4  100 MAIN ST, UNIT 4
#   100 Main St, Dock 4    100 MAIN ST, UNIT 4
#   100 Main St, Door 4    100 MAIN ST, UNIT 4
# Two doors of one house are written with an ampersand on many letterheads. Compare the words of the answer with those
# of the question before you print a label, and let the carrier's own validation have the last word.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check usaddress-scourgify==0.7.1 usaddress==0.5.16
cat > normalize.py <<'PY'
from scourgify import normalize_address_record
from scourgify.exceptions import UnParseableAddressError

for first, second in (
    ("100 & 102 Main St", ""), ("100 and 102 Main St", ""), ("Main St & 5th Ave", ""), ("100-102 Main St", ""),
    ("100 Main St & 5th Ave", ""), ("100 Main St", "Hangar 4"), ("100 Main St", "Dock 4"), ("100 Main St", "Door 4"),
):
    asked = dict(address_line_1=first, address_line_2=second, city="Austin", state="TX", postal_code="78701")
    try:
        answer = normalize_address_record(asked)
        print(first, second, "->", answer["address_line_1"], answer["address_line_2"] or "", sep="|")
    except UnParseableAddressError:
        print(first, second, "->", "refused", "", sep="|")
PY
venv/bin/python normalize.py | tee seen
diff seen - <<'TXT' || { echo "the behaviour has changed" >&2; exit 1; }
100 & 102 Main St||->|100 & ST|
100 and 102 Main St||->|100 AND ST|
Main St & 5th Ave||->|MAIN ST & AVE|
100-102 Main St||->|100-102 MAIN ST|
100 Main St & 5th Ave||->|refused|
100 Main St|Hangar 4|->|100 MAIN ST|UNIT 4
100 Main St|Dock 4|->|100 MAIN ST|UNIT 4
100 Main St|Door 4|->|100 MAIN ST|UNIT 4
TXT
