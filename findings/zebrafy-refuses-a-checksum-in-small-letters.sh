#!/usr/bin/env bash
# zebrafy refuses a right picture in ZPL as damaged, because zpl-image writes the check sum in small letters.
#
# Packages: zebrafy 2.0.0, pillow 13.0.0 (PyPI), zpl-image 0.3.0, zpl-renderer-js 3.4.0, pngjs 7.0.0 (npm).
# Guess before the run: zebrafy reads the ^GF picture that zpl-image wrote (:Z64: with a CRC of four hexadecimal
# digits), as the renderer does; both compute the CRC over the same characters.
# Seen, for one picture of 101 x 37 dots:
#   :Z64:…:5a7c as zpl-image wrote it   zebrafy "CRC mismatch."   zpl-renderer-js: every dot as drawn
#   :Z64:…:5A7C                         zebrafy: every dot as drawn
#   ASCII with repeat counts            zebrafy: every dot as drawn
# zebrafy compares the text of the digits, not their value. A CRC of digits only (15 in 100) passes, so some labels of
# one shop are read and others are not. Write the CRC in capitals before you hand a label to zebrafy.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check zebrafy==2.0.0 pillow==13.0.0
npm install --silent --no-fund --no-audit --prefix "$work" zpl-image@0.3.0 zpl-renderer-js@3.4.0 pngjs@7.0.0 > /dev/null
cat > "$work/write.mjs" <<'JS'
import { writeFileSync } from "node:fs";
import { PNG } from "pngjs";
import zplImage from "zpl-image";
import { ready } from "zpl-renderer-js";

const [width, height] = [101, 37];
const picture = new PNG({ width, height });
const black = (x, y) => (x * x + 3 * y * x + y * y) % 7 < 3;
for (let at = 0; at < width * height; at++) {
  picture.data.fill(black(at % width, Math.floor(at / width)) ? 0 : 255, 4 * at, 4 * at + 3);
  picture.data[4 * at + 3] = 255;
}
writeFileSync("picture.png", PNG.sync.write(picture));
const label = ({ length, rowlen }, text) => `^XA^FO0,0^GFA,${length},${length},${rowlen},${text}^FS^XZ`;
const z64 = zplImage.rgbaToZ64(picture.data, width, { notrim: true });
const acs = zplImage.rgbaToACS(picture.data, width, { notrim: true });
writeFileSync("z64.zpl", label(z64, z64.z64));
writeFileSync("acs.zpl", label(acs, acs.acs));

const { api } = await ready;
const drawn = PNG.sync.read(Buffer.from(await api.zplToBase64Async(label(z64, z64.z64), 50, 50, 8), "base64"));
let wrong = 0;
for (let y = 0; y < height; y++)
  for (let x = 0; x < width; x++) wrong += drawn.data[4 * (y * drawn.width + x)] < 128 !== black(x, y);
console.log("zpl-renderer-js, as written: wrong dots", wrong);
process.exit(wrong ? 1 : 0);
JS
cat > "$work/read.py" <<'PY'
import binascii, re, sys
from PIL import Image
from zebrafy import ZebrafyZPL

picture = Image.open("picture.png").convert("1")

def read(label):
    try:
        image = ZebrafyZPL(label).to_images()[0].convert("1").crop((0, 0, *picture.size))
        return f"wrong dots {sum(a != b for a, b in zip(image.getdata(), picture.getdata()))}"
    except ValueError as error:
        return str(error)

written = open("z64.zpl").read()
data, crc = re.search(r":Z64:([^:]+):([0-9A-Fa-f]+)", written).groups()
computed = f"{binascii.crc_hqx(data.encode(), 0):04x}"
seen = [read(written), read(written.replace(f":{crc}^", f":{crc.upper()}^")), read(open("acs.zpl").read())]
print(f"CRC {crc}, computed {computed}")
print("zebrafy, as written:", seen[0])
print("zebrafy, in capitals:", seen[1])
print("zebrafy, repeat counts:", seen[2])
changed = crc != computed or seen != ["CRC mismatch.", "wrong dots 0", "wrong dots 0"]
sys.exit("the behaviour has changed" if changed else 0)
PY
cd "$work"
node write.mjs
venv/bin/python -W ignore read.py
