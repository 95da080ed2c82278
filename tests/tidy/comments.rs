//! Rules about comments: a comment says what it means.

use super::{assert_none, files};

/// References that send the reader elsewhere.
const REFERENCES: &[&str] = &["see the module", "as above", "see above"];

/// Names of standards and products that look like codes.
const NAMES: &[&str] = &["C99"];

/// Each comment line of the project's Rust files: where it is, and its text.
fn comments() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, text) in files(".rs") {
        for (number, line) in text.lines().enumerate() {
            // A URL in a string is no comment.
            let comment = line.find("//").filter(|at| !line[..*at].ends_with(':'));
            if let Some(at) = comment {
                let comment = line[at..].trim_start_matches(['/', '!', ' ']);
                found.push((format!("{path}:{}", number + 1), comment.to_owned()));
            }
        }
    }
    found
}

/// One or two capital letters with one or two digits behind them, such as a row of a list that the project
/// does not contain.
fn is_code(word: &str) -> bool {
    let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = &word[letters..];
    (1..=2).contains(&letters)
        && (1..=2).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !NAMES.contains(&word)
}

#[test]
fn comments_send_nobody_elsewhere() {
    let offences: Vec<_> = comments()
        .iter()
        .filter(|(_, text)| {
            let text = text.to_lowercase();
            REFERENCES.iter().any(|reference| text.contains(reference))
        })
        .map(|(place, text)| format!("{place}: {text}"))
        .collect();
    assert_none("say it here instead", &offences);
}

#[test]
fn comments_hold_no_codes() {
    let mut offences = Vec::new();
    for (place, text) in comments() {
        // Code in back quotes may have such names, and so may an example in a string.
        let prose: String = text.split('`').step_by(2).collect();
        let words = prose.split(|c: char| !c.is_ascii_alphanumeric());
        let codes: Vec<_> = words.filter(|word| is_code(word)).collect();
        if !codes.is_empty() {
            offences.push(format!("{place}: {}", codes.join(", ")));
        }
    }
    assert_none("say what the code means", &offences);
}

#[test]
fn property_tests_have_one_configuration() {
    let block = concat!("proptest", "! {");
    let own = concat!("Proptest", "Config");
    let mut offences = Vec::new();
    for (path, text) in files(".rs") {
        let blocks = text.matches(&format!("\n{block}")).count();
        let configured = text.matches("tests_kit::properties(").count();
        if blocks > configured || text.contains(own) {
            offences.push(format!(
                "{path}: use #![proptest_config(tests_kit::properties(CASES))]"
            ));
        }
    }
    assert_none("fresh seeds, and failures that are kept", &offences);
}
