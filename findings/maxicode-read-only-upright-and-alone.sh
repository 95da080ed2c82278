#!/usr/bin/env bash
# zxing-cpp reads the MaxiCode of a parcel label only while it is upright and nothing else is in the picture.
#
# Packages: zxing-cpp 3.1.1, pillow 13.0.0 (PyPI), bwip-js 4.11.4 (npm).
# Guess before the run: a MaxiCode has a bull's eye, so it is found on a whole label and at any angle, as QR codes
# and Data Matrix are; at least the four right angles are covered by `try_rotate`, which is on by default.
# Seen: of the same symbol, pasted on an empty label:
#   upright: read    90, 180, 270 degrees: nothing    upright with one line of text beside it: nothing
# The Data Matrix of the same text is read in all five. No error is raised: the list of results is empty, so a check of
# labels with this library "finds no MaxiCode" on labels that have one. The symbol has to be cut out and turned first.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check zxing-cpp==3.1.1 pillow==13.0.0
npm install --silent --no-fund --no-audit --prefix "$work" bwip-js@4.11.4 > /dev/null
cat > "$work/draw.mjs" <<'JS'
import bwipjs from "bwip-js";
import { writeFileSync } from "node:fs";

// A primary message (postal code, country, service) and a secondary one, divided by GS, RS and EOT.
const message = ["[)>^03001^02996100010000", "840", "001", "1Z00000000", "UPSN", "A1B2C3", "001", "", "1/1", "5", "N", "", "NEW YORK", "NY"];
const text = `${message.join("^029")}^030^004`;
const common = { scale: 4, padding: 8, backgroundcolor: "FFFFFF", parse: true, text };
writeFileSync("maxicode.png", await bwipjs.toBuffer({ ...common, bcid: "maxicode", mode: 2 }));
writeFileSync("datamatrix.png", await bwipjs.toBuffer({ ...common, bcid: "datamatrix" }));
JS
cat > "$work/read.py" <<'PY'
import zxingcpp
from PIL import Image, ImageDraw

def seen(name):
    label = Image.new("L", (812, 1218), 255)
    label.paste(Image.open(name).convert("L"), (40, 600))
    pictures = [label.rotate(angle, expand=True) for angle in (0, 90, 180, 270)]
    ImageDraw.Draw(label).text((60, 60), "SHIP TO: A RECEIVER", fill=0)
    found = [bool(zxingcpp.read_barcodes(picture)) for picture in (*pictures, label)]
    return " ".join("read" if each else "nothing" for each in found)

expected = {"maxicode.png": "read nothing nothing nothing nothing", "datamatrix.png": "read read read read read"}
result = {name: seen(name) for name in expected}
print("                0 90 180 270 degrees, 0 with text")
for name, line in result.items():
    print(f"{name:15} {line}")
raise SystemExit(result != expected)
PY
cd "$work" && node draw.mjs && venv/bin/python read.py
