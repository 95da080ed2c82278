//! What a stand-in remembers: its secrets, the tokens that it issued, its faults and its journal.

use crate::{
    clock::Clock,
    endpoint::{Carrier, Issue, Quota, Value},
    fault::Fault,
    journal::Seen,
    template::Places,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub(crate) struct State {
    pub(crate) carrier: &'static Carrier,
    pub(crate) clock: Clock,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    secrets: HashMap<&'static str, String>,
    account: String,
    tokens: HashMap<String, Issued>,
    issued: u64,
    lifetime: Option<u64>,
    quota: Option<Quota>,
    /// When tokens were issued, for the quota.
    times_ms: Vec<u64>,
    faults: HashMap<&'static str, Fault>,
    journal: Vec<Seen>,
}

struct Issued {
    name: &'static str,
    expires_ms: u64,
}

impl State {
    pub(crate) fn new(carrier: &'static Carrier) -> Self {
        let secrets = carrier.secrets.iter();
        let inner = Inner {
            secrets: secrets
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
            account: carrier.account.to_owned(),
            ..Inner::default()
        };
        Self {
            carrier,
            clock: Clock::default(),
            inner: Mutex::new(inner),
        }
    }

    /// Whether a value is what the endpoint wants.
    pub(crate) fn accepts(&self, wanted: Value, value: &str) -> bool {
        let inner = self.lock();
        match wanted {
            Value::Fixed(text) => text == value,
            Value::Secret(name) => inner.secrets.get(name).is_some_and(|known| known == value),
            Value::Token(name) => inner
                .tokens
                .get(value)
                .is_some_and(|token| token.name == name && token.expires_ms > self.clock.now_ms()),
            Value::Any => true,
        }
    }

    pub(crate) fn owns(&self, account: &str) -> bool {
        self.lock().account == account
    }

    /// Issues a token, and gives what stands in the answer's places; an error is the time to wait in seconds.
    pub(crate) fn issue(&self, issue: &Issue) -> Result<Places, u64> {
        let now = self.clock.now_ms();
        let mut inner = self.lock();
        if let Some(quota) = inner.quota.or(issue.quota) {
            let window = quota.window.saturating_mul(1000);
            inner.times_ms.retain(|at| at + window > now);
            if inner.times_ms.len() >= usize::try_from(quota.requests).unwrap_or(usize::MAX) {
                let first = inner.times_ms.first().copied().unwrap_or(now);
                return Err((first + window).saturating_sub(now).div_ceil(1000));
            }
        }
        inner.times_ms.push(now);
        inner.issued += 1;
        let lifetime = inner.lifetime.unwrap_or(issue.lifetime);
        let token = match issue.token {
            "jwt" => jwt(now / 1000, lifetime, inner.issued),
            name => format!("{}-{name}-{}", self.carrier.name, inner.issued),
        };
        let issued = Issued {
            name: issue.token,
            expires_ms: now.saturating_add(lifetime.saturating_mul(1000)),
        };
        inner.tokens.insert(token.clone(), issued);
        let client = inner.secrets.get("client_id").cloned().unwrap_or_default();
        Ok(Places(vec![
            ("access_token", token),
            ("expires_in", lifetime.to_string()),
            ("issued_at_ms", now.to_string()),
            ("client_id", client),
            ("account", inner.account.clone()),
        ]))
    }

    /// The places of an answer without a token.
    pub(crate) fn places(&self) -> Places {
        Places(vec![("account", self.lock().account.clone())])
    }

    pub(crate) fn fault(&self, endpoint: &str) -> Option<Fault> {
        self.lock().faults.get(endpoint).copied()
    }

    pub(crate) fn record(&self, seen: Seen) {
        self.lock().journal.push(seen);
    }

    pub(crate) fn journal(&self) -> Vec<Seen> {
        self.lock().journal.clone()
    }

    pub(crate) fn set_secret(&self, name: &'static str, value: &str) {
        self.lock().secrets.insert(name, value.to_owned());
    }

    pub(crate) fn set_lifetime(&self, lifetime: Duration) {
        self.lock().lifetime = Some(lifetime.as_secs());
    }

    pub(crate) fn set_quota(&self, quota: Option<Quota>) {
        let mut inner = self.lock();
        inner.quota = quota;
        inner.times_ms.clear();
    }

    pub(crate) fn set_fault(&self, endpoint: &'static str, fault: Option<Fault>) {
        let mut inner = self.lock();
        match fault {
            Some(fault) => inner.faults.insert(endpoint, fault),
            None => inner.faults.remove(endpoint),
        };
    }

    pub(crate) fn forget_tokens(&self) {
        self.lock().tokens.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An unsigned JSON Web Token (RFC 7519): the stand-in knows its own tokens by their text.
fn jwt(now: u64, lifetime: u64, number: u64) -> String {
    let claims = serde_json::json!({ "iat": now, "exp": now + lifetime, "jti": number });
    let part = |json: String| URL_SAFE_NO_PAD.encode(json);
    let head = part(r#"{"alg":"none"}"#.to_owned());
    format!(
        "{head}.{}.{}",
        part(claims.to_string()),
        part(number.to_string())
    )
}
