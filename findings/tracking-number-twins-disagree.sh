#!/usr/bin/env bash
# The Python and the JavaScript package that share one table of tracking numbers give back different numbers.
#
# Packages: tracking-numbers 0.1.8 (PyPI), ts-tracking-number 1.0.17 (npm); both use the same public table of carriers.
# Guess before the run: what a person types (blanks between groups, small letters) is brought to one spelling by both.
# Seen: both accept blanks and refuse small letters. The npm package strips the blanks, the Python package returns them:
#   "1Z 999 AA1 01 2345 6784"  Python "1Z 999 AA1 01 2345 6784"  npm "1Z999AA10123456784"
#   "1z999aa10123456784"       Python none                       npm none
# A database that takes its key from the Python package holds one parcel under two keys, and a number from an
# e-mail in small letters is not recognised. Normalise before you call either of them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tracking-numbers==0.1.8
npm install --silent --no-fund --no-audit --prefix "$work" ts-tracking-number@1.0.17 > /dev/null
cat > "$work/numbers.py" <<'PY'
from tracking_numbers import get_tracking_number
for text in ("1Z999AA10123456784", "1Z 999 AA1 01 2345 6784", "1z999aa10123456784"):
    found = get_tracking_number(text)
    print("python", repr(text), repr(found.number) if found else "none")
PY
cat > "$work/numbers.mjs" <<'JS'
import { getTracking } from "ts-tracking-number";
for (const text of ["1Z999AA10123456784", "1Z 999 AA1 01 2345 6784", "1z999aa10123456784"]) {
  const found = getTracking(text);
  console.log("npm", `'${text}'`, found ? `'${found.trackingNumber}'` : "none");
}
JS
cd "$work"
{ "$work/venv/bin/python" -W ignore numbers.py; node numbers.mjs; } | tee seen
cat > expected <<'TXT'
python '1Z999AA10123456784' '1Z999AA10123456784'
python '1Z 999 AA1 01 2345 6784' '1Z 999 AA1 01 2345 6784'
python '1z999aa10123456784' none
npm '1Z999AA10123456784' '1Z999AA10123456784'
npm '1Z 999 AA1 01 2345 6784' '1Z999AA10123456784'
npm '1z999aa10123456784' none
TXT
cmp -s seen expected || { echo "the behaviour has changed" >&2; exit 1; }
