//! Responses: the guard, httparse and hyper's client.

use gateway_framing::{FieldSpans, ResponseFraming, ResponseHead, ResponsePart, Violation};
use http_body_util::{BodyExt, Empty};
use hyper::{Request, body::Bytes, client::conn::http1};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::runtime::block_on;

/// How one response ended for the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Complete,
    /// It is complete when the connection ends.
    UntilClose,
    Incomplete,
    Violation(Violation),
}

#[derive(Debug, PartialEq, Eq)]
struct Guarded {
    head: Option<ResponseHead>,
    head_end: usize,
    /// Bytes read and found valid.
    read: usize,
    content: Vec<u8>,
    end: End,
}

/// Shows the guard the bytes in pieces of `step`, as the gateway's client does.
fn guard_reads(bytes: &[u8], to_head: bool, step: usize) -> Guarded {
    let mut framing = ResponseFraming::new();
    framing.begin(to_head);
    let mut spans = FieldSpans::default();
    let mut guarded = Guarded {
        head: None,
        head_end: 0,
        read: 0,
        content: Vec::new(),
        end: End::Incomplete,
    };
    for end in (0..bytes.len()).step_by(step).map(|at| at + step) {
        let end = end.min(bytes.len());
        loop {
            let count = match framing.next(&bytes[guarded.read..end], &mut spans) {
                Err(violation) => {
                    guarded.end = End::Violation(violation);
                    return guarded;
                }
                Ok(ResponsePart::More | ResponsePart::End) => break,
                Ok(ResponsePart::Skip(count)) => count,
                Ok(ResponsePart::Head(head)) => {
                    assert_eq!(guarded.head.replace(head), None, "a second head");
                    guarded.head_end = guarded.read + head.length;
                    head.length
                }
                Ok(ResponsePart::Content(count)) => {
                    let content = &bytes[guarded.read..guarded.read + count];
                    guarded.content.extend_from_slice(content);
                    count
                }
            };
            assert!(count > 0, "no progress");
            guarded.read += count;
        }
    }
    if framing.ends_with_connection() {
        guarded.end = End::UntilClose;
    } else if framing.is_idle() {
        guarded.end = End::Complete;
    }
    guarded
}

/// What hyper's client makes of the bytes: status and content, if it takes the response for complete.
async fn hyper_reads(bytes: &[u8], to_head: bool) -> Option<(u16, Vec<u8>)> {
    let (client, mut server) = tokio::io::duplex(1 << 20);
    let io = hyper_util::rt::TokioIo::new(client);
    let (mut send, connection) = http1::handshake(io).await.expect("a handshake");
    let method = if to_head { "HEAD" } else { "GET" };
    let request = Request::builder()
        .method(method)
        .uri("/")
        .header("host", "a")
        .body(Empty::<Bytes>::new())
        .expect("a valid request");
    let exchange = async {
        let response = send.send_request(request).await.ok()?;
        let status = response.status().as_u16();
        let content = response.into_body().collect().await.ok()?;
        Some((status, content.to_bytes().to_vec()))
    };
    let server = async {
        let mut request = [0; 256];
        let _ = server.read(&mut request).await;
        server
            .write_all(bytes)
            .await
            .expect("the pipe is large enough");
        drop(server);
    };
    let (seen, (), _) = tokio::join!(exchange, server, connection);
    seen
}

/// Checks one response; the lowest bit of the first byte says whether it answers `HEAD`.
///
/// The verdict must not depend on how the bytes arrive; httparse must end the head where the guard does; and
/// hyper must take the same content for complete, or take nothing.
pub(crate) fn check(input: &[u8]) {
    let Some((first, bytes)) = input.split_first() else {
        return;
    };
    let to_head = first & 1 == 1;
    let guarded = guard_reads(bytes, to_head, 1);
    let at_once = guard_reads(bytes, to_head, bytes.len().max(1));
    assert_eq!(
        (&at_once.head, &at_once.content, at_once.end),
        (&guarded.head, &guarded.content, guarded.end),
        "cut in pieces or not: {}",
        bytes.escape_ascii()
    );
    let Some(head) = guarded.head else {
        return;
    };
    let mut fields = [httparse::EMPTY_HEADER; 100];
    let mut parsed = httparse::Response::new(&mut fields);
    let length = parsed.parse(&bytes[guarded.head_end - head.length..]);
    assert_eq!(length, Ok(httparse::Status::Complete(head.length)));
    assert_eq!(parsed.code, Some(head.status));
    // Behind a complete response nothing may follow, so a violation there does not change its content.
    let is_whole = matches!(
        guarded.end,
        End::Complete | End::UntilClose | End::Violation(Violation::Unsolicited)
    );
    let seen = block_on(hyper_reads(&bytes[..guarded.read], to_head));
    let expected = is_whole.then_some((head.status, guarded.content));
    assert_eq!(seen, expected, "{}", bytes.escape_ascii());
}
