#!/usr/bin/env bash
# ReportLab's Code128Auto makes the bar code of a UPS tracking number wider than its plain Code128.
#
# Packages: reportlab 5.1.0, python-barcode 0.16.1 (PyPI), bwip-js 4.11.4, jsbarcode 3.12.3 (npm).
# Guess before the run: every library picks the subsets of Code 128 so that the symbol is as short as possible.
# Seen, in modules, for 1Z999AA10123456784:
#   bwip-js 189, jsbarcode 189, reportlab Code128 189, python-barcode 200, reportlab Code128Auto 211
# Code128Auto enters subset C for the two digits "99" and leaves it again, which costs two symbols and saves one.
# Its name suggests the opposite. At 3 dots a module and 203 dpi that is 8 mm on a label, enough to lose a quiet zone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check reportlab==5.1.0 python-barcode==0.16.1
npm install --silent --no-fund --no-audit --prefix "$work" bwip-js@4.11.4 jsbarcode@3.12.3 > /dev/null
cat > "$work/widths.py" <<'PY'
import barcode
from reportlab.graphics.barcode.code128 import Code128, Code128Auto

number = "1Z999AA10123456784"
for kind in (Code128, Code128Auto):
    symbol = kind(number)
    symbol.validate()
    symbol.encode()
    print(f"reportlab {kind.__name__}", len(symbol.encoded) * 11 + 2)
print("python-barcode", len(barcode.get_barcode_class("code128")(number).build()[0]))
PY
cat > "$work/widths.mjs" <<'JS'
import bwipjs from "bwip-js";
import JsBarcode from "jsbarcode";
const number = "1Z999AA10123456784";
const bars = bwipjs.raw("code128", number, {})[0].sbs;
console.log("bwip-js", bars.reduce((sum, width) => sum + width, 0));
const drawn = {};
JsBarcode(drawn, number, { format: "CODE128" });
console.log("jsbarcode", drawn.encodings.map((part) => part.data).join("").length);
JS
cd "$work"
{ "$work/venv/bin/python" -W ignore widths.py; node widths.mjs; } | tee seen
cat > expected <<'TXT'
reportlab Code128 189
reportlab Code128Auto 211
python-barcode 200
bwip-js 189
jsbarcode 189
TXT
cmp -s seen expected || { echo "the behaviour has changed" >&2; exit 1; }
