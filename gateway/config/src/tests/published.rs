//! What is published about the configuration agrees with the reader.
//!
//! After a change of a key, `WAYBILL_BLESS=1 cargo test -p gateway-config` writes the files anew.

use crate::{description::Preset, sections::SECTIONS};
use std::{fs, path::Path};

const BEGIN: &str = "<!-- keys: begin (made from gateway/config/src/sections) -->\n";
const END: &str = "<!-- keys: end -->\n";

/// Compares, or writes when asked to.
#[track_caller]
fn published(file: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("WAYBILL_BLESS").is_some() {
        fs::write(&path, expected).expect("the checkout can be written");
    }
    let have = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        have == expected,
        "{file} is out of date: run WAYBILL_BLESS=1 cargo test -p gateway-config"
    );
}

#[test]
fn schema_file_is_the_programs_schema() {
    let schema = serde_json::to_string_pretty(&crate::json_schema()).expect("JSON");
    published("waybill.schema.json", &format!("{schema}\n"));
}

#[test]
fn documentation_lists_the_programs_keys() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let text = fs::read_to_string(path).expect("docs/configuration.md exists");
    let (before, rest) = text.split_once(BEGIN).expect("the begin mark");
    let (_, after) = rest.split_once(END).expect("the end mark");
    let expected = format!("{before}{BEGIN}\n{}{END}{after}", crate::reference());
    published("../../docs/configuration.md", &expected);
}

/// Each preset goes through the same reader as a value in a file.
#[test]
fn presets_are_values_that_the_reader_takes() {
    for section in SECTIONS.iter().filter(|section| !section.repeated) {
        for key in section.keys {
            let value = match key.preset {
                Preset::Bool(value) => value.to_string(),
                Preset::Integer(value) => value.to_string(),
                Preset::Fraction(value) => value.to_string(),
                Preset::Text(value) => format!("{value:?}"),
                Preset::Required | Preset::Unset(_) => continue,
            };
            super::World::new(&format!("[{}]\n{} = {value}\n", section.path, key.name)).config();
        }
    }
}
