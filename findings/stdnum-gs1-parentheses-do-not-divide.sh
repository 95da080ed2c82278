#!/usr/bin/env bash
# python-stdnum removes the parentheses of a GS1-128 text before it reads it, so one element swallows the next.
#
# Package: python-stdnum 2.2, with biip 5.2.0 beside it (PyPI).
# Guess from the package's own example, which is written in parentheses: the text below a bar code, "(420)10036(37)5",
# is read as it is printed: ship to ZIP code 10036, 5 pieces.
# Seen, for (00)106141411234567897(420)10036(37)5:
#   stdnum  00 106141411234567897, 420 10036375           and is_valid says True
#   biip    00 106141411234567897, 420 10036, 37 5
# An element of variable length ends at FNC1 or at the end. The parentheses are the only mark of it in the printed text,
# and they are gone before the length is decided. A parcel that is entered by hand gets a ZIP code of eight digits, with
# no error. Elements of fixed length are read rightly, so a test with an SSCC, a GTIN or a date passes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check python-stdnum==2.2 biip==5.2.0
cat > "$work/read.py" <<'PY'
from biip.gs1_messages import GS1Message
from stdnum import gs1_128

expected = {
    "(00)106141411234567897(420)10036(37)5":
        ({"00": "106141411234567897", "420": "10036375"}, {"00": "106141411234567897", "420": "10036", "37": "5"}),
    "(10)LOT1(37)5": ({"10": "LOT1375"}, {"10": "LOT1", "37": "5"}),
    "(00)106141411234567897(420)10036":
        ({"00": "106141411234567897", "420": "10036"}, {"00": "106141411234567897", "420": "10036"}),
}
seen = {}
for text in expected:
    strings = GS1Message.parse_hri(text).element_strings
    seen[text] = (gs1_128.info(text), {each.ai.ai: each.value for each in strings})
    print(text, f"is_valid {gs1_128.is_valid(text)}", *(f"\n  {name:7}{read}" for name, read in zip(("stdnum", "biip"), seen[text])))
valid = all(gs1_128.is_valid(text) for text in expected)
raise SystemExit(0 if seen == expected and valid else "the behaviour has changed")
PY
"$work/venv/bin/python" "$work/read.py"
