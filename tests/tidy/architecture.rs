//! What the documents say must exist.

use super::{assert_none, files, root};

/// Inline code that looks like a path of this tree.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split('`').skip(1).step_by(2);
    code.filter(|word| {
        let tops = [
            "gateway/",
            "plugins/",
            "mock-carrier/",
            "mock-ups/",
            "tests/",
            "benches/",
            "examples/",
            "xtask/",
            "packaging/",
            "docs/",
            ".ci/",
        ];
        // `acme` is the plugin that the author's guide has its reader write.
        let example = word.contains("/acme/");
        let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
        !example && tops.iter().any(|top| word.starts_with(top)) && word.chars().all(plain)
    })
}

#[test]
fn documents_name_only_paths_that_exist() {
    let mut offences = Vec::new();
    for (file, text) in files(".md") {
        let missing = paths(&text).filter(|path| !root().join(path).exists());
        offences.extend(missing.map(|path| format!("{file} names {path}")));
    }
    assert_none("paths in documents", &offences);
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut offences = Vec::new();
    for (file, text) in files(".md") {
        let folder = root()
            .join(&file)
            .parent()
            .expect("a file has a folder")
            .to_owned();
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let path = target.split('#').next().unwrap_or_default();
            let external =
                target.contains("://") || target.starts_with("mailto:") || path.is_empty();
            if !external && !folder.join(path).exists() {
                offences.push(format!("{file} links to {target}"));
            }
        }
    }
    assert_none("links in documents", &offences);
}

#[test]
fn architecture_is_short_enough_to_be_read() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    assert!(
        text.lines().count() <= 300,
        "ARCHITECTURE.md: at most 300 lines"
    );
    assert!(
        paths(&text).count() > 20,
        "ARCHITECTURE.md is the map of the code"
    );
}
