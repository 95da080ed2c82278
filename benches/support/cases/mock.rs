//! A request to the mock: its socket, the bearer, the lint, rating, the answer. The journal is off, as under load.
//!
//! The client is a thread of the same process, and each waits for the other, so that a count is that of one request
//! after another. What the client does is counted as well; it is a write and a few reads.

use super::case::Case;
use crate::ask::Ask;
use memchr::memmem;
use mock_ups::MockUps;
use std::{
    future,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::mpsc,
    thread,
};
use tokio::runtime;

const TOKEN_REQUEST: &str = "POST /security/v1/oauth/token HTTP/1.1\r\nhost: 127.0.0.1\r\n\
    authorization: Basic bW9jay1jbGllbnQ6bW9jay1zZWNyZXQ=\r\n\
    content-type: application/x-www-form-urlencoded\r\ncontent-length: 29\r\n\r\n\
    grant_type=client_credentials";

pub(super) fn shop() -> Case {
    of("mock, Shop", &Ask::shop())
}

pub(super) fn rate() -> Case {
    of("mock, Rate", &Ask::rate())
}

/// A mock on a thread of its own, until the process ends.
fn mock() -> SocketAddr {
    let (listening, address) = mpsc::channel();
    thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let mock = MockUps::builder().journal_capacity(0).start().await;
            let mock = mock.expect("a free port");
            // Nobody waits any more if the case was dropped.
            let _ = listening.send(mock.address());
            future::pending::<()>().await;
        });
    });
    address.recv().expect("the mock listens")
}

/// Reads one answer with a `content-length`.
fn answer(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut piece = [0; 16_384];
    loop {
        let length = stream.read(&mut piece).expect("an answer");
        assert!(length > 0, "the mock closed the connection");
        answer.extend_from_slice(&piece[..length]);
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
    let mut stream = TcpStream::connect(mock()).expect("a connection");
    let mut send = |request: &[u8]| {
        stream.write_all(request).expect("sent");
        answer(&mut stream)
    };
    let granted = send(TOKEN_REQUEST.as_bytes());
    let granted = String::from_utf8_lossy(&granted);
    let token = granted.split("\"access_token\":\"").nth(1);
    let token = token.and_then(|rest| rest.split('"').next());
    let bearer = format!("Bearer {}", token.expect("a token"));
    let request = ask.clone().with("authorization", &bearer).http1();
    let first = send(&request);
    let text = String::from_utf8_lossy(&first);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let mut buffer = vec![0; first.len()];
    Case {
        name: name.to_owned(),
        run: Box::new(move || {
            stream.write_all(&request).expect("sent");
            // All answers have the same length, so nothing is looked for in them.
            stream.read_exact(&mut buffer).expect("an answer");
        }),
    }
}
