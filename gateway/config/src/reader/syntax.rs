//! What to write instead of a line that is not TOML.

/// A fix for the line that holds the offset. It names the line's key, never its value: that may be
/// a secret.
pub(super) fn fix(text: &str, offset: usize) -> String {
    // The parser may point behind the end.
    let bytes = text.as_bytes();
    let offset = offset.min(bytes.len());
    let (before, after) = bytes.split_at(offset);
    let start = before
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    let end = after.iter().position(|b| *b == b'\n');
    let end = end.map_or(bytes.len(), |at| offset + at);
    let line = text.get(start..end).unwrap_or_default();
    match line.split_once('=') {
        // The key is repeated in the fix only if it looks like one, as a broken line may begin with a value.
        Some((key, value)) if is_key(key.trim()) && has_bare_text(value) => {
            format!("put text in quotes, as in {} = \"…\"", key.trim())
        }
        Some(_) | None => "correct the syntax first".to_owned(),
    }
}

fn is_key(key: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    (1..=64).contains(&key.len()) && key.bytes().all(allowed)
}

/// Whether a word stands outside of quotes that is neither a number nor `true` nor `false`.
fn has_bare_text(value: &str) -> bool {
    let mut bare = String::new();
    let mut quote = None;
    for c in value.chars() {
        match (quote, c) {
            // A hash outside of quotes begins a comment.
            (None, '#') => break,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            // A word before this is the key of an inline table.
            (None, '=') => {
                bare = bare
                    .rsplit_once([',', '{'])
                    .map_or_else(String::new, |(kept, _)| format!("{kept},"))
            }
            (None, _) => bare.push(c),
        }
    }
    let words = bare.split([',', '[', ']', '{', '}']).map(str::trim);
    words.filter(|word| !word.is_empty()).any(|word| {
        // Underscores may part digits in TOML.
        let number = word.replace('_', "").parse::<f64>().is_ok();
        !number && !matches!(word, "true" | "false")
    })
}

#[cfg(test)]
mod tests {
    use super::fix;

    #[test]
    fn text_without_quotes_is_told_from_other_mistakes() {
        for line in [
            "apps = 127.0.0.1:0",
            "apps = 2026-01-01",
            "name = main",
            "accounts = [main, \"second\"]",
            "client_secret = { env = UPS_SECRET }",
            "margin = 5s # after a comment",
        ] {
            let text = format!("[listen]\n{line}\n[log]\n");
            let key = line.split(' ').next().expect("a key");
            let fix = fix(&text, 12);
            assert_eq!(
                fix,
                format!("put text in quotes, as in {key} = \"…\""),
                "{line}"
            );
        }
        for line in [
            "apps = \"127.0.0.1:0",
            "count = 1_000, 3",
            "strict = true,",
            "accounts = [\"main\" \"second\"]",
            "client_secret = { env = \"A\" ",
            "= planted",
            "planted planted",
        ] {
            let text = format!("[listen]\n{line}\n[log]\n");
            assert_eq!(fix(&text, 12), "correct the syntax first", "{line}");
        }
    }
}
