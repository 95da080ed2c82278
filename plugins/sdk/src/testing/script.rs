//! The scripted carrier.

use super::Expect;
use crate::{
    CarrierAuth, ConsentRequest, Credential, Reason, Result, config,
    context::BeginArgs,
    http::network_error,
    services::Services,
    task::{Command, Completion, Step, Task},
};
use ::http::Response;
use oauth2::HttpResponse;
use plugins_abi::Network as AbiNetwork;
use std::{
    collections::{BTreeSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use zeroize::Zeroizing;

/// 2026-01-01T00:00:00Z: when every script begins unless [`Script::at`] says otherwise.
const BEGIN_UNIX_MS: u64 = 1_767_225_600_000;

/// Where an exchange came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// The name did not resolve.
    Dns,
    /// No connection.
    Connect,
    /// No TLS session.
    Tls,
    /// The deadline passed.
    Timeout,
    /// The response was longer than the gateway accepts.
    TooLarge,
    /// The gateway refused to make the request.
    Denied,
    /// Anything else.
    Other,
}

/// How the scripted carrier answers one request.
pub enum Reply {
    /// With a response.
    Response(HttpResponse),
    /// Not at all.
    Network(Network),
}

/// A JSON response.
pub fn response(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    let response = Response::builder()
        .status(status)
        .header(::http::header::CONTENT_TYPE, "application/json")
        .body(body.into());
    Reply::Response(response.expect("a status from 100 to 999"))
}

/// No response.
pub const fn network(kind: Network) -> Reply {
    Reply::Network(kind)
}

impl Reply {
    /// With a field more, or another value for one.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        if let Self::Response(response) = &mut self {
            let value = ::http::HeaderValue::from_static(value);
            response.headers_mut().insert(name, value);
        }
        self
    }
}

/// A conversation with a carrier, and what the operation begins with.
#[must_use = "a script does nothing until it is run"]
pub struct Script {
    begin_args: BeginArgs,
    now_unix_ms: u64,
    expected: VecDeque<Expect>,
    replies: VecDeque<Reply>,
}

impl Default for Script {
    fn default() -> Self {
        Self::new()
    }
}

impl Script {
    /// Nothing expected yet.
    pub fn new() -> Self {
        let begin_args = BeginArgs {
            reason: Reason::Fetch,
            slot: String::new(),
            state: Zeroizing::new(Vec::new()),
            params: Vec::new(),
        };
        Self {
            begin_args,
            now_unix_ms: BEGIN_UNIX_MS,
            expected: VecDeque::new(),
            replies: VecDeque::new(),
        }
    }

    /// Why the operation begins.
    pub const fn reason(mut self, reason: Reason) -> Self {
        self.begin_args.reason = reason;
        self
    }

    /// Which of the manifest's credentials is wanted.
    pub fn slot(mut self, slot: &str) -> Self {
        slot.clone_into(&mut self.begin_args.slot);
        self
    }

    /// What the slot's last credential carried.
    pub fn state(mut self, state: &[u8]) -> Self {
        self.begin_args.state = Zeroizing::new(state.to_vec());
        self
    }

    /// A parameter of the operation.
    pub fn param(mut self, name: &str, value: &str) -> Self {
        let value = Zeroizing::new(value.to_owned());
        self.begin_args.params.push((name.to_owned(), value));
        self
    }

    /// When the operation begins.
    pub const fn at(mut self, unix_ms: u64) -> Self {
        self.now_unix_ms = unix_ms;
        self
    }

    /// The next request; a [`Script::reply`] follows.
    pub fn expect(mut self, expect: Expect) -> Self {
        self.expected.push_back(expect);
        self
    }

    /// The answer to the last [`Script::expect`].
    pub fn reply(mut self, reply: Reply) -> Self {
        self.replies.push_back(reply);
        self
    }

    /// Runs one operation of a plugin with that configuration. Timers fire at once, the earliest
    /// first, and move the clock.
    ///
    /// # Panics
    /// When a request is not the expected one, and when an expected one does not come.
    pub fn run<P: CarrierAuth>(mut self, config_json: &str) -> Result<Credential> {
        let plugin = Arc::new(P::new(config::parse(config_json.as_bytes())?)?);
        let services = Arc::new(Fixed::at(self.now_unix_ms));
        let begin_args = std::mem::replace(&mut self.begin_args, Self::new().begin_args);
        let mut task = Task::new(
            plugin,
            begin_args,
            Arc::clone(&services) as Arc<dyn Services>,
        );
        let mut timers = BTreeSet::new();
        loop {
            match task.run() {
                Step::Waiting => self.answer(&task, &mut timers, &services),
                Step::Ended(result) => {
                    let left = self.expected.len();
                    assert!(
                        left == 0,
                        "the operation ended, {left} expected requests did not come"
                    );
                    return result;
                }
            }
        }
    }

    /// Asks a plugin with that configuration where a person consents. The parameters `redirect_uri`,
    /// `state` and `pkce_challenge` are taken from [`Script::param`].
    pub fn consent_url<P: CarrierAuth>(self, config_json: &str) -> Result<String> {
        let plugin = P::new(config::parse(config_json.as_bytes())?)?;
        plugin.authorize_url(&ConsentRequest::new(self.begin_args))
    }

    fn answer(&mut self, task: &Task, timers: &mut BTreeSet<(u64, u64)>, services: &Fixed) {
        let mailbox = task.mailbox();
        let mut answered = false;
        for command in mailbox.take_commands() {
            match command {
                Command::Http { id, request } => {
                    mailbox.complete(id, Completion::Http(self.exchange(&request)));
                    answered = true;
                }
                Command::Timer { id, delay_ms } => {
                    let at = services.now_unix_ms().saturating_add(delay_ms);
                    timers.insert((at, id));
                }
                Command::Cancel { id } => timers.retain(|(_, timer)| *timer != id),
            }
        }
        if !answered && let Some((at, id)) = timers.pop_first() {
            services.now.store(at, Ordering::Relaxed);
            mailbox.complete(id, Completion::Fired);
        }
    }

    fn exchange(&mut self, request: &oauth2::HttpRequest) -> Result<HttpResponse> {
        let (method, uri) = (request.method(), request.uri());
        let expected = self.expected.pop_front();
        assert!(
            expected.is_some(),
            "no request was expected any more, {method} {uri} came"
        );
        let mismatch = expected.and_then(|expected| expected.mismatch(request));
        assert!(
            mismatch.is_none(),
            "{method} {uri}: {}",
            mismatch.unwrap_or_default()
        );
        match self.replies.pop_front() {
            Some(Reply::Response(response)) => Ok(response),
            Some(Reply::Network(kind)) => Err(network_error(kind.to_abi())),
            None => Err(network_error(AbiNetwork::OTHER)),
        }
    }
}

impl Network {
    const fn to_abi(self) -> u32 {
        match self {
            Self::Dns => AbiNetwork::DNS,
            Self::Connect => AbiNetwork::CONNECT,
            Self::Tls => AbiNetwork::TLS,
            Self::Timeout => AbiNetwork::TIMEOUT,
            Self::TooLarge => AbiNetwork::TOO_LARGE,
            Self::Denied => AbiNetwork::DENIED,
            Self::Other => AbiNetwork::OTHER,
        }
    }
}

/// A clock that only timers move, and bytes that count up.
struct Fixed {
    now: AtomicU64,
    drawn: AtomicU64,
}

impl Fixed {
    const fn at(unix_ms: u64) -> Self {
        Self {
            now: AtomicU64::new(unix_ms),
            drawn: AtomicU64::new(0),
        }
    }
}

impl Services for Fixed {
    fn now_unix_ms(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    fn random(&self, dst: &mut [u8]) -> bool {
        for byte in dst {
            *byte = self.drawn.fetch_add(1, Ordering::Relaxed).to_le_bytes()[0];
        }
        true
    }

    fn log(&self, _level: u32, _message: &str) {}
}
