//! The head of a response (RFC 9112 section 4), and how its body ends (section 6.3).

use crate::message::Response;
use gateway_framing::has_list_member;
use http::{HeaderName, HeaderValue, StatusCode, header};
use std::io::Write as _;

/// What the app's request says about the response.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recipient {
    /// It spoke HTTP/1.1 rather than HTTP/1.0.
    pub(super) http_11: bool,
    /// The request was `HEAD`: the response has no body.
    pub(super) to_head: bool,
    /// The connection ends with this response.
    pub(super) is_last: bool,
}

/// How the end of a body is marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Remainder {
    /// No body follows.
    #[default]
    None,
    /// This many bytes follow.
    Length(u64),
    /// Chunks follow; an empty one is the last.
    Chunks,
    /// The end of the connection is the end of the body.
    UntilClose,
}

/// What is known of a body before its first piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyFacts {
    /// There is none.
    pub(super) is_end: bool,
    /// Its length, if the carrier announced it.
    pub(super) length: Option<u64>,
}

/// Writes the head. Returns how the body ends, and whether the connection does with it.
pub(super) fn write(
    buffer: &mut Vec<u8>,
    response: &Response<BodyFacts>,
    recipient: Recipient,
    date: &[u8],
) -> (Remainder, bool) {
    write_status(buffer, response.status, recipient.http_11);
    let mut is_last = recipient.is_last;
    let (mut announced, mut has_date) = (None, false);
    for (name, value) in response.fields.iter() {
        // Most names have another length than these.
        match *name {
            // The gateway frames the message itself, so no field of another message may do so.
            header::TRANSFER_ENCODING | header::TRAILER | header::UPGRADE => {}
            header::CONNECTION => is_last |= has_list_member(value.as_bytes(), "close"),
            header::CONTENT_LENGTH => announced = announced.or(Some(value)),
            _ => {
                has_date |= *name == header::DATE;
                write_field(buffer, name, value);
            }
        }
    }
    let remainder = frame(buffer, response.status, announced, response.body, recipient);
    // Without a length the end of the connection is the only mark that is left.
    is_last |= remainder == Remainder::UntilClose;
    let says_so = match (is_last, recipient.http_11) {
        (true, true) => &b"connection: close\r\n"[..],
        // An HTTP/1.0 app that did not ask for more expects the end.
        (true, false) if recipient.is_last => b"",
        (true, false) => b"connection: close\r\n",
        // HTTP/1.0 keeps a connection only if both sides say so.
        (false, false) => b"connection: keep-alive\r\n",
        (false, true) => b"",
    };
    buffer.extend_from_slice(says_so);
    if !has_date {
        buffer.extend_from_slice(b"date: ");
        buffer.extend_from_slice(date);
        buffer.extend_from_slice(b"\r\n");
    }
    buffer.extend_from_slice(b"\r\n");
    (remainder, is_last)
}

fn write_status(buffer: &mut Vec<u8>, status: StatusCode, http_11: bool) {
    // Nearly every response.
    if http_11 && status == StatusCode::OK {
        buffer.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        return;
    }
    // The gateway's own version, whatever the carrier spoke (RFC 9110 section 2.5).
    buffer.extend_from_slice(if http_11 { b"HTTP/1.1 " } else { b"HTTP/1.0 " });
    buffer.extend_from_slice(status.as_str().as_bytes());
    buffer.push(b' ');
    // Some readers want a reason.
    let reason = status.canonical_reason().unwrap_or("<none>");
    buffer.extend_from_slice(reason.as_bytes());
    buffer.extend_from_slice(b"\r\n");
}

/// Writes the field that frames the body.
fn frame(
    buffer: &mut Vec<u8>,
    status: StatusCode,
    announced: Option<&HeaderValue>,
    body: BodyFacts,
    recipient: Recipient,
) -> Remainder {
    let without_content = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
    if recipient.to_head {
        // The length that a `GET` would have, as far as it is known.
        let length = body.length.filter(|_| !body.is_end && !without_content);
        match (announced, length) {
            (Some(announced), _) => write_field(buffer, &header::CONTENT_LENGTH, announced),
            (None, Some(length)) => write_length(buffer, length),
            (None, None) => {}
        }
        return Remainder::None;
    }
    if without_content {
        return Remainder::None;
    }
    // What is sent counts, not what was announced: the two differ only if something is wrong.
    let parsed = || announced.and_then(|value| value.to_str().ok()?.parse().ok());
    let length = if body.is_end {
        Some(0)
    } else {
        body.length.or_else(parsed)
    };
    match length {
        Some(length) => {
            write_length(buffer, length);
            if length == 0 {
                Remainder::None
            } else {
                Remainder::Length(length)
            }
        }
        None if recipient.http_11 => {
            buffer.extend_from_slice(b"transfer-encoding: chunked\r\n");
            Remainder::Chunks
        }
        None => Remainder::UntilClose,
    }
}

fn write_length(buffer: &mut Vec<u8>, length: u64) {
    // Writing to a vector does not fail.
    let _ = write!(buffer, "content-length: {length}\r\n");
}

fn write_field(buffer: &mut Vec<u8>, name: &HeaderName, value: &HeaderValue) {
    let (name, value) = (name.as_str().as_bytes(), value.as_bytes());
    buffer.reserve(name.len() + value.len() + 4);
    buffer.extend_from_slice(name);
    buffer.extend_from_slice(b": ");
    buffer.extend_from_slice(value);
    buffer.extend_from_slice(b"\r\n");
}
