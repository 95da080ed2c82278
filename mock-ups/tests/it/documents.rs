//! What `docs/mock-settings.md` says about settings and errors is so.

use std::path::{Path, PathBuf};

use mock_ups::Settings;
use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The cells of each row of each table.
fn rows() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(folder().join("../docs/mock-settings.md")).expect("a guide");
    let rows = text.lines().filter(|line| line.starts_with('|'));
    rows.map(|row| {
        row.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    })
    .collect()
}

#[test]
fn every_setting_is_documented_with_its_default() {
    let rows = rows();
    let settings = serde_json::to_value(Settings::default()).expect("JSON");
    for (name, default) in settings.as_object().expect("an object") {
        let row = rows.iter().find(|row| row[0] == format!("`{name}`"));
        let row = row.unwrap_or_else(|| panic!("{name} is not documented"));
        let is_none = default.is_null() || default.as_object().is_some_and(|map| map.is_empty());
        let expected = if is_none {
            "none".to_owned()
        } else {
            format!("`{default}`")
        };
        assert_eq!(row[1], expected, "{name}");
    }
}

fn sources(folder: &Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            all.push_str(&std::fs::read_to_string(&path).expect("text"));
        }
    }
}

#[test]
fn documented_errors_are_those_of_the_source() {
    let mut source = String::new();
    sources(&folder().join("src"), &mut source);
    let mut checked = 0;
    for row in rows() {
        let [_, code, text] = &row[..] else { continue };
        let Some(code) = code
            .strip_prefix('`')
            .and_then(|code| code.strip_suffix('`'))
        else {
            continue;
        };
        for quoted in [Value::from(code), Value::from(text.as_str())] {
            assert!(
                source.contains(&quoted.to_string()),
                "{quoted} is in no source"
            );
        }
        checked += 1;
    }
    assert!(checked > 50, "{checked}");
}
