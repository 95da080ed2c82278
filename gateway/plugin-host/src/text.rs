//! Text that came from a plugin, made fit for logs and messages.

/// At most `max` characters, without control characters (line breaks become spaces), so that nothing
/// can forge a log line or move a terminal's cursor.
pub(crate) fn clean(text: &str, max: usize) -> String {
    let mut out: String = text
        .chars()
        .take(max)
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        // Bidirectional controls could make a log line read as its opposite.
        .filter(|c| !c.is_control() && !is_format(*c))
        .collect();
    // Said by a sign, so that nobody takes a part for the whole.
    if text.chars().nth(max).is_some() {
        out.push('…');
    }
    out
}

/// A code for metrics: short, and of few characters.
pub(crate) fn code(bytes: &[u8]) -> String {
    let fits = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let code: Vec<u8> = bytes.iter().copied().filter(fits).take(64).collect();
    match String::from_utf8(code) {
        Ok(code) if !code.is_empty() => code,
        Ok(_) | Err(_) => "unspecified".into(),
    }
}

/// Characters that change how the text around them is shown: bidirectional controls, zero widths.
const fn is_format(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_text_has_one_line_and_a_bound() {
        assert_eq!(clean("a\r\nb\u{1b}[31m\u{202e}c", 80), "a  b[31mc");
        assert_eq!(clean(&"x".repeat(100), 3), "xxx…");
    }

    #[test]
    fn code_of_junk_is_unspecified() {
        assert_eq!(code(b"10401"), "10401");
        assert_eq!(code("\n\u{202e}".as_bytes()), "unspecified");
    }
}
