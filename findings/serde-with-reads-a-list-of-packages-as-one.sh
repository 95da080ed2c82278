#!/usr/bin/env bash
# serde_with's OneOrMany reads a list of two packages as one empty package, without an error.
#
# Crates: serde_with 3.25.0, serde 1.0.229, serde_json 1.0.154 (crates.io).
# Carriers' JSON often has "Package": {…} for one and "Package": [{…}, {…}] for several, and OneOrMany is made for that.
# Guess before the run: a list gives as many packages as it has elements.
# Seen, if every member of the type is optional (as in types that are generated from a carrier's OpenAPI file):
#   {"Packaging":{"Code":"02"}}                                   -> 1 package, code "02"
#   [{"Packaging":{"Code":"02"}},{"Packaging":{"Code":"03"}}]     -> 1 package, no code
# OneOrMany tries "one" first. serde lets a struct be read from a list, member by member in their order, so the first
# package becomes the member Packaging of a single package; its own members are unknown there and are ignored. The shop
# gets a price for one empty package. With deny_unknown_fields, or with a required member, the list is read as two.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
cat > "$work/Cargo.toml" <<'TOML'
[package]
name = "one-or-many"
version = "0.0.0"
edition = "2021"

[dependencies]
serde = { version = "=1.0.229", features = ["derive"] }
serde_json = "=1.0.154"
serde_with = { version = "=3.25.0", default-features = false, features = ["std", "macros"] }
TOML
cat > "$work/src/main.rs" <<'RS'
use serde::Deserialize;
use serde_with::{formats::PreferOne, serde_as, OneOrMany};

#[serde_as]
#[derive(Deserialize)]
struct Shipment {
    #[serde(rename = "Package")]
    #[serde_as(as = "OneOrMany<_, PreferOne>")]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[derive(Default)]
struct Package {
    packaging: Option<Coded>,
    weight: Option<Coded>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Coded {
    code: Option<String>,
}

fn main() {
    let one = r#"{"Package":{"Packaging":{"Code":"02"}}}"#;
    let two = r#"{"Package":[{"Packaging":{"Code":"02"}},{"Packaging":{"Code":"03"}}]}"#;
    for text in [one, two] {
        let shipment: Shipment = serde_json::from_str(text).expect("valid JSON");
        let codes: Vec<Option<&str>> = shipment
            .packages
            .iter()
            .map(|package| package.packaging.as_ref()?.code.as_deref())
            .collect();
        println!("{} package(s), codes {codes:?}, weights {}", codes.len(),
            shipment.packages.iter().filter(|package| package.weight.is_some()).count());
    }
}
RS
cd "$work"
CARGO_TARGET_DIR="$work/target" cargo run --quiet > seen
cat seen
cat > expected <<'TXT'
1 package(s), codes [Some("02")], weights 0
1 package(s), codes [None], weights 1
TXT
cmp -s seen expected || { echo "the behaviour has changed" >&2; exit 1; }
