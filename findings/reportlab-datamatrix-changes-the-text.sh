#!/usr/bin/env bash
# ReportLab's Data Matrix adds a NUL to the number of an international parcel, and turns a colon into "^".
#
# Packages: reportlab 5.1.0, ppf-datamatrix 0.2, pyStrich 0.20, zxing-cpp 3.1.1, pillow 13.0.0 (PyPI).
# Guess before the run: each symbol is read back as the text that it was made of, or the text is refused. (The class
# says that it draws one size only, in the encoding C40, as Royal Mail wants it; C40 can hold all of ASCII.)
# Seen, with \0 for NUL:
#                                        reportlab                 ppf-datamatrix, pyStrich
#   RB123456785GB (13 characters)        RB123456785GB\0           as given
#   JJD0003900078276 (16)                JJD0003900078276\0        as given
#   1Z999AA10123456784 (18)              as given                  as given
#   PO BOX 1                             as given                  as given
#   HTTPS://EXAMPLE.ORG/R/1234           HTTPS^//EXAMPLE.ORG/R/1234
#   [)>␞01␝96 (a carrier's header)       not found by the reader   as given
# C40 packs three values into two bytes. If one value is left over, reportlab adds two zeros, and these two are the
# character NUL; so a text in three is longer than it was, invisibly. For the marks from ":" to "@" it uses the values
# of other marks. No error is raised. Royal Mail's own text is padded to a fixed length and has none of those marks.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  reportlab==5.1.0 ppf-datamatrix==0.2 pyStrich==0.20 zxing-cpp==3.1.1 pillow==13.0.0
cat > "$work/symbols.py" <<'PY'
import io
import zxingcpp
from PIL import Image
from ppf.datamatrix import DataMatrix
from pystrich.datamatrix import DataMatrixEncoder
from reportlab.graphics.barcode.ecc200datamatrix import ECC200DataMatrix

def picture(rows):
    symbol = Image.new("L", (len(rows[0]) + 4, len(rows) + 4), 255)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            symbol.putpixel((x + 2, y + 2), 0 if dark else 255)
    return symbol.resize((symbol.width * 6, symbol.height * 6), Image.Resampling.NEAREST)

def reportlab(text):
    symbol = ECC200DataMatrix(text)
    symbol.validate()
    symbol.encode()
    return picture(symbol.encoded)

def pystrich(text):
    return Image.open(io.BytesIO(DataMatrixEncoder(text).get_imagedata(cellsize=6))).convert("L")

def read(symbol):
    found = zxingcpp.read_barcodes(symbol)
    return found[0].bytes.decode() if found else None

for text in ("RB123456785GB", "JJD0003900078276", "1Z999AA10123456784", "PO BOX 1", "HTTPS://EXAMPLE.ORG/R/1234",
             "[)>\x1e01\x1d96"):
    others = {read(picture(DataMatrix(text).matrix)), read(pystrich(text))}
    print(ascii(text), "reportlab:", ascii(read(reportlab(text))), "others as given:", others == {text})
PY
cd "$work"
venv/bin/python -W ignore symbols.py | tee seen
cat > expected <<'TXT'
'RB123456785GB' reportlab: 'RB123456785GB\x00' others as given: True
'JJD0003900078276' reportlab: 'JJD0003900078276\x00' others as given: True
'1Z999AA10123456784' reportlab: '1Z999AA10123456784' others as given: True
'PO BOX 1' reportlab: 'PO BOX 1' others as given: True
'HTTPS://EXAMPLE.ORG/R/1234' reportlab: 'HTTPS^//EXAMPLE.ORG/R/1234' others as given: True
'[)>\x1e01\x1d96' reportlab: None others as given: True
TXT
cmp -s seen expected || { echo "the behaviour has changed" >&2; exit 1; }
