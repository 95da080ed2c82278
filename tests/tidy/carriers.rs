//! The carriers: their pages in `docs/carriers` are made from the manifests, and nothing else of the gateway
//! knows one of them by name.
//!
//! After a change of a manifest, `WAYBILL_BLESS=1 cargo test -p tests --test tidy carriers` writes the pages anew.

mod page;
mod table;

use super::{assert_none, files, root};
use serde_json::Value;
use std::{fs, path::Path};

/// Ids, and words by which people know the carriers. UPS is where the gateway began: it is the default of the
/// command line, and many comments and tests name it.
const NAMES: [&str; 12] = [
    "amazon-shipping",
    "canada-post",
    "dhl",
    "dhl-express",
    "dhl-parcel-de",
    "dpd",
    "fedex",
    "gls",
    "purolator",
    "royal-mail",
    "static-header",
    "usps",
];

/// The manifest of each plugin in `plugins`, by its folder.
fn manifests() -> Vec<(String, Value)> {
    let found = files("manifest.json")
        .into_iter()
        .filter_map(|(path, text)| {
            let folder = path
                .strip_prefix("plugins/")?
                .strip_suffix("/manifest.json")?;
            let json = serde_json::from_str(&text);
            Some((folder.to_owned(), json.expect("a manifest is JSON")))
        });
    let mut found: Vec<(String, Value)> = found.collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

/// Writes a page when asked to.
fn bless(path: &Path, page: &str) {
    if std::env::var_os("WAYBILL_BLESS").is_some() {
        fs::create_dir_all(root().join("docs/carriers")).expect("the checkout can be written");
        fs::write(path, page).expect("the checkout can be written");
    }
}

/// Compares a page with what it should be.
fn published(file: &str, expected: &str) -> Option<String> {
    let path = root().join(file);
    bless(&path, expected);
    let have = fs::read_to_string(&path).unwrap_or_default();
    (have != expected)
        .then(|| format!("{file}: run WAYBILL_BLESS=1 cargo test -p tests --test tidy carriers"))
}

#[test]
fn carrier_pages_are_those_of_the_manifests() {
    let manifests = manifests();
    let mut offences: Vec<String> = manifests
        .iter()
        .filter_map(|(folder, manifest)| {
            let page = page::of(folder, manifest);
            published(&format!("docs/carriers/{folder}.md"), &page)
        })
        .collect();
    offences.extend(published("docs/carriers/README.md", &table::of(&manifests)));
    assert_none("pages of carriers", &offences);
}

#[test]
fn every_plugin_says_what_people_ask_first() {
    let mut offences = Vec::new();
    for (folder, manifest) in manifests() {
        for key in ["grant", "lifetime", "header", "quota"] {
            if !manifest["about"][key].is_string() {
                offences.push(format!("plugins/{folder}/manifest.json has no about.{key}"));
            }
        }
        let readme = fs::read_to_string(root().join(format!("plugins/{folder}/README.md")));
        let readme = readme.unwrap_or_default();
        for heading in [
            "## What to ask",
            "## Configuration",
            "## Limits",
            "## Guesses",
        ] {
            if !readme.contains(heading) {
                offences.push(format!("plugins/{folder}/README.md has no \"{heading}\""));
            }
        }
    }
    assert_none("what a plugin says about its carrier", &offences);
}

#[test]
fn gateway_knows_no_carrier_by_name() {
    let mut offences = Vec::new();
    for (path, text) in files(".rs") {
        let is_test = path
            .split('/')
            .any(|part| part == "tests" || part == "tests.rs");
        if !path.starts_with("gateway/") || is_test {
            continue;
        }
        let production = text.split("#[cfg(test)]").next().unwrap_or(&text);
        for (number, line) in production.lines().enumerate() {
            let code = line.split("//").next().unwrap_or(line).to_ascii_lowercase();
            let words: Vec<&str> = code
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                .collect();
            offences.extend(
                NAMES
                    .iter()
                    .filter(|name| words.contains(name))
                    .map(|name| format!("{path}:{}: {name}", number + 1)),
            );
        }
    }
    assert_none("carriers are plugins", &offences);
}
