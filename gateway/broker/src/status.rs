//! What an operator is shown. Never a token.

use gateway_model::{
    AccountId, CarrierId, Environment, FailureClass, Fingerprint, Generation, GrantStatus,
    TokenFacts, Unavailable,
};
use std::time::SystemTime;

/// One account's tokens, for the admin API and for readiness.
#[derive(Clone, Debug)]
pub struct AccountStatus {
    /// Which account.
    pub account: AccountId,
    /// Its carrier.
    pub carrier: CarrierId,
    /// Its environment.
    pub environment: Environment,
    /// Its OAuth client.
    pub client_id: String,
    /// Where its lifecycle stands: `vacant`, `acquiring`, `fresh`, `renewing`, `backing_off`,
    /// `rejected`.
    pub state: &'static str,
    /// Whether requests get a token now.
    pub usable: bool,
    /// Why not.
    pub unavailable: Option<Unavailable>,
    /// Tokens issued so far.
    pub generation: Generation,
    /// Of the current token.
    pub fingerprint: Option<Fingerprint>,
    /// When the current token was asked for.
    pub issued_at: Option<SystemTime>,
    /// When the carrier ends it.
    pub expires_at: Option<SystemTime>,
    /// What tokens are requested with, and whether it may be.
    pub grant: GrantStatus,
    /// When the grant itself ends and a person must sign in again.
    pub grant_ends_at: Option<SystemTime>,
    /// What the carrier said about the newest token.
    pub facts: TokenFacts,
    /// When the next token request starts by itself.
    pub next_attempt_at: Option<SystemTime>,
    /// Until when a 401 starts no renewal.
    pub cooling_down_until: Option<SystemTime>,
    /// What the last token request came to.
    pub last_result: Option<LastResult>,
    /// Failures since the last token.
    pub failures: u32,
    /// Tokens issued to this account by this process.
    pub minted: u64,
    /// Callers who joined a flight in progress.
    pub joined: u64,
    /// Callers who found a usable token.
    pub served: u64,
    /// Callers who wait now.
    pub waiting: usize,
}

/// What a token request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastResult {
    /// When it ended.
    pub at: SystemTime,
    /// Why it was made.
    pub reason: &'static str,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a token request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a token.
    Issued,
    /// Without one.
    Failed {
        /// Whose turn it is.
        class: FailureClass,
        /// The carrier's or the host's stable code.
        code: String,
        /// For people.
        message: String,
    },
}
