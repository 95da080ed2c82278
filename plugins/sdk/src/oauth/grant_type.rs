//! Which token request an account makes: with its own credentials, or with the consent of a person.

use crate::{Error, Reason, Result};
use serde::Deserialize;

/// Whose tokens an account's are: its setting `grant`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// The application's own (RFC 6749 section 4.4).
    #[default]
    ClientCredentials,
    /// Those of a person who consented (RFC 6749 section 4.1).
    AuthorizationCode,
}

/// What an operation asks of the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantRequest {
    /// A token for the application's own credentials.
    ClientCredentials,
    /// Tokens for an authorization code.
    Code,
    /// Tokens for the refresh token that the account's state holds.
    Refresh,
}

impl GrantType {
    /// What an operation with this reason asks of a carrier that cannot revoke a grant.
    pub fn request(self, reason: Reason, carrier: &str) -> Result<GrantRequest> {
        match (self, reason) {
            (_, Reason::Revoke) => Err(Error::config(
                "revoke",
                format!("{carrier} has no way to revoke a grant"),
            )),
            (_, Reason::AuthCode) => self.consents().map(|()| GrantRequest::Code),
            (
                Self::ClientCredentials,
                Reason::Fetch | Reason::Refresh | Reason::UpstreamRejected,
            ) => Ok(GrantRequest::ClientCredentials),
            (
                Self::AuthorizationCode,
                Reason::Fetch | Reason::Refresh | Reason::UpstreamRejected,
            ) => Ok(GrantRequest::Refresh),
        }
    }

    /// Refuses a consent for an account that uses none.
    pub fn consents(self) -> Result<()> {
        match self {
            Self::AuthorizationCode => Ok(()),
            Self::ClientCredentials => Err(Error::config(
                "grant",
                "grant: this account uses client_credentials; for a consent, set authorization_code",
            )),
        }
    }
}
