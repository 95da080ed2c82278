#!/usr/bin/env bash
# pint with case_sensitive=False reads "kg" as kilogram in one process, and as kilogauss in the next.
#
# Package: pint 0.25.3 (PyPI).
# Carriers write units in capitals (UPS: LBS and KGS, FedEx: LB and KG, both: CM and IN), which pint refuses or, for M,
# MM and G, reads as molar, megamolar and gauss. So a shop sets case_sensitive=False.
# Guess before the run: with this option LB, KG, CM and IN are pound, kilogram, centimeter and inch, as lb, kg, cm and
# in are.
# Seen, in 40 processes with the hash seeds 0 to 39:
#   LB, IN, OZ   pound, inch, ounce
#   KG, CM       UndefinedUnitError
#   kg           kilogram in 15, kilogauss in 25
#   cm           centimeter in 22, centimolar in 18
#   MM           megameter in 22, megamolar in 18
#   GR           grain, which is 0.065 g (X12 means the gram by it)
# Python chooses a new seed for each process. pint looks the letters up in a set without regard to their case, and takes
# the first that comes: g or G, m or M. A worker that starts badly fails for each weight in kilograms, with an error
# about dimensions, until it is restarted. Map the carrier's codes to pint's names yourself, and leave the option off.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pint==0.25.3
cat > "$work/units.py" <<'PY'
import pint

units = pint.UnitRegistry(case_sensitive=False)
for text in ("LB", "IN", "OZ", "KG", "CM", "kg", "cm", "MM", "GR"):
    try:
        print(text, units(f"1 {text}").units)
    except pint.UndefinedUnitError:
        print(text, "undefined")
PY
cd "$work"
for seed in {0..39}; do PYTHONHASHSEED=$seed venv/bin/python units.py; done | sort | uniq -c | tee counted
sed 's/^ *[0-9]* //' counted | LC_ALL=C sort > seen
LC_ALL=C sort > expected <<'TXT'
CM undefined
GR grain
IN inch
KG undefined
LB pound
MM megameter
MM megamolar
OZ ounce
cm centimeter
cm centimolar
kg kilogauss
kg kilogram
TXT
cmp -s seen expected || { echo "the behaviour has changed" >&2; exit 1; }
