//! Both forms of secret bytes.

use super::bytes;
use gateway_model::SecretBytes;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Doc(#[serde(with = "bytes")] SecretBytes);

fn written(clear: &[u8]) -> String {
    serde_json::to_string(&Doc(SecretBytes::new(clear.to_vec()))).expect("JSON")
}

fn read(json: &str) -> Option<Vec<u8>> {
    let doc: Option<Doc> = serde_json::from_str(json).ok();
    doc.map(|doc| doc.0.expose().to_vec())
}

#[test]
fn token_is_written_as_the_text_that_it_is() {
    let json = written(b"authorization:Bearer a.b-c_~");
    assert_eq!(json, r#"["authorization:Bearer a.b-c_~"]"#);
    assert_eq!(
        read(&json).as_deref(),
        Some(&b"authorization:Bearer a.b-c_~"[..])
    );
}

#[test]
fn bytes_that_json_would_escape_are_written_in_base64() {
    for clear in [
        &b""[..],
        b"two\nlines",
        b"a \"quoted\" one",
        b"back\\slash",
        b"\x7f",
        "straße".as_bytes(),
        b"\xff\x00",
    ] {
        let json = written(clear);
        assert!(json.starts_with('"') && !json.contains('\\'), "{json}");
        assert_eq!(read(&json).as_deref(), Some(clear), "{json}");
    }
}

#[test]
fn documents_of_older_programs_are_read() {
    // `printf 'authorization:Bearer abc\n' | base64`
    let old = r#""YXV0aG9yaXphdGlvbjpCZWFyZXIgYWJjCg==""#;
    assert_eq!(
        read(old).as_deref(),
        Some(&b"authorization:Bearer abc\n"[..])
    );
}

#[test]
fn anything_else_is_refused() {
    for json in ["[]", r#"["a","b"]"#, "[1]", r#""@""#, "7", "null", "{}"] {
        assert_eq!(read(json), None, "{json}");
    }
}
