//! The shape of CHANGELOG.md: per release, who is affected and what to do.

#[test]
fn changelog_names_this_version_first() {
    let text = std::fs::read_to_string(super::root().join("CHANGELOG.md")).expect("CHANGELOG.md");
    let first = text
        .lines()
        .find_map(|line| line.strip_prefix("## "))
        .expect("a release");
    let version = env!("CARGO_PKG_VERSION");
    assert!(
        first.starts_with("Unreleased") || first.starts_with(version),
        "{first:?} is not {version}"
    );
}

#[test]
fn changelog_breaking_changes_say_what_to_do() {
    let text = std::fs::read_to_string(super::root().join("CHANGELOG.md")).expect("CHANGELOG.md");
    for section in text.split("### Breaking").skip(1) {
        let section = section.split("\n#").next().unwrap_or(section);
        assert!(
            section.contains("Do this:"),
            "a breaking change without \"Do this:\": {section}"
        );
    }
}
