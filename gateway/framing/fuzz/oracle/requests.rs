//! Requests: the guard, httparse and hyper's server.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use gateway_framing::{FieldSpans, Position, RequestFraming, RequestPart, Violation};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, service::service_fn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::runtime::block_on;

/// A request as a reader understood it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) content: Vec<u8>,
}

/// What hyper alone, without a guard, makes of `bytes`: the requests that it served completely.
pub(crate) fn hyper_reads(bytes: &[u8]) -> Vec<Seen> {
    block_on(serve(bytes))
}

async fn serve(bytes: &[u8]) -> Vec<Seen> {
    let (mut client, server) = tokio::io::duplex(1 << 20);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&seen);
    let service = service_fn(move |request: Request<Incoming>| {
        let log = Rc::clone(&log);
        async move {
            let (head, body) = request.into_parts();
            let status = match body.collect().await {
                Ok(body) => {
                    log.borrow_mut().push(Seen {
                        method: head.method.to_string(),
                        target: head.uri.to_string(),
                        content: body.to_bytes().to_vec(),
                    });
                    200
                }
                Err(_) => 400,
            };
            let response = Response::builder()
                .status(status)
                .body(Full::<Bytes>::default());
            Ok::<_, Infallible>(response.expect("a valid response"))
        }
    });
    client
        .write_all(bytes)
        .await
        .expect("the pipe is large enough");
    client.shutdown().await.expect("the pipe is open");
    let serving = hyper::server::conn::http1::Builder::new()
        .half_close(true)
        .serve_connection(hyper_util::rt::TokioIo::new(server), service);
    let mut responses = Vec::new();
    let (served, read) = tokio::join!(serving, client.read_to_end(&mut responses));
    drop((served, read));
    seen.take()
}

/// Where a request that the guard approved stands in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) head_end: usize,
    /// The end of what is approved of it.
    pub(crate) end: usize,
}

/// What the guard alone makes of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Guarded {
    pub(crate) spans: Vec<Span>,
    pub(crate) approved: usize,
    pub(crate) violation: Option<Violation>,
    pub(crate) position: Position,
}

impl Guarded {
    /// How many requests are approved to their end.
    pub(crate) fn complete(&self) -> usize {
        self.spans.len() - usize::from(self.position == Position::Body)
    }
}

/// Shows the guard one byte more each time: a head is approved at the very byte that completes it.
pub(crate) fn guard_reads(bytes: &[u8]) -> Guarded {
    let mut framing = RequestFraming::new();
    let (mut approved, mut heads, mut violation) = (0, 0, None);
    let mut spans: Vec<Span> = Vec::new();
    for end in 1..=bytes.len() {
        let start = approved;
        let advance = framing.advance(&bytes[start..end]);
        approved += advance.approved;
        if framing.heads() > heads {
            heads = framing.heads();
            spans.push(Span {
                start,
                head_end: end,
                end,
            });
        } else if let Some(last) = spans.last_mut()
            && advance.approved > 0
        {
            last.end = approved;
        }
        violation = advance.violation;
        if violation.is_some() {
            break;
        }
    }
    Guarded {
        spans,
        approved,
        violation,
        position: framing.position(),
    }
}

/// What a reader that takes one part at a time makes of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The requests that came whole. Targets and values are those of the reported places.
    pub(crate) requests: Vec<Seen>,
    pub(crate) violation: Option<Violation>,
    /// The offset behind the last part.
    pub(crate) end: usize,
    pub(crate) position: Position,
}

/// Shows the check `step` bytes more each time, and takes one part after another.
pub(crate) fn parts_of(bytes: &[u8], step: usize) -> Taken {
    let mut framing = RequestFraming::new();
    let mut spans = FieldSpans::default();
    let mut taken = Taken {
        requests: Vec::new(),
        violation: None,
        end: 0,
        position: Position::Between,
    };
    let mut open: Option<Seen> = None;
    let mut shown = 0;
    loop {
        let window = &bytes[taken.end..shown];
        match framing.next(window, &mut spans) {
            Ok(RequestPart::Head(head)) => {
                assert!(open.is_none(), "a head in a body");
                assert_eq!(&window[head.length - 4..head.length], b"\r\n\r\n");
                for span in spans.as_slice() {
                    assert_eq!(window[span.colon], b':');
                    assert_eq!(&window[span.end..span.end + 2], b"\r\n");
                }
                let text = |range| String::from_utf8_lossy(&window[range]).into_owned();
                open = Some(Seen {
                    method: text(head.method()),
                    target: text(head.target()),
                    content: Vec::new(),
                });
                spans.clear();
                taken.end += head.length;
            }
            Ok(RequestPart::Content(count)) => {
                let seen = open.as_mut().expect("content follows a head");
                seen.content.extend_from_slice(&window[..count]);
                taken.end += count;
            }
            Ok(RequestPart::Skip(count)) => taken.end += count,
            Ok(RequestPart::More) if shown < bytes.len() => {
                shown = bytes.len().min(shown + step);
            }
            Ok(RequestPart::More | RequestPart::End) => break,
            Err(violation) => {
                taken.violation = Some(violation);
                break;
            }
        }
        if framing.position() != Position::Body {
            taken.requests.extend(open.take());
        }
    }
    taken.position = framing.position();
    taken
}

/// Checks that the verdict does not depend on how the bytes arrive, that httparse ends each head and body
/// where the guard does, and that hyper reads exactly the approved requests.
pub(crate) fn check(bytes: &[u8]) {
    let guarded = guard_reads(bytes);
    let mut framing = RequestFraming::new();
    let at_once = framing.advance(bytes);
    assert_eq!(
        (at_once.approved, at_once.violation, framing.position()),
        (guarded.approved, guarded.violation, guarded.position),
        "cut in pieces or not: {}",
        bytes.escape_ascii()
    );
    let parts = parts_of(bytes, bytes.len().max(1));
    for step in [1, 7] {
        let other = parts_of(bytes, step);
        assert_eq!(other.requests, parts.requests, "part by part");
        check_end(&other, &guarded);
    }
    check_end(&parts, &guarded);
    let approved = &bytes[..guarded.approved];
    let expected: Vec<_> = guarded.spans[..guarded.complete()]
        .iter()
        .map(|span| httparse_reads(approved, *span))
        .collect();
    assert_eq!(parts.requests, expected, "{}", approved.escape_ascii());
    let seen = hyper_reads(approved);
    assert_eq!(seen.len(), expected.len(), "{}", approved.escape_ascii());
    for (hyper, httparse) in seen.iter().zip(&expected) {
        assert_eq!(hyper.method, httparse.method);
        assert_eq!(hyper.content, httparse.content);
        // hyper rewrites an absolute target without a path.
        if httparse.target.starts_with('/') {
            assert_eq!(hyper.target, httparse.target);
        }
    }
}

/// Parts end where the approved bytes do.
fn check_end(parts: &Taken, guarded: &Guarded) {
    assert_eq!(
        (parts.violation, parts.position),
        (guarded.violation, guarded.position)
    );
    // A part is taken whole; of a chunk's size, what comes before a violation is approved.
    assert!(parts.end <= guarded.approved);
    assert!(parts.violation.is_some() || parts.end == guarded.approved);
}

/// The request at `span` as httparse reads it.
fn httparse_reads(stream: &[u8], span: Span) -> Seen {
    let mut fields = [httparse::EMPTY_HEADER; 100];
    let mut head = httparse::Request::new(&mut fields);
    let parsed = head.parse(&stream[span.start..]);
    let length = span.head_end - span.start;
    assert_eq!(parsed, Ok(httparse::Status::Complete(length)));
    let body = &stream[span.head_end..];
    let content = match (
        value(head.headers, "content-length"),
        value(head.headers, "transfer-encoding"),
    ) {
        (None, None) => Vec::new(),
        (Some(length), None) => {
            let length: usize = length.parse().expect("a plain number");
            assert_eq!(span.end - span.head_end, length);
            body[..length].to_vec()
        }
        (None, Some(_)) => {
            let (content, used) = dechunk(body).expect("a complete body");
            assert_eq!(span.end - span.head_end, used);
            content
        }
        (Some(_), Some(_)) => unreachable!("both Content-Length and Transfer-Encoding"),
    };
    Seen {
        method: head.method.unwrap_or_default().to_owned(),
        target: head.path.unwrap_or_default().to_owned(),
        content,
    }
}

/// Decodes a chunked body by httparse: its content and its length on the wire; `None` if it is incomplete.
fn dechunk(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut at, mut content) = (0, Vec::new());
    loop {
        let parsed = httparse::parse_chunk_size(&bytes[at..]).expect("httparse takes the size");
        let httparse::Status::Complete((used, size)) = parsed else {
            return None;
        };
        at += used;
        if size == 0 {
            break;
        }
        let size = usize::try_from(size).ok()?;
        content.extend_from_slice(bytes.get(at..at.checked_add(size)?)?);
        at += size;
        if bytes.len() < at + 2 {
            return None;
        }
        assert_eq!(&bytes[at..at + 2], b"\r\n", "a chunk ends at its size");
        at += 2;
    }
    let mut trailers = [httparse::EMPTY_HEADER; 64];
    let parsed = httparse::parse_headers(&bytes[at..], &mut trailers);
    match parsed.expect("httparse takes the trailers") {
        httparse::Status::Complete((used, _)) => Some((content, at + used)),
        httparse::Status::Partial => None,
    }
}

fn value<'a>(fields: &[httparse::Header<'a>], name: &str) -> Option<&'a str> {
    let mut found = fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case(name));
    let field = found.next()?;
    assert!(found.next().is_none(), "two fields {name}");
    Some(
        str::from_utf8(field.value)
            .expect("ASCII")
            .trim_matches([' ', '\t']),
    )
}
