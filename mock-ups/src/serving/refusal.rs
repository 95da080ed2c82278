//! hyper answers a request head that it cannot read by itself, without a body. UPS has its envelope there.

use http::StatusCode;

use crate::api::UpsError;

/// What goes out in place of hyper's own answer.
#[derive(Debug)]
pub(super) struct Refusal {
    bytes: Vec<u8>,
    pub(super) sent: usize,
}

impl Refusal {
    /// The replacement, if hyper made this answer and no handler did.
    pub(super) fn of(answer: &[u8]) -> Option<Self> {
        // The usual case costs one comparison: handlers answer 200.
        let status = match answer.get(9..13)? {
            b"400 " => StatusCode::BAD_REQUEST,
            b"414 " => StatusCode::URI_TOO_LONG,
            b"431 " => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            _ => return None,
        };
        let head = std::str::from_utf8(answer).ok()?.strip_suffix("\r\n\r\n")?;
        let mut fields = head.split("\r\n").skip(1);
        // Whatever a handler answers has further fields.
        let is_hypers = fields.all(|field| {
            let name = field.split(':').next().unwrap_or_default();
            matches!(name, "connection" | "content-length" | "date")
        });
        if !is_hypers {
            return None;
        }
        let error = UpsError::new(status, "10001", "The request is not well formed.");
        let body = error.envelope();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json;charset=UTF-8\r\nerrorcode: 10001\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let bytes = [head.as_bytes(), body.as_ref()].concat();
        Some(Self { bytes, sent: 0 })
    }

    /// What is still to be sent.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn only_hypers_own_answers_are_replaced() {
        let own = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        let refusal = Refusal::of(own).expect("it is hyper's");
        let text = String::from_utf8_lossy(refusal.rest()).into_owned();
        assert!(text.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{text}");
        assert!(text.contains("\"code\":\"10001\""), "{text}");
        for other in [
            &b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"[..],
            b"HTTP/1.1 400 Bad Request\r\nerrorcode: 1\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            b"HTTP",
            b"",
        ] {
            assert!(Refusal::of(other).is_none());
        }
    }
}
