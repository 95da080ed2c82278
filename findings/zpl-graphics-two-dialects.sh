#!/usr/bin/env bash
# The two Python libraries for pictures in ZPL cannot read each other's output, and one of them does not say so.
#
# Packages: zebrafy 2.0.0 and zplgrf 1.6.0 (PyPI), with Pillow.
# Guess before the run: both read a picture that the other wrote with :Z64: compression, since the coding is the same.
# Seen: zebrafy writes and reads only inline pictures (^GF), zplgrf only stored ones (~DG with ^XG).
#   zplgrf reads zebrafy's label  -> []          (no error: a label with a picture looks like a label without one)
#   zebrafy reads zplgrf's label  -> ValueError  (no ^GF found)
# Carriers send both kinds. A program that shows or archives labels must look for ^GF and ~DG itself.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check zebrafy==2.0.0 zplgrf==1.6.0 pillow==13.0.0
cat > "$work/exchange.py" <<'PY'
import io, sys
from PIL import Image, ImageDraw
from zebrafy import ZebrafyImage, ZebrafyZPL
from zplgrf import GRF

picture = Image.new("1", (104, 40), 1)
ImageDraw.Draw(picture).rectangle((10, 5, 50, 30), fill=0)
png = io.BytesIO()
picture.save(png, "PNG")

inline = ZebrafyImage(png.getvalue(), format="Z64", dither=False).to_zpl()
stored = GRF.from_image(png.getvalue(), "DEMO").to_zpl(compression=3)
own = (len(ZebrafyZPL(inline).to_images()), len(GRF.from_zpl(stored)))
print("each reads its own:", own)
found = GRF.from_zpl(inline)
print("zplgrf reads zebrafy's label:", found)
try:
    error = None
    ZebrafyZPL(stored).to_images()
except ValueError as raised:
    error = raised
print("zebrafy reads zplgrf's label:", type(error).__name__, error)
sys.exit(0 if own == (1, 1) and found == [] and error is not None else "the behaviour has changed")
PY
"$work/venv/bin/python" -W ignore "$work/exchange.py"
