//! UPS's error envelope: `{"response":{"errors":[{"code":"…","message":"…"}]}}`.

/// The envelope with one entry for each error, given as code and message.
pub(crate) fn envelope<'a>(errors: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut body = String::with_capacity(128);
    body.push_str(r#"{"response":{"errors":["#);
    for (index, (code, message)) in errors.enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(r#"{"code":"#);
        push_json_string(&mut body, code);
        body.push_str(r#","message":"#);
        push_json_string(&mut body, message);
        body.push('}');
    }
    body.push_str("]}}");
    body
}

/// Appends `text` as a JSON string.
pub(crate) fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            // Control characters are not allowed in JSON strings as they are.
            control if control < '\u{20}' => {
                out.push_str("\\u00");
                let code = control as u32;
                out.extend(
                    [
                        char::from_digit(code >> 4, 16),
                        char::from_digit(code & 15, 16),
                    ]
                    .into_iter()
                    .flatten(),
                );
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::envelope;

    #[test]
    fn envelope_with_hostile_text_stays_json() {
        let error = ("1\"", "a\\b\u{8}\nc");
        let value: serde_json::Value =
            serde_json::from_str(&envelope([error, error].into_iter())).expect("it is JSON");
        let entries = value["response"]["errors"].as_array().expect("an array");
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0]["code"], "1\"");
        assert_eq!(entries[1]["message"], "a\\b\u{8}\nc");
    }
}
