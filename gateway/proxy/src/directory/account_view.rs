//! A worker's own copy of an account.
//!
//! Cloning a header value counts a reference. Were the count shared between workers, every request
//! would pull its cache line from another core; so each worker has values of its own.

use super::types::Account;
use gateway_model::{Credential, CredentialState, CredentialView, Unavailable};
use http::HeaderValue;
use std::{sync::Arc, time::Instant};

/// A worker's view of an account.
pub(crate) struct AccountView {
    /// The account's name, for `Waybill-Account`.
    pub(crate) name: HeaderValue,
    credential: CredentialView,
}

impl AccountView {
    pub(crate) fn new(account: &Account) -> Self {
        Self {
            name: HeaderValue::from_str(account.id.as_str())
                .expect("an account's name is made of letters, digits, '-', '_' and '.'"),
            credential: CredentialView::new(Arc::clone(&account.cell)),
        }
    }

    /// The credential, if there is one and it has not expired . An expired one is never sent.
    pub(crate) fn usable(&mut self, now: Instant) -> Result<&Credential, MissingCredential> {
        match self.credential.current() {
            // The instant is compared for each request: a late withdrawal must not let an expired token out.
            CredentialState::Usable(credential) if now < credential.expires_at => Ok(credential),
            CredentialState::Usable(_) => Err(MissingCredential::Expired),
            CredentialState::Absent(why) => Err(MissingCredential::Absent(why.clone())),
        }
    }
}

/// Why an account has no usable credential.
#[derive(Clone, Debug)]
pub(crate) enum MissingCredential {
    Expired,
    Absent(Unavailable),
}
