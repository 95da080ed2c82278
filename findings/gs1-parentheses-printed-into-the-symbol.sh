#!/usr/bin/env bash
# python-barcode and JsBarcode print the parentheses of "(00)…" into a GS1-128 symbol, and a reader's text hides it.
#
# Packages: python-barcode 0.16.1, zxing-cpp 3.1.1, pillow 13.0.0 (PyPI), jsbarcode 3.12.3, bwip-js 4.11.4 (npm).
# Guess before the run: the parentheses around an application identifier are notation for people, so a GS1-128 writer
# takes them away, as bwip-js does.
# Seen, for the parcel's SSCC written as (00)106141411234567897:
#   bwip-js         bytes 00106141411234567897      text (00)106141411234567897
#   python-barcode  bytes (00)106141411234567897    text (00)106141411234567897
#   jsbarcode       bytes (00)106141411234567897    text (00)106141411234567897
# All three symbols begin with FNC1 (]C1). A sorting system reads two of them as no valid element string. A test that
# compares zxing-cpp's text cannot tell them apart, because that text adds parentheses to good symbols: compare bytes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check python-barcode==0.16.1 zxing-cpp==3.1.1 pillow==13.0.0
npm install --silent --no-fund --no-audit --prefix "$work" jsbarcode@3.12.3 bwip-js@4.11.4 > /dev/null
cat > "$work/draw.mjs" <<'JS'
import { writeFileSync } from "node:fs";
import JsBarcode from "jsbarcode";
import bwipjs from "bwip-js";

const sscc = "(00)106141411234567897";
const symbol = {};
JsBarcode(symbol, sscc, { format: "CODE128", ean128: true });
writeFileSync("jsbarcode.modules", symbol.encodings.map((each) => each.data).join(""));
writeFileSync("bwip-js.png", await bwipjs.toBuffer({ bcid: "gs1-128", text: sscc, scale: 3, padding: 12, backgroundcolor: "FFFFFF" }));
JS
cat > "$work/read.py" <<'PY'
import barcode, pathlib, zxingcpp
from PIL import Image, ImageDraw

def drawn(modules):
    picture = Image.new("L", (len(modules) * 3 + 120, 200), 255)
    pen = ImageDraw.Draw(picture)
    for at, module in enumerate(modules):
        if module == "1":
            pen.rectangle((60 + at * 3, 20, 62 + at * 3, 180), fill=0)
    return picture

sscc = "(00)106141411234567897"
pictures = {
    "bwip-js": Image.open("bwip-js.png").convert("L"),
    "python-barcode": drawn(barcode.get_barcode_class("gs1_128")(sscc).build()[0]),
    "jsbarcode": drawn(pathlib.Path("jsbarcode.modules").read_text()),
}
seen = {}
for name, picture in pictures.items():
    (found,) = zxingcpp.read_barcodes(picture)
    seen[name] = (found.bytes.decode(), found.text)
    print(f"{name:15} {found.symbology_identifier} bytes {seen[name][0]:24} text {seen[name][1]}")
good, bad = ("00106141411234567897", sscc), (sscc, sscc)
raise SystemExit(seen != {"bwip-js": good, "python-barcode": bad, "jsbarcode": bad})
PY
cd "$work" && node draw.mjs && venv/bin/python read.py
