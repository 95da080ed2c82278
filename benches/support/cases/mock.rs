//! A request to the mock: its socket, the bearer, the lint, rating, the answer. The journal is off, as under load.
//!
//! Only what belongs to the request may differ between two counts, since a count is the difference of two runs:
//!
//! * The client is a task of the mock's own thread. As a thread beside it, it often had the next request ready before the
//!   mock looked for one, which saves the mock a sleep: so the count told who ran first. What the client does is counted
//!   as well; it is a write, two reads and one more sleep.
//! * The token is none that the mock signed. Before its first signature a process gathers entropy from the jitter of the
//!   processor, which takes 418 million instructions, a million more or less each time.

use super::case::Case;
use crate::ask::Ask;
use memchr::memmem;
use mock_ups::{MockUps, api::Environment};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime,
};

pub(super) fn shop() -> Case {
    of("mock, Shop", &Ask::shop())
}

pub(super) fn rate() -> Case {
    of("mock, Rate", &Ask::rate())
}

/// A mock, and a connection to it.
async fn connected() -> (MockUps, TcpStream) {
    let mock = MockUps::builder().journal_capacity(0).start().await;
    let mock = mock.expect("a free port");
    let stream = TcpStream::connect(mock.address()).await;
    (mock, stream.expect("a connection"))
}

/// Sends a request and reads its answer, which has a `content-length`.
async fn answer(stream: &mut TcpStream, request: &[u8]) -> Vec<u8> {
    stream.write_all(request).await.expect("sent");
    let mut answer = Vec::new();
    loop {
        let length = stream.read_buf(&mut answer).await.expect("an answer");
        assert!(length > 0, "the mock closed the connection");
        let Some(head) = memmem::find(&answer, b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&answer[..head]);
        let length = text.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.lines().next()?.parse::<usize>().ok());
        if answer.len() == head + 4 + length.expect("a length") {
            return answer;
        }
    }
}

fn of(name: &str, ask: &Ask) -> Case {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let (mock, mut stream) = runtime.block_on(connected());
    // As long as those of UPS.
    let token = "0123456789".repeat(128);
    assert!(mock.accept_token(Environment::Cie, "mock-client", &token));
    let bearer = format!("Bearer {token}");
    let request = ask.clone().with("authorization", &bearer).http1();
    let first = runtime.block_on(answer(&mut stream, &request));
    let text = String::from_utf8_lossy(&first);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let mut buffer = vec![0; first.len()];
    Case {
        name: name.to_owned(),
        run: Box::new(move || {
            // Dropped, it would stop.
            let _ = &mock;
            runtime.block_on(async {
                stream.write_all(&request).await.expect("sent");
                // All answers have the same length, so nothing is looked for in them.
                stream.read_exact(&mut buffer).await.expect("an answer");
            });
        }),
    }
}
