//! What the broker publishes and the data plane injects.

use crate::{AccountId, Generation, SecretBytes};
use arc_swap::ArcSwap;
use http::{HeaderName, HeaderValue};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// First eight hexadecimal digits of a token's SHA-256: it distinguishes tokens without revealing them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 4]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A usable credential. The header values are marked sensitive, so `Debug` does not show them.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Counts the tokens that were issued to the account.
    pub generation: Generation,
    /// The header fields for every request, prepared once.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// From this instant on the credential must not be injected.
    pub expires_at: Instant,
    /// State for the signer of the requests, which is never sent. `None` if the carrier requires no
    /// signed requests.
    pub state: Option<Arc<SecretBytes>>,
    /// The slots other than the first; empty for most carriers.
    pub slots: Vec<SlotCredential>,
}

/// A slot other than the first.
#[derive(Clone, Debug)]
pub struct SlotCredential {
    /// Its name in the plugin's manifest: `payment`.
    pub name: Arc<str>,
    /// What it adds to the requests of the operations that need it, or why it has nothing to add.
    pub content: Result<SlotContent, Unavailable>,
}

/// The usable content of a slot.
#[derive(Clone, Debug)]
pub struct SlotContent {
    /// The header fields, prepared once; marked sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// From this instant on they must not be injected.
    pub expires_at: Instant,
}

impl Credential {
    /// The slot of that name, if the plugin said something about it.
    pub fn slot(&self, name: &str) -> Option<&SlotCredential> {
        self.slots.iter().find(|slot| *slot.name == *name)
    }

    /// The signer's state; empty if there is none.
    pub fn state(&self) -> &[u8] {
        self.state.as_ref().map_or(&[], |state| state.expose())
    }
}

/// Why there is no usable credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnavailableReason {
    /// No token has been requested yet, or the first request is in progress: ask the broker and wait.
    Pending,
    /// The carrier cannot be reached: nothing was sent.
    CarrierUnreachable,
    /// The carrier's token endpoint responds late, with errors, or invalidly.
    TokenEndpointFailing,
    /// The carrier limits token requests, or the gateway's own mint budget is used up.
    RateLimited,
    /// The carrier refused the account's credentials.
    CredentialsRejected,
    /// A person must sign in at the carrier again.
    NeedsConsent,
    /// The account's configuration cannot work.
    Misconfigured,
    /// The carrier's plugin is faulted.
    PluginFault,
}

impl UnavailableReason {
    /// The stable code of the `Waybill-Error` field and of metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending | Self::TokenEndpointFailing => "token_unavailable",
            Self::CarrierUnreachable => "carrier_unreachable",
            Self::RateLimited => "rate_limited",
            Self::CredentialsRejected => "credentials_rejected",
            Self::NeedsConsent => "needs_consent",
            Self::Misconfigured => "misconfigured",
            Self::PluginFault => "plugin_fault",
        }
    }
}

/// Why a request gets no credential now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// Stable reason.
    pub reason: UnavailableReason,
    /// What happened and what to do next, for people. It never contains a secret.
    pub message: String,
    /// When another attempt may succeed. It is an instant and not a duration, because the error may be
    /// shown much later.
    pub retry_at: Option<Instant>,
}

impl Unavailable {
    /// How long from `now` until another attempt may succeed.
    pub fn retry_after(&self, now: Instant) -> Option<Duration> {
        self.retry_at.map(|at| at.saturating_duration_since(now))
    }
}

/// The content of a cell.
#[derive(Clone, Debug)]
pub enum CredentialState {
    /// A credential to inject.
    Usable(Credential),
    /// No credential, and the reason.
    Absent(Unavailable),
}

/// Publishes the credential of one slot: the broker writes it, every worker reads it.
///
/// A reader remembers the version it copied and compares it by one relaxed load per request; only a
/// change makes it load the shared value. One cell per slot, so a publication touches no other
/// account's readers, and cost does not grow with the number of accounts.
#[derive(Debug)]
pub struct CredentialCell {
    account: AccountId,
    version: AtomicU64,
    state: ArcSwap<CredentialState>,
}

impl CredentialCell {
    /// A cell to which nothing has been published yet.
    pub fn new(account: AccountId) -> Self {
        let state = CredentialState::Absent(Unavailable {
            reason: UnavailableReason::Pending,
            message: format!("no token was acquired for account {account} yet"),
            retry_at: None,
        });
        Self {
            account,
            // Not 0, so that a reader that starts with 0 always loads.
            version: AtomicU64::new(1),
            state: ArcSwap::from_pointee(state),
        }
    }

    /// The account.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// Replaces the content. Readers see it with their next request.
    pub fn publish(&self, state: CredentialState) {
        self.state.store(Arc::new(state));
        // After the value: a reader that sees the new version also sees the new value (Acquire in `load`).
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Counts publications; never 0. Relaxed: it is a hint that `CredentialView` confirms.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// Looks at the content for a moment. For who looks at thousands of cells and keeps nothing.
    pub fn look<R>(&self, look: impl FnOnce(&CredentialState) -> R) -> R {
        look(&self.state.load())
    }

    /// The version, and a content that is at least as new.
    pub fn load(&self) -> (u64, Arc<CredentialState>) {
        // Before the value: a publication in between leaves a version that is too old, so the next
        // request loads once more. The other order could miss it for ever.
        let version = self.version.load(Ordering::Acquire);
        (version, self.state.load_full())
    }
}

/// A worker's own copy of a cell: its header values are shared with no other thread, because even the
/// reference count of a shared value costs five times as much at four threads.
#[derive(Debug)]
pub struct CredentialView {
    cell: Arc<CredentialCell>,
    version: u64,
    copy: CredentialState,
}

impl CredentialView {
    /// Copies the cell for the calling worker.
    pub fn new(cell: Arc<CredentialCell>) -> Self {
        let (version, state) = cell.load();
        Self {
            cell,
            version,
            copy: unshare(&state),
        }
    }

    /// The cell behind the view.
    pub fn cell(&self) -> &Arc<CredentialCell> {
        &self.cell
    }

    /// The present content. It is copied again only if it has changed since the last call.
    pub fn current(&mut self) -> &CredentialState {
        // The only cost for a request whose credential has not changed.
        if self.cell.version() != self.version {
            let (version, state) = self.cell.load();
            (self.version, self.copy) = (version, unshare(&state));
        }
        &self.copy
    }
}

/// A copy whose header names and values have their own allocation (a plain clone would share a count).
fn unshare(state: &CredentialState) -> CredentialState {
    let mut copy = state.clone();
    if let CredentialState::Usable(credential) = &mut copy {
        let of_slots = credential.slots.iter_mut().filter_map(|slot| {
            let content = slot.content.as_mut().ok()?;
            Some(&mut content.headers)
        });
        let all = of_slots.chain([&mut credential.headers]).flatten();
        for (name, value) in all {
            // From its bytes, because a clone would share the allocation and its count.
            *name = HeaderName::from_bytes(name.as_str().as_bytes())
                .expect("the text of a header name is a valid header name");
            let mut own = HeaderValue::from_bytes(value.as_bytes())
                .expect("the bytes of a header value are a valid header value");
            // Not copied with the bytes; without it `Debug` would show the token.
            own.set_sensitive(true);
            *value = own;
        }
    }
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usable(generation: u64, value: &'static str) -> CredentialState {
        let mut value = HeaderValue::from_static(value);
        value.set_sensitive(true);
        CredentialState::Usable(Credential {
            generation: Generation(generation),
            headers: vec![(http::header::AUTHORIZATION, value)],
            #[expect(
                clippy::disallowed_methods,
                reason = "an instant has no other constructor"
            )]
            expires_at: Instant::now(),
            state: None,
            slots: Vec::new(),
        })
    }

    fn generation(state: &CredentialState) -> Generation {
        match state {
            CredentialState::Usable(credential) => credential.generation,
            CredentialState::Absent(_) => Generation::NONE,
        }
    }

    #[test]
    fn view_sees_each_publication_once() {
        let cell = Arc::new(CredentialCell::new("main".parse().expect("a name")));
        let mut view = CredentialView::new(Arc::clone(&cell));
        assert_eq!(generation(view.current()), Generation::NONE);
        cell.publish(usable(1, "Bearer a"));
        cell.publish(usable(2, "Bearer b"));
        assert_eq!(generation(view.current()), Generation(2));
    }

    #[test]
    fn credential_debug_hides_the_token() {
        assert!(!format!("{:?}", usable(1, "Bearer planted-token")).contains("planted"));
    }
}
