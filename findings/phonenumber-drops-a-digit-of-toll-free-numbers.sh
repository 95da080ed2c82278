#!/usr/bin/env bash
# The crate phonenumber drops a digit of 1-800-GO-FEDEX, and of toll-free numbers in Russia, Kazakhstan and Belarus.
#
# Crate: phonenumber 0.3.10 (crates.io), with phonenumbers 9.0.43 beside it (PyPI).
# Guess before the run: the crate, a port of Google's library, makes the same E.164 number of a typed one as the port
# for Python does, digit by digit; carriers want the receiver's number in this form or in digits only.
# Seen:
#                              phonenumber     phonenumbers
#   US  1-800-GO-FEDEX         +1800463333     +18004633339
#   US  1-800-PICK-UPS         +18007425877    +18007425877
#   RU  8 (800) 123-45-67      +7001234567     +78001234567
#   KZ  8 (800) 123-45-67      +7001234567     +78001234567
#   BY  8 801 123 4567         +375011234567   +3758011234567
#   RW  250 123 456            +250123456      +250250123456
#   RU  8 (495) 123-45-67      +74951234567    +74951234567
# All but the first two and the last are examples of the libraries' own tables. The X at the end is taken for the mark
# of an extension that has no digits. The prefix 8 for calls within a country is taken away twice, and in Rwanda the
# first digits are taken for the code of the country. parse() gives Ok for all of them; is_valid() is false for the
# wrong ones. Call it before a number goes on a label.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
cat > "$work/Cargo.toml" <<'TOML'
[package]
name = "typed"
version = "0.0.0"
edition = "2024"

[dependencies]
phonenumber = "=0.3.10"

[profile.dev]
debug = false

[workspace]
TOML
cat > "$work/src/main.rs" <<'RS'
use phonenumber::Mode;

fn main() {
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (country, typed) = line.split_once(' ').unwrap();
        let number = phonenumber::parse(country.parse().ok(), typed).unwrap();
        println!("{country} {typed}: {} {}", number.format().mode(Mode::E164), number.is_valid());
    }
}
RS
cat > "$work/typed.py" <<'PY'
import sys
import phonenumbers

for line in sys.stdin:
    country, typed = line.rstrip("\n").split(" ", 1)
    number = phonenumbers.parse(typed, country)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    print(f"{country} {typed}: {e164} {str(phonenumbers.is_valid_number(number)).lower()}")
PY
cat > "$work/numbers" <<'TXT'
US 1-800-GO-FEDEX
US 1-800-PICK-UPS
RU 8 (800) 123-45-67
KZ 8 (800) 123-45-67
BY 8 801 123 4567
RW 250 123 456
RU 8 (495) 123-45-67
TXT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check phonenumbers==9.0.43
export CARGO_TARGET_DIR="$work/target"
cargo build --quiet
{ target/debug/typed < numbers; echo "Python:"; venv/bin/python typed.py < numbers; } | tee seen
cat > expected <<'TXT'
US 1-800-GO-FEDEX: +1800463333 false
US 1-800-PICK-UPS: +18007425877 true
RU 8 (800) 123-45-67: +7001234567 false
KZ 8 (800) 123-45-67: +7001234567 false
BY 8 801 123 4567: +375011234567 false
RW 250 123 456: +250123456 false
RU 8 (495) 123-45-67: +74951234567 true
Python:
US 1-800-GO-FEDEX: +18004633339 true
US 1-800-PICK-UPS: +18007425877 true
RU 8 (800) 123-45-67: +78001234567 true
KZ 8 (800) 123-45-67: +78001234567 true
BY 8 801 123 4567: +3758011234567 true
RW 250 123 456: +250250123456 true
RU 8 (495) 123-45-67: +74951234567 true
TXT
cmp -s seen expected || { echo "the behaviour has changed" >&2; exit 1; }
