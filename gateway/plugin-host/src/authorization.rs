//! What goes into an authorization and what comes out.

use ::http::{HeaderName, HeaderValue};
use gateway_model::{Failure, Secret, SecretBytes, TokenFacts};
use std::{sync::Arc, time::Duration};

/// Why an authorization begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthorizationReason {
    /// First credential, or none left.
    Fetch,
    /// The current credential nears its end.
    Refresh,
    /// The carrier refused the current credential.
    UpstreamRejected,
    /// A person consented: the parameters `code`, `redirect_uri` and `pkce_verifier` say to what.
    AuthCode,
    /// The grant is to be given back.
    Revoke,
}

/// One authorization to carry out.
#[derive(Debug)]
pub struct Authorization {
    /// Why.
    pub reason: AuthorizationReason,
    /// Which of the manifest's slots; empty for its only one.
    pub slot: String,
    /// What the slot's last credential carried.
    pub state: SecretBytes,
    /// Further parameters, such as an authorization code.
    pub params: Vec<(String, Secret)>,
}

/// What a successful authorization yields.
#[derive(Debug)]
pub struct Issued {
    /// For every request to the carrier; marked sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// From the begin of the authorization, the conservative end; `None`: does not expire.
    pub lifetime: Option<Duration>,
    /// When to renew, from the same begin; `None`: the gateway decides.
    pub renew_after: Option<Duration>,
    /// To be kept sealed and handed to the next authorization.
    pub state: SecretBytes,
    /// What became of a single-use grant that the state held or that the code brought.
    pub grant: GrantChange,
    /// What the carrier said about the token; for people.
    pub facts: TokenFacts,
    /// The slots other than the first about which the plugin said something.
    pub slots: Vec<IssuedSlot>,
}

/// What became of a slot other than the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedSlot {
    /// Its name in the manifest.
    pub name: Arc<str>,
    /// The fields for the requests of the operations that need it, marked sensitive; or why there are none.
    pub fields: Result<Vec<(HeaderName, HeaderValue)>, Failure>,
    /// From the begin of the authorization; `None`: as long as the credential.
    pub lifetime: Option<Duration>,
}

/// What an authorization did to the single-use grant in the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantChange {
    /// There is none: client credentials and the like may be presented any number of times.
    NotSingleUse,
    /// The state holds a new one.
    Replaced {
        /// How long it lives, from the begin of the authorization; `None`: the carrier did not say.
        lifetime: Option<Duration>,
    },
    /// The one presented stays good, and the state still holds it.
    Kept,
    /// The one presented is used up, and no new one came.
    Gone,
}

/// What a consent begins with.
#[derive(Debug)]
pub struct ConsentRequest {
    /// Which of the manifest's slots; empty for its only one.
    pub slot: String,
    /// Where the carrier sends the person back to, exactly as it is registered there.
    pub redirect_uri: String,
    /// Ties the way back to the browser that began (RFC 6749 section 10.12).
    pub state: Secret,
    /// Of the verifier that only the gateway knows, by S256 (RFC 7636 section 4.2).
    pub pkce_challenge: String,
}
