//! What an operator is shown of an account; never a token.

use gateway_model::{
    AccountId, CarrierId, Environment, FailureClass, Fingerprint, Generation, GrantStatus,
    TokenFacts, Unavailable,
};
use std::time::SystemTime;

/// The state of one account's tokens, for the admin API and for readiness.
#[derive(Clone, Debug)]
pub struct AccountStatus {
    /// The account.
    pub account: AccountId,
    /// Its carrier.
    pub carrier: CarrierId,
    /// Its environment.
    pub environment: Environment,
    /// Its OAuth client.
    pub client_id: String,
    /// The state of its lifecycle: `vacant`, `acquiring`, `fresh`, `renewing`, `backing_off`,
    /// `rejected`.
    pub state: &'static str,
    /// Whether requests get a token now.
    pub usable: bool,
    /// Why requests get none.
    pub unavailable: Option<Unavailable>,
    /// Tokens issued so far.
    pub generation: Generation,
    /// The current token's fingerprint.
    pub fingerprint: Option<Fingerprint>,
    /// When the current token was asked for.
    pub issued_at: Option<SystemTime>,
    /// When the carrier ends it.
    pub expires_at: Option<SystemTime>,
    /// The state of the grant that tokens are requested with.
    pub grant: GrantStatus,
    /// When the grant itself ends and a person must sign in again.
    pub grant_ends_at: Option<SystemTime>,
    /// What the carrier said about the newest token.
    pub facts: TokenFacts,
    /// The slots other than the first, of the published credential.
    pub slots: Vec<SlotStatus>,
    /// When the next token request starts by itself.
    pub next_attempt_at: Option<SystemTime>,
    /// A 401 starts no renewal before this time.
    pub cooling_down_until: Option<SystemTime>,
    /// The result of the last token request.
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

/// The state of a slot other than the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotStatus {
    /// Its name in the plugin's manifest.
    pub name: String,
    /// Until when its fields are used, or why there are none.
    pub usable_until: Result<SystemTime, String>,
}

/// The result of a token request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastResult {
    /// When it ended.
    pub at: SystemTime,
    /// Why it was made.
    pub reason: &'static str,
    /// How it ended.
    pub outcome: RequestOutcome,
}

/// How a token request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestOutcome {
    /// The carrier issued a token.
    Issued,
    /// It did not.
    Failed {
        /// Who has to act.
        class: FailureClass,
        /// The carrier's or the host's stable code.
        code: String,
        /// Explanation for people.
        message: String,
    },
}
