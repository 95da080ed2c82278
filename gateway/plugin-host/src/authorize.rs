//! What goes into an authorization and what comes out.

use ::http::{HeaderName, HeaderValue};
use gateway_model::{Secret, SecretBytes};
use std::time::Duration;

/// Why an authorization begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// First credential, or none left.
    Fetch,
    /// The current credential nears its end.
    Refresh,
    /// The carrier refused the current credential.
    UpstreamRejected,
}

/// One authorization to carry out.
#[derive(Debug)]
pub struct Authorization {
    /// Why.
    pub reason: Reason,
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
}
