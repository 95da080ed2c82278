#!/usr/bin/env bash
# A parcel of exactly one pound is billed as 17 ounces: two libraries of units rounded the ounce and the pound apart, and
# carriers round weights up.
#
# Packages: js-quantities 1.8.0 (npm) and uom 0.38.0 (crates.io).
# Guess before the run: a pound is 16 ounces, but for the last digit of a floating-point number.
# Seen, in ounces:
#   pounds   js-quantities          rounded up   uom                    rounded up
#   1        16.000000014109585     17           16.000002821917267     17
#   5        80.00000007054793      81           80.00001410958633      81
#   150      2400.0000021164374     2401         2400.0004232875904     2401
# js-quantities has 0.45359237 kg for the pound, which is exact, and 0.0283495231 kg for the ounce; uom has
# 0.4535924 kg and 0.02834952 kg. The other way 16 ounces are less than a pound, so a test of "at most one pound" passes
# and hides it. Round to a thousandth before you round up, or count ounces as whole numbers.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund js-quantities@1.8.0 >/dev/null
cat > weigh.cjs <<'JS'
const Qty = require("js-quantities");
for (const pounds of [1, 5, 150]) {
  const ounces = Qty(pounds, "lb").to("oz").scalar;
  console.log(`js-quantities: ${pounds} lb = ${ounces} oz, rounded up ${Math.ceil(ounces)}`);
}
JS
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"
[dependencies]
uom = "=0.38.0"
TOML
cat > src/main.rs <<'RS'
use uom::si::{f64::Mass, mass::{ounce, pound}};

fn main() {
    for pounds in [1.0, 5.0, 150.0] {
        let ounces = Mass::new::<pound>(pounds).get::<ounce>();
        println!("uom: {pounds} lb = {ounces} oz, rounded up {}", ounces.ceil());
    }
}
RS
{ node weigh.cjs; cargo run --quiet; } | tee seen
[ "$(grep -cE ' (1 lb .* 17|5 lb .* 81|150 lb .* 2401)$' seen)" = 6 ] || { echo "the behaviour has changed" >&2; exit 1; }
