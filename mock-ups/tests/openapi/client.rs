//! A mock with a client that has a token.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use mock_ups::{Builder, MockUps};
use serde_json::Value;

/// A mock and a token for it.
pub(crate) struct World {
    pub(crate) mock: MockUps,
    token: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// The code of the first error.
    pub(crate) fn code(&self) -> String {
        let json = self.json();
        json["response"]["errors"][0]["code"]
            .as_str()
            .expect("an error")
            .to_owned()
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::over(MockUps::builder()).await
    }

    pub(crate) async fn over(builder: Builder) -> Self {
        let mock = builder.start().await.expect("a free port");
        let mut world = Self {
            mock,
            token: String::new(),
        };
        world.acquire();
        world
    }

    /// Gets a new token, as after the old one's life.
    pub(crate) fn acquire(&mut self) {
        let form = "grant_type=client_credentials";
        let head = "Authorization: Basic bW9jay1jbGllbnQ6bW9jay1zZWNyZXQ=\r\n\
                    Content-Type: application/x-www-form-urlencoded\r\n";
        let answer = self.exchange("POST", "/security/v1/oauth/token", head, form);
        let answer = answer.json();
        self.token = answer["access_token"].as_str().expect("a token").to_owned();
    }

    /// The value of `Authorization`.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    /// Calls the API in the test environment.
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        self.call_with(method, path, "", body)
    }

    /// Calls the API with further header lines.
    pub(crate) fn call_with(&self, method: &str, path: &str, head: &str, body: &str) -> Answer {
        let head = format!(
            "Authorization: Bearer {}\r\nContent-Type: application/json\r\ntransId: t1\r\n\
             transactionSrc: tests\r\n{head}",
            self.token
        );
        self.exchange(method, path, &head, body)
    }

    pub(crate) fn exchange(&self, method: &str, path: &str, head: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.mock.address()).expect("the mock listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .expect("a socket");
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: mock\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{head}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("written");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("read");
        let text = String::from_utf8(bytes).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.get(9..12).and_then(|digits| digits.parse().ok());
        Answer {
            status: status.expect("a status"),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }
}
