#!/usr/bin/env bash
# zpl-renderer-js draws a ZPL label as if ^PO, ^PM, ^LS and ^LT were not there.
#
# Package: zpl-renderer-js 3.4.0 (npm).
# Guess before the run: ^POI turns the whole label by 180 degrees, as carriers send it for printers that feed the
# label head first; ^PMY mirrors it, ^LS and ^LT move it, ^LH moves the home position.
# Seen: only ^LH has an effect. The pictures with ^POI, ^PMY, ^LS100 and ^LT50 are equal to the one without, byte for byte.
# A preview made with this renderer looks upright although the printer turns the label, and a label that is moved off
# its stock by ^LS or ^LT looks complete.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-fund --no-audit --prefix "$work" zpl-renderer-js@3.4.0 > /dev/null
cat > "$work/draw.mjs" <<'JS'
import { ready } from "zpl-renderer-js";

const { api } = await ready;
const draw = (command) =>
  api.zplToBase64Async(`^XA${command}^FO60,40^A0N,40,40^FDFIRST LINE^FS^FO60,160^GB200,80,8^FS^XZ`, 101.6, 152.4, 8);
const plain = await draw("");
const expected = { "^POI": true, "^PMY": true, "^LS100": true, "^LT50": true, "^LH100,100": false };
let changed = false;
for (const [command, same] of Object.entries(expected)) {
  const equal = (await draw(command)) === plain;
  console.log(command.padEnd(12), equal ? "same picture as without it" : "another picture");
  changed ||= equal !== same;
}
process.exit(changed ? 1 : 0);
JS
cd "$work" && node draw.mjs
