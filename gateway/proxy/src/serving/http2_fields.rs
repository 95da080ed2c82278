//! The fields of a response over HTTP/2 have memory of their own.
//!
//! h2 keeps fields in a table, for as long as the connection lives, so that the next response can refer to them
//! (RFC 7541 section 2.3.2). A field of a carrier's answer shares the memory of the read that it came in, which has
//! up to 16 KB of content. Each of the table's some sixty entries would keep that much of another answer.

use bytes::BytesMut;
use http::{HeaderMap, HeaderValue};

/// Copies the values, all of them into one piece of memory.
pub(super) fn detach(fields: &mut HeaderMap) {
    let length = fields.values().map(HeaderValue::len).sum();
    let mut values = BytesMut::with_capacity(length);
    for value in fields.values() {
        values.extend_from_slice(value.as_bytes());
    }
    let mut values = values.freeze();
    for value in fields.values_mut() {
        // Never an error: these are the bytes of a value.
        if let Ok(mut copy) = HeaderValue::from_maybe_shared(values.split_to(value.len())) {
            copy.set_sensitive(value.is_sensitive());
            *value = copy;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::detach;
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue};

    #[test]
    fn field_of_an_answer_does_not_keep_the_answer() {
        let answer = Bytes::from(b"one, two, and content".to_vec());
        let value = |range| HeaderValue::from_maybe_shared(answer.slice(range)).unwrap();
        let mut secret = value(5..8);
        secret.set_sensitive(true);
        let mut fields = HeaderMap::new();
        fields.append("x-first", value(0..3));
        fields.append("x-second", HeaderValue::from_static(""));
        fields.append("x-first", secret);
        let before = fields.clone();
        detach(&mut fields);
        assert_eq!(fields, before);
        assert!(
            fields
                .get_all("x-first")
                .iter()
                .any(HeaderValue::is_sensitive)
        );
        drop(before);
        assert!(answer.is_unique());
    }
}
