#!/usr/bin/env bash
# zpl-renderer-js draws ZPL's switch to Code 128 subset C as FNC4, and a scanner reads another number.
#
# Packages: zpl-renderer-js 3.4.0 (npm, a wrapper of Zebrash), zxing-cpp 3.1.1 and Pillow (PyPI) as the reader.
# ZPL II programming guide, ^BC, invocation codes: ">:" starts in subset B, ">5" is symbol value 99, the switch to C.
# Guess before the run: "^FD>:1Z999AA1>50123456784" gives the bar code of 1Z999AA10123456784, shorter than without it.
# Seen: the renderer emits symbol 100, which in subset B is FNC4 (add 128 to the next character), and stays in B.
#   without the switch  width 699  b'1Z999AA10123456784'
#   with the switch     width 732  b'1Z999AA1\xb0123456784'
# A test that renders a label and scans it therefore fails for a label that a real printer prints correctly. Mode A
# (^BCN,150,N,N,N,A without invocation codes) is drawn correctly: width 567.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check zxing-cpp==3.1.1 pillow==13.0.0
npm install --silent --no-fund --no-audit --prefix "$work" zpl-renderer-js@3.4.0 > /dev/null
cat > "$work/render.mjs" <<'JS'
import { writeFileSync } from "node:fs";
import { ready } from "zpl-renderer-js";
const { api } = await ready;
const labels = {
  plain: "^XA^FO50,50^BY3^BCN,150,N,N,N^FD1Z999AA10123456784^FS^XZ",
  switched: "^XA^FO50,50^BY3^BCN,150,N,N,N^FD>:1Z999AA1>50123456784^FS^XZ",
  automatic: "^XA^FO50,50^BY3^BCN,150,N,N,N,A^FD1Z999AA10123456784^FS^XZ",
};
for (const [name, zpl] of Object.entries(labels))
  writeFileSync(`${name}.png`, Buffer.from(await api.zplToBase64Async(zpl), "base64"));
process.exit(0);
JS
(cd "$work" && node render.mjs)
cat > "$work/read.py" <<'PY'
import sys
import zxingcpp
from PIL import Image

seen = {}
for name in ("plain", "switched", "automatic"):
    image = Image.open(f"{name}.png").convert("L")
    left, _, right, _ = image.point(lambda value: 255 - value).getbbox()
    seen[name] = (right - left, zxingcpp.read_barcodes(image)[0].bytes)
    print(f"{name:10} width {seen[name][0]}  {seen[name][1]}")
number = b"1Z999AA10123456784"
as_seen = {"plain": (699, number), "switched": (732, b"1Z999AA1\xb0123456784"), "automatic": (567, number)}
sys.exit(0 if seen == as_seen else "the behaviour has changed")
PY
(cd "$work" && "$work/venv/bin/python" -W ignore read.py)
