//! Leaves secrets out of what the journal copies.

use http::{HeaderMap, header};

/// Form and query names whose values are secret.
// The licence number of the old access keys is a secret, too.
const SECRET_NAMES: [&str; 9] = [
    "client_secret",
    "password",
    "code",
    "code_verifier",
    "refresh_token",
    "access_token",
    "ticket",
    "accesslicensenumber",
    "token",
];
/// JSON members whose string values are secret, in lower case.
const SECRET_MEMBERS: [&str; 7] = [
    "password",
    "accesslicensenumber",
    "client_secret",
    "access_token",
    "refresh_token",
    "code_verifier",
    "authorization",
];
const HIDDEN: &str = "***";
const VALUE_KEPT: usize = 256;
const HEAD_KEPT: usize = 4_096;

/// Whether a body sent to this path is a form with credentials.
pub(super) fn holds_form_secrets(path: &str) -> bool {
    path.contains("/oauth/") || path.starts_with(crate::endpoint::LOGIN_PATH)
}

/// Appends a form or query with its secret values hidden.
pub(super) fn push_form(out: &mut String, encoded: &str) {
    for (index, pair) in encoded.split('&').enumerate() {
        if index > 0 {
            out.push('&');
        }
        match pair.split_once('=') {
            Some((name, _)) if is_secret_name(name) => {
                out.push_str(name);
                out.push('=');
                out.push_str(HIDDEN);
            }
            _ => out.push_str(pair),
        }
    }
}

fn is_secret_name(name: &str) -> bool {
    // Decoded, or `%63ode=` would slip past.
    let decoded = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    SECRET_NAMES
        .iter()
        .any(|secret| decoded.trim().eq_ignore_ascii_case(secret))
}

/// Header fields whose values are secret, beside `Authorization`.
fn is_secret_field(name: &str) -> bool {
    matches!(
        name,
        "cookie"
            | "proxy-authorization"
            // Old access keys came as three headers.
            | "accesslicensenumber"
            | "username"
            | "password"
            | "x-api-key"
            | "waybill-key"
    )
}

/// Appends the head, a line per field, as bytes: on the path of every call. The bearer is named by
/// its serial.
pub(super) fn push_head(out: &mut Vec<u8>, headers: &HeaderMap, token: u64) {
    // Bounded: headers are text from outside.
    for (name, value) in headers {
        if out.len() > HEAD_KEPT {
            out.extend_from_slice(b"...\n");
            return;
        }
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        if name == header::AUTHORIZATION {
            push_authorization(out, value.as_bytes(), token);
        } else if is_secret_field(name.as_str()) {
            out.extend_from_slice(HIDDEN.as_bytes());
        } else {
            out.extend_from_slice(&value.as_bytes()[..value.len().min(VALUE_KEPT)]);
        }
        out.push(b'\n');
    }
}

/// The scheme, if it is a known one: of anything else even the first word may be the secret.
fn push_authorization(out: &mut Vec<u8>, value: &[u8], token: u64) {
    let begins_with = |scheme: &[u8]| {
        value
            .get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    if begins_with(b"bearer ") {
        out.extend_from_slice(b"Bearer ");
        if token > 0 {
            // Of a token that the mock knows the serial says more than stars.
            out.extend_from_slice(b"token#");
            push_decimal(out, token);
            return;
        }
    } else if begins_with(b"basic ") {
        out.extend_from_slice(b"Basic ");
    }
    out.extend_from_slice(HIDDEN.as_bytes());
}

fn push_decimal(out: &mut Vec<u8>, mut number: u64) {
    let begin = out.len();
    loop {
        out.push(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out[begin..].reverse();
}

/// JSON text with the string values of secret members hidden. Works on broken and cut JSON too: it
/// looks for `"name"`, a colon and a string.
pub(super) fn json_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let (before, string) = rest.split_at(start);
        out.push_str(before);
        let length = string_length(string);
        let (name, after) = string.split_at(length);
        out.push_str(name);
        rest = after;
        if is_secret_member(name) {
            // A member's name is followed by a colon; a value with the same text is not.
            let value_at = rest.len() - rest.trim_start_matches([' ', ':', '\n', '\r', '\t']).len();
            let (between, value) = rest.split_at(value_at);
            if between.contains(':') && value.starts_with('"') {
                out.push_str(between);
                // The length is hidden as well.
                out.push_str("\"***\"");
                rest = &value[string_length(value)..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn is_secret_member(quoted: &str) -> bool {
    let name = quoted.trim_matches('"');
    SECRET_MEMBERS
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret))
}

/// The length of the JSON string at the start of `text`, its quotes included; all of it if it does
/// not end.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    // A string that is cut off is hidden to its end.
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{json_text, push_form, push_head};
    use http::HeaderMap;

    #[test]
    fn form_with_secrets_keeps_names_only() {
        let mut out = String::new();
        push_form(
            &mut out,
            "grant_type=refresh_token&refresh_token=S1&client%5Fsecret=S2&code=S3",
        );
        assert_eq!(
            out,
            "grant_type=refresh_token&refresh_token=***&client%5Fsecret=***&code=***"
        );
    }

    #[test]
    fn json_with_legacy_credentials_hides_them_even_when_cut() {
        let text =
            r#"{"UsernameToken":{"Username":"u","Password" : "S\"1"},"AccessLicenseNumber":"S2"#;
        let masked = json_text(text);
        assert!(
            !masked.contains("S2") && !masked.contains("S\\\"1"),
            "{masked}"
        );
        assert!(masked.contains(r#""Username":"u""#), "{masked}");
    }

    #[test]
    fn head_names_the_token_by_its_serial() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer S1".parse().expect("a value"));
        headers.insert("transid", "t".parse().expect("a value"));
        let mut out = Vec::new();
        push_head(&mut out, &headers, 1_203);
        assert_eq!(out, b"authorization: Bearer token#1203\ntransid: t\n");
    }

    #[test]
    fn head_never_holds_an_authorization_value() {
        for value in ["Bearer S1", "Basic S1", "S1", "bearer  S1", "Token S1"] {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", value.parse().expect("a value"));
            headers.insert("accesslicensenumber", "S1".parse().expect("a value"));
            let mut out = Vec::new();
            push_head(&mut out, &headers, 0);
            let out = String::from_utf8(out).expect("text");
            assert!(!out.contains("S1"), "{out}");
        }
    }
}
