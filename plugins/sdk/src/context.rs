//! What an operation is given.

use crate::{
    Result,
    http::Http,
    secret::SecretBytes,
    services::{self, Services},
    task::{Mailbox, Sleep},
};
use plugins_abi::Reason as AbiReason;
use std::{sync::Arc, time::Duration};
use zeroize::Zeroizing;

/// Why an authorization begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// First credential, or none left.
    Fetch,
    /// The current credential nears its end.
    Refresh,
    /// The carrier refused the current credential.
    UpstreamRejected,
    /// A person consented; the parameters hold the authorization code.
    AuthCode,
    /// Give the grant back.
    Revoke,
}

impl Reason {
    /// Unknown reasons count as [`Reason::Fetch`], which is always safe.
    pub(crate) const fn from_abi(reason: u32) -> Self {
        match reason {
            AbiReason::REFRESH => Self::Refresh,
            AbiReason::UPSTREAM_REJECTED => Self::UpstreamRejected,
            AbiReason::AUTH_CODE => Self::AuthCode,
            AbiReason::REVOKE => Self::Revoke,
            _ => Self::Fetch,
        }
    }
}

/// The start of an operation, owned: what the gateway lends ends with the call.
pub(crate) struct BeginArgs {
    pub(crate) reason: Reason,
    pub(crate) slot: String,
    pub(crate) state: SecretBytes,
    pub(crate) params: Vec<(String, Zeroizing<String>)>,
}

impl BeginArgs {
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        let mut params = self.params.iter();
        params
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// What an operation is given: its occasion, the network, timers, a clock and randomness.
pub struct Context {
    begin_args: BeginArgs,
    http: Http,
    mailbox: Arc<Mailbox>,
    services: Arc<dyn Services>,
}

impl Context {
    pub(crate) fn new(
        begin_args: BeginArgs,
        mailbox: Arc<Mailbox>,
        services: Arc<dyn Services>,
    ) -> Self {
        let http = Http::new(Arc::clone(&mailbox), Arc::clone(&services));
        Self {
            begin_args,
            http,
            mailbox,
            services,
        }
    }

    /// The gateway's HTTP client.
    pub const fn http(&self) -> &Http {
        &self.http
    }

    /// Ready after that span, by the gateway's timer.
    pub fn sleep(&self, span: Duration) -> Sleep {
        Sleep::new(Arc::clone(&self.mailbox), span)
    }

    /// What the slot's last credential carried; empty if nothing.
    pub fn previous_state(&self) -> &[u8] {
        &self.begin_args.state
    }

    /// Why the operation was begun.
    pub const fn reason(&self) -> Reason {
        self.begin_args.reason
    }

    /// Which of the manifest's credentials is wanted; empty if it has only one.
    pub fn slot(&self) -> &str {
        &self.begin_args.slot
    }

    /// A parameter such as `code`, `redirect_uri`, `pkce_verifier` or `dep.<slot>`.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.begin_args.param(name)
    }

    /// Milliseconds since the Unix epoch: the only clock a plugin may read.
    pub fn now_unix_ms(&self) -> u64 {
        self.services.now_unix_ms()
    }

    /// Fills `dst` from the gateway's cryptographic generator.
    pub fn random(&self, dst: &mut [u8]) -> Result<()> {
        services::random(&*self.services, dst)
    }
}
