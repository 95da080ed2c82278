#!/usr/bin/env bash
# Two bar code readers give back a GS1-128 label without the mark that ends an element, so a ZIP code runs into a count.
#
# Packages: @zxing/library 0.23.0, rxing-wasm 0.5.7, @undecaf/zbar-wasm 0.11.0, @ericblade/quagga2 1.12.1,
# bwip-js 4.11.4, pngjs 7.0.0 (npm), zxing-cpp 3.1.1, pillow 13.0.0 (PyPI).
# Guess before the run: FNC1 after an element of variable length is reported as the character GS (1D), as GS1 asks.
# Seen, for an SSCC, the ship-to ZIP code 10036 and 5 pieces, with <GS> for that character:
#   zxing-cpp, zbar-wasm            0010614141123456789742010036<GS>375
#   quagga2                         <GS>0010614141123456789742010036<GS>375
#   @zxing/library, rxing           0010614141123456789742010036375
#   @zxing/library, ASSUME_GS1      ]C10010614141123456789742010036<GS>375
# The same @zxing/library keeps the mark in a GS1 Data Matrix, with a further one at the start. A parser that gets the
# third line reads the ship-to code 10036375, without an error. A test with one SSCC, or with elements of fixed length
# only, passes. With @zxing/library, set the hint and remove the prefix.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check zxing-cpp==3.1.1 pillow==13.0.0
npm install --silent --no-fund --no-audit --prefix "$work" @zxing/library@0.23.0 rxing-wasm@0.5.7 \
  @undecaf/zbar-wasm@0.11.0 @ericblade/quagga2@1.12.1 bwip-js@4.11.4 pngjs@7.0.0 > /dev/null
cat > "$work/read.mjs" <<'JS'
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import bwipjs from "bwip-js";
import { PNG } from "pngjs";
import Quagga from "@ericblade/quagga2";
import { scanImageData } from "@undecaf/zbar-wasm";
import * as rxing from "./node_modules/rxing-wasm/node-esm.js";
const zxing = createRequire(import.meta.url)("@zxing/library");

const border = { scale: 3, height: 20, paddingwidth: 20, paddingheight: 20, backgroundcolor: "FFFFFF" };
const draw = async (bcid, text) => {
  const png = await bwipjs.toBuffer({ bcid, text, ...border });
  writeFileSync(`${bcid}.png`, png);
  const { width, height, data } = PNG.sync.read(png);
  return { width, height, data, grey: Uint8ClampedArray.from({ length: width * height }, (_, at) => data[4 * at]) };
};
const read = ({ grey, width, height }, hints) => {
  const source = new zxing.RGBLuminanceSource(grey, width, height);
  const bitmap = new zxing.BinaryBitmap(new zxing.HybridBinarizer(source));
  return new zxing.MultiFormatReader().decode(bitmap, new Map(hints)).getText();
};
const say = (reader, text) => console.log(`${reader}: ${text.replaceAll("\x1d", "<GS>")}`);

const label = await draw("gs1-128", "(00)106141411234567897(420)10036(37)5");
say("@zxing/library", read(label, []));
say("@zxing/library, ASSUME_GS1", read(label, [[zxing.DecodeHintType.ASSUME_GS1, true]]));
say("rxing", rxing.decode_barcode(new Uint8Array(label.grey), label.width, label.height, true, false).text());
say("zbar-wasm", (await scanImageData(label))[0].decode());
const src = `data:image/png;base64,${readFileSync("gs1-128.png").toString("base64")}`;
const settings = { src, numOfWorkers: 0, inputStream: { size: 0 }, locate: false, decoder: { readers: ["code_128_reader"] } };
await new Promise((done) => Quagga.decodeSingle(settings, (found) => done(say("quagga2", found.codeResult.code))));
const matrix = await draw("gs1datamatrix", "(01)09521234543213(10)LOT1(420)10036");
say("@zxing/library, Data Matrix", read(matrix, []));
process.exit(0);
JS
cd "$work"
{
  node read.mjs 2> log || { tail -n 3 log >&2; exit 1; }
  venv/bin/python -c 'import zxingcpp; from PIL import Image
found = zxingcpp.read_barcodes(Image.open("gs1-128.png"))[0].bytes
print("zxing-cpp:", found.decode().replace(chr(29), "<GS>"))'
} | tee seen
diff seen - <<'TXT' || { echo "the behaviour has changed" >&2; exit 1; }
@zxing/library: 0010614141123456789742010036375
@zxing/library, ASSUME_GS1: ]C10010614141123456789742010036<GS>375
rxing: 0010614141123456789742010036375
zbar-wasm: 0010614141123456789742010036<GS>375
quagga2: <GS>0010614141123456789742010036<GS>375
@zxing/library, Data Matrix: <GS>010952123454321310LOT1<GS>42010036
zxing-cpp: 0010614141123456789742010036<GS>375
TXT
