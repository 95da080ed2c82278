#!/usr/bin/env bash
# py3dbp reports, for a parcel in one box, the position that it would have in another box.
#
# Package: py3dbp 1.1.2 (PyPI).
# Guess before the run: after packing two cubes of 4 into a box of 10 x 4 x 4, the second cube lies at (4, 0, 0),
# whether or not a second box is tried in the same run.
# Seen: alone the box has it at (4, 0, 0); with a box of 4 x 10 x 4 tried after it, the first box lists the cube at
#   (0, 4, 0), which is outside of it. All boxes share the item objects, and the last box that fits overwrites them.
# A packing list, or the sizes that are sent to a carrier's rating, made from any box but the last is wrong.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check py3dbp==1.1.2
cat > "$work/pack.py" <<'PY'
from py3dbp import Bin, Item, Packer

def second_cube(*boxes):
    packer = Packer()
    for name, *size in boxes:
        packer.add_bin(Bin(name, *size, 100))
    for name in ("first", "second"):
        packer.add_item(Item(name, 4, 4, 4, 1))
    packer.pack()
    wide = next(box for box in packer.bins if box.name == "wide")
    return [float(at) for item in wide.items if item.name == "second" for at in item.position]

alone = second_cube(("wide", 10, 4, 4))
beside = second_cube(("wide", 10, 4, 4), ("tall", 4, 10, 4))
print("second cube in the wide box, tried alone:      ", alone)
print("second cube in the wide box, tall box tried too:", beside)
raise SystemExit((alone, beside) != ([4, 0, 0], [0, 4, 0]))
PY
"$work/venv/bin/python" "$work/pack.py"
