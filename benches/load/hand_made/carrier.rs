//! A stand-in of the carrier for loads that `mock-ups` has no answer to: long answers and long uploads.
//!
//! It gives one token to whoever asks at UPS's token endpoint, and answers 401 unless that token arrives once.
//! `GET /api/answer/BYTES` is answered with so much content. The content of a POST is read and counted.

use super::{
    message::{Wire, field, lines},
    workers::{Service, Workers},
};
use crate::form::received;
use anyhow::Result;
use benches::wire::Stream;
use clap::Args;
use std::{cell::RefCell, collections::HashMap, rc::Rc};

#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    workers: Workers,
}

/// The longest answer.
const MOST: usize = 16 * 1024 * 1024;
/// As long as UPS's tokens.
const TOKEN_LENGTH: usize = 1_500;
/// Seconds, as at UPS: longer than any run.
const LIFETIME: u32 = 14_399;

/// Serves until the process is ended.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut entries = vec![Workers::plain()?];
    entries.extend(options.workers.tls()?);
    options.workers.run(&entries, || Ok(StandIn::new()))
}

struct StandIn {
    /// The right value of `Authorization`.
    bearer: String,
    token: Vec<u8>,
    /// Whole answers by the length of their content, made once.
    answers: RefCell<HashMap<usize, Rc<[u8]>>>,
}

impl StandIn {
    fn new() -> Self {
        let token: String = ('a'..='z').cycle().take(TOKEN_LENGTH).collect();
        let answer = format!(
            r#"{{"token_type":"Bearer","issued_at":"0","client_id":"mock-client","access_token":"{token}","expires_in":"{LIFETIME}","status":"approved"}}"#
        );
        Self {
            bearer: format!("Bearer {token}"),
            token: message("200 OK", answer.as_bytes()),
            answers: RefCell::default(),
        }
    }

    /// The answer to a request whose content has this length.
    fn answer(&self, head: &[u8], content: usize) -> Rc<[u8]> {
        let request = lines(head).next().unwrap_or_default();
        let mut words = request.split(|byte| *byte == b' ');
        let (method, path) = (words.next(), words.next().unwrap_or_default());
        if path == b"/security/v1/oauth/token" {
            return self.token.as_slice().into();
        }
        let mut credentials = lines(head).filter_map(|line| field(line, b"authorization"));
        if credentials.next() != Some(self.bearer.as_bytes()) || credentials.next().is_some() {
            return message("401 Unauthorized", b"not one right token").into();
        }
        match (method, length(path)) {
            (Some(b"GET"), Some(length)) => self.of_length(length),
            (Some(b"POST"), _) => message("200 OK", received(content).as_bytes()).into(),
            _ => message("404 Not Found", b"GET /api/answer/BYTES, or POST").into(),
        }
    }

    fn of_length(&self, length: usize) -> Rc<[u8]> {
        let mut answers = self.answers.borrow_mut();
        let answer = answers
            .entry(length)
            .or_insert_with(|| message("200 OK", &vec![b'a'; length]).into());
        Rc::clone(answer)
    }
}

impl Service for StandIn {
    async fn serve(self: Rc<Self>, stream: Box<dyn Stream>) -> Result<()> {
        let mut peer = Wire::new(stream);
        while let Some(head) = peer.head().await? {
            let answer = self.answer(&peer.read()[..head.end], head.content);
            peer.pass(head.rest, None).await?;
            peer.write(&answer).await?;
        }
        Ok(())
    }
}

/// The length in `/api/answer/BYTES`.
fn length(path: &[u8]) -> Option<usize> {
    let digits = path.strip_prefix(b"/api/answer/")?;
    let length = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (length <= MOST).then_some(length)
}

fn message(status: &str, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(head: &str) -> String {
        let answer = StandIn::new().answer(head.as_bytes(), 5);
        String::from_utf8_lossy(&answer[9..12]).into_owned()
    }

    #[test]
    fn only_one_right_token_is_good() {
        let right = format!("Authorization: {}\r\n", StandIn::new().bearer);
        let request = |fields: &str| format!("GET /api/answer/7 HTTP/1.1\r\n{fields}\r\n");
        assert_eq!(status(&request(&right)), "200");
        assert_eq!(status(&request("")), "401");
        assert_eq!(status(&request("authorization: Bearer other\r\n")), "401");
        assert_eq!(status(&request(&format!("{right}{right}"))), "401");
        let token = "POST /security/v1/oauth/token HTTP/1.1\r\n\r\n";
        assert_eq!(status(token), "200");
        assert_eq!(
            status(&format!("GET /other HTTP/1.1\r\n{right}\r\n")),
            "404"
        );
    }
}
