//! A broker under tokio's paused time, and an authorizer that does as it is told.

use crate::ledger::Memory;
use gateway_broker::{
    AccountSpec, AccountStatus, Authorization, AuthorizationReason, Authorizer, BoxFuture, Broker,
    BrokerConfig, GrantChange, Handle, Issued, KeyParts, SlotKey, Transport,
};
use gateway_model::{
    AccountId, Clock, Credential, CredentialCell, CredentialState, Environment, Failure,
    FailureClass, GrantKind, GrantStatus, GrantVersion, Secret, SecretBytes, TokenFacts,
    Unavailable,
};
use gateway_store::GrantRecord;
use http::{HeaderValue, header};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

/// Tokio's clock, which tests can pause and which then runs ahead by itself when all wait.
#[derive(Debug)]
pub(crate) struct TokioClock;

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        #[expect(
            clippy::disallowed_methods,
            reason = "a test's clock is tokio's paused one"
        )]
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }
}

/// How the carrier answers one authorization.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A token of this lifetime in seconds; its value counts the calls: `token-1`, `token-2`.
    Token(u64),
    Fails(Failure),
    Panics,
    NoHeaders,
    Never,
}

/// Answers from a list, and then for ever with the last entry.
#[derive(Debug)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Answer>>,
    pub(crate) takes: Duration,
    calls: Mutex<Vec<(AuthorizationReason, Vec<u8>)>>,
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Self::slow(answers, Duration::from_millis(100))
    }

    pub(crate) fn slow(answers: impl IntoIterator<Item = Answer>, takes: Duration) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            takes,
            calls: Mutex::new(Vec::new()),
        })
    }

    /// Replaces what is still to come.
    pub(crate) fn now_answers(&self, answer: Answer) {
        *self.answers.lock().expect("no panic under the lock") = [answer].into();
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.lock().expect("no panic under the lock").len()
    }

    /// Reason and carried state of every call.
    pub(crate) fn seen(&self) -> Vec<(AuthorizationReason, Vec<u8>)> {
        self.calls.lock().expect("no panic under the lock").clone()
    }
}

impl Authorizer for Script {
    fn authorize(
        &self,
        authorization: Authorization,
        _: Transport,
    ) -> BoxFuture<'_, Result<Issued, Failure>> {
        Box::pin(async move {
            let number = {
                let mut calls = self.calls.lock().expect("no panic under the lock");
                calls.push((authorization.reason, authorization.state.expose().to_vec()));
                calls.len()
            };
            let answer = {
                let mut answers = self.answers.lock().expect("no panic under the lock");
                if answers.len() > 1 {
                    answers.pop_front()
                } else {
                    answers.front().cloned()
                }
            };
            tokio::time::sleep(self.takes).await;
            match answer.expect("a script of one answer or more") {
                Answer::Token(lifetime) => Ok(issued(number, lifetime)),
                Answer::Fails(failure) => Err(failure),
                Answer::Panics => unreachable!("planted-panic"),
                Answer::NoHeaders => Ok(Issued {
                    headers: Vec::new(),
                    ..issued(number, 60)
                }),
                Answer::Never => std::future::pending().await,
            }
        })
    }
}

pub(crate) fn issued(number: usize, lifetime: u64) -> Issued {
    let value = HeaderValue::from_str(&format!("Bearer token-{number}")).expect("a header value");
    Issued {
        headers: vec![(header::AUTHORIZATION, value)],
        lifetime: Some(Duration::from_secs(lifetime)),
        renew_after: None,
        state: SecretBytes::new(format!("state-{number}").into_bytes()),
        grant: GrantChange::NotSingleUse,
        facts: TokenFacts::default(),
        slots: Vec::new(),
    }
}

pub(crate) fn fails(class: FailureClass, code: &str) -> Answer {
    Answer::Fails(Failure::new(class, code, "the carrier said no"))
}

/// A broker with one account, `main`.
pub(crate) struct World {
    pub(crate) broker: Broker,
    pub(crate) handle: Handle,
    pub(crate) script: Arc<Script>,
    pub(crate) ledger: Arc<Memory>,
    pub(crate) cell: Arc<CredentialCell>,
}

pub(crate) fn main_account() -> AccountId {
    "main".parse().expect("a name")
}

pub(crate) fn spec(name: &str, secret: &str, authorizer: &Arc<Script>) -> AccountSpec {
    let account: AccountId = name.parse().expect("a name");
    let carrier = "ups".parse().expect("a carrier");
    let key = SlotKey::new(&KeyParts {
        account: &account,
        carrier: &carrier,
        environment: Environment::Test,
        origin: &"https://wwwcie.ups.com".parse().expect("an origin"),
        client_id: "client",
        client_secret: &Secret::new(secret.to_owned()),
        account_number: None,
        slot: "",
    });
    AccountSpec {
        account,
        carrier,
        environment: Environment::Test,
        client_id: "client".to_owned(),
        slot: String::new(),
        grant: GrantKind::ClientCredentials,
        last_chance: true,
        key,
        authorizer: Arc::clone(authorizer) as Arc<dyn Authorizer>,
    }
}

/// The account `main` when it asks for a person's consent.
pub(crate) fn consented(secret: &str, authorizer: &Arc<Script>) -> AccountSpec {
    AccountSpec {
        grant: GrantKind::AuthorizationCode,
        ..spec("main", secret, authorizer)
    }
}

/// A grant whose refresh token is `state-0`, without an access token.
pub(crate) fn grant(status: GrantStatus) -> GrantRecord {
    GrantRecord {
        account: main_account(),
        version: GrantVersion(3),
        status,
        state: SecretBytes::new(b"state-0".to_vec()),
        token: None,
        facts: TokenFacts::default(),
        consented_at: None,
        expires_at: None,
        intent: None,
        restored: None,
        written_by: None,
    }
}

impl World {
    pub(crate) fn new(script: Arc<Script>) -> Self {
        Self::with(BrokerConfig::default(), script)
    }

    pub(crate) fn with(config: BrokerConfig, script: Arc<Script>) -> Self {
        let main = spec("main", "secret", &script);
        Self::build(config, Memory::default(), main, script)
    }

    /// A person signed in for the account.
    pub(crate) fn signed_in(script: Arc<Script>) -> Self {
        Self::keeping(grant(GrantStatus::Held), script)
    }

    /// The store kept this of the account, which asks for a person's consent.
    pub(crate) fn keeping(kept: GrantRecord, script: Arc<Script>) -> Self {
        let main = consented("secret", &script);
        let ledger = Memory::of(kept.clone());
        let world = Self::build(BrokerConfig::default(), ledger, main, script);
        assert!(world.broker.adopt(&kept));
        world
    }

    fn build(config: BrokerConfig, ledger: Memory, main: AccountSpec, script: Arc<Script>) -> Self {
        let ledger = Arc::new(ledger);
        let broker = Broker::new(config, Arc::new(TokioClock), Arc::clone(&ledger) as _, 7);
        let cell = broker.add_account(main);
        Self {
            handle: broker.handle(),
            broker,
            script,
            ledger,
            cell,
        }
    }

    pub(crate) async fn acquire(&self) -> Result<(), Unavailable> {
        self.acquire_within(30).await
    }

    pub(crate) async fn acquire_within(&self, seconds: u64) -> Result<(), Unavailable> {
        self.handle.acquire(&main_account(), soon(seconds)).await
    }

    pub(crate) fn status(&self) -> AccountStatus {
        let status = self.handle.status(&main_account());
        status.expect("the account is kept")
    }

    /// The published credential.
    pub(crate) fn credential(&self) -> Option<Credential> {
        match &*self.cell.load().1 {
            CredentialState::Usable(credential) => Some(credential.clone()),
            CredentialState::Absent(_) => None,
        }
    }

    /// The published token.
    pub(crate) fn token(&self) -> Option<String> {
        let credential = self.credential()?;
        let (_, value) = credential.headers.first()?;
        value.to_str().ok().map(str::to_owned)
    }
}

/// So many seconds from now.
pub(crate) fn soon(seconds: u64) -> Instant {
    TokioClock.now() + Duration::from_secs(seconds)
}
