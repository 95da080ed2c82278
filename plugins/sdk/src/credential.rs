//! What a successful authorization yields.

use crate::{
    Class, Error, Facts, Grant, Result, Slot, SlotFields, secret::SecretBytes, slot::secret_field,
};
use ::http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{fmt, time::Duration};
use zeroize::Zeroizing;

/// Fields for every request to the carrier, with how long they are good for.
#[must_use = "a credential does nothing until it is returned to the gateway"]
pub struct Credential {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) query: Vec<(String, Zeroizing<String>)>,
    pub(crate) lifetime: Option<Duration>,
    pub(crate) refresh_after: Option<Duration>,
    pub(crate) state: SecretBytes,
    pub(crate) grant: Grant,
    pub(crate) facts: Box<Facts>,
    pub(crate) slots: Vec<(Slot, Result<SlotFields>)>,
}

impl Credential {
    /// Without any field yet, and without an end.
    pub fn empty() -> Self {
        Self {
            headers: Vec::new(),
            query: Vec::new(),
            lifetime: None,
            refresh_after: None,
            state: Zeroizing::new(Vec::new()),
            grant: Grant::NotSingleUse,
            facts: Box::default(),
            slots: Vec::new(),
        }
    }

    /// `Authorization: Bearer <token>` (RFC 6750). A token outside its character set is refused as
    /// [`Class::Protocol`]: it would not reach the carrier as it was meant.
    pub fn bearer(token: &str) -> Result<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
        if token.is_empty() || !token.bytes().all(plain) {
            return Err(Error::new(
                Class::Protocol,
                "bad_token",
                "the carrier's access token is empty or has characters that no bearer token has",
            ));
        }
        let text = Zeroizing::new(format!("Bearer {token}"));
        Self::empty().header(AUTHORIZATION, &text)
    }

    /// `Authorization` with that value, such as the one of [`basic`].
    pub fn basic(value: &HeaderValue) -> Self {
        Self::empty().field(AUTHORIZATION, value.clone())
    }

    /// Adds a field whose value was checked before; it is treated as a secret.
    pub fn field(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        // Keeps the value out of `Debug` output and of HTTP/2's header compression table.
        value.set_sensitive(true);
        self.headers.push((name, value));
        self
    }

    /// Adds a field; its value is treated as a secret.
    pub fn header(mut self, name: HeaderName, value: &str) -> Result<Self> {
        self.headers.push(secret_field(name, value)?);
        Ok(self)
    }

    /// What became of a further slot: its fields, which go on the requests of the operations that need it,
    /// or why there are none. A failure is no failure of the credential: the account serves all other
    /// operations. The gateway tries again if the failure passes by itself, and else with the next renewal.
    pub fn slot(mut self, slot: Slot, outcome: Result<SlotFields>) -> Self {
        self.slots.push((slot, outcome));
        self
    }

    /// Adds a query parameter; its value is treated as a secret.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let value = Zeroizing::new(value.to_owned());
        self.query.push((name.to_owned(), value));
        self
    }

    /// How long it is good for, from the begin of the operation. `None`: it does not expire.
    pub fn expires_in(mut self, lifetime: Option<Duration>) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// When to renew it, from the begin of the operation. Unset: the gateway decides.
    pub fn refresh_after(mut self, pause: Duration) -> Self {
        self.refresh_after = Some(pause);
        self
    }

    /// What the next operation needs, such as a refresh token; the gateway keeps it sealed.
    pub fn state(mut self, state: &[u8]) -> Self {
        self.state = Zeroizing::new(state.to_vec());
        self
    }

    /// What became of the single-use grant that the operation began with or brought.
    pub fn grant(mut self, grant: Grant) -> Self {
        self.grant = grant;
        self
    }

    /// What the carrier said about the token, for people. Texts that are too long or have characters
    /// other than printable ASCII are left out.
    pub fn facts(mut self, facts: Facts) -> Self {
        self.facts = Box::new(facts.presentable());
        self
    }

    /// What is kept for the next operation, for tests.
    pub fn kept_state(&self) -> &[u8] {
        &self.state
    }

    /// What became of the grant, for tests.
    pub const fn grant_change(&self) -> Grant {
        self.grant
    }

    /// What the carrier said, for tests.
    pub fn carrier_facts(&self) -> &Facts {
        &self.facts
    }

    /// The fields, for tests.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
    }

    /// What became of a further slot; `None` if nothing was said about it. For tests.
    pub fn slot_outcome(&self, slot: Slot) -> Option<&Result<SlotFields>> {
        let found = self.slots.iter().find(|(known, _)| *known == slot);
        found.map(|(_, outcome)| outcome)
    }

    /// How long it is good for; `None`: it does not expire.
    pub const fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }

    pub(crate) fn ttl_ms(&self) -> u64 {
        self.lifetime.map_or(u64::MAX, saturating_ms)
    }

    pub(crate) fn refresh_after_ms(&self) -> u64 {
        // Zero means "the gateway decides", so the shortest wish is one millisecond.
        self.refresh_after
            .map_or(0, |pause| saturating_ms(pause).max(1))
    }
}

/// Names only: the values are secrets.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        write!(
            f,
            "Credential({} for {:?})",
            names.join(", "),
            self.lifetime
        )
    }
}

/// `Basic` with id and secret exactly as they are (RFC 7617); marked sensitive.
///
/// OAuth's `client_secret_basic` form-encodes both first (RFC 6749, 2.3.1) and the `oauth2` crate
/// does so; carriers often do not decode. For letters and digits the two are the same.
pub fn basic(id: &str, secret: &str) -> HeaderValue {
    let pair = Zeroizing::new(format!("{id}:{secret}"));
    let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut value = HeaderValue::from_str(&text).expect("base64 is visible ASCII");
    value.set_sensitive(true);
    value
}

/// Milliseconds; what does not fit is as good as for ever.
pub(crate) fn saturating_ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
