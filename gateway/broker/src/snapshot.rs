//! What is published: a credential ready to inject, or a reason that says what to do next.

use aws_lc_rs::digest::{SHA256, digest};
use gateway_model::{
    AccountId, Credential, Failure, FailureClass, Fingerprint, Generation, Unavailable,
    UnavailableReason,
};
use gateway_token::Why;
use http::{HeaderName, HeaderValue, header};
use std::time::Instant;

/// The code of a failure that the gateway's own mint budget caused.
pub(crate) const OVER_BUDGET: &str = "mint_budget";

/// The code of a failure of the store: the use of a single-use grant could not be recorded.
pub(crate) const NOT_RECORDED: &str = "store_unavailable";

/// Prepares a credential once, so that a request only copies it.
pub(crate) fn credential(
    generation: Generation,
    mut headers: Vec<(HeaderName, HeaderValue)>,
    expires_at: Instant,
) -> Credential {
    for (_, value) in &mut headers {
        value.set_sensitive(true);
    }
    Credential {
        generation,
        headers,
        expires_at,
        state: None,
    }
}

/// The first four bytes of the token's SHA-256, without the scheme in front of it. Only for whoever
/// looks: at a start, hashing every token that is taken over would be a good part of the work.
pub(crate) fn fingerprint(headers: &[(HeaderName, HeaderValue)]) -> Fingerprint {
    let value = headers
        .iter()
        .find(|(name, _)| *name == header::AUTHORIZATION)
        .or_else(|| headers.first())
        .map_or(&b""[..], |(_, value)| value.as_bytes());
    let token = match value.iter().position(|byte| *byte == b' ') {
        Some(space) => value[space..].trim_ascii_start(),
        None => value,
    };
    let digest = digest(&SHA256, token);
    let first = digest.as_ref().first_chunk();
    Fingerprint(*first.expect("a SHA-256 has 32 bytes"))
}

/// Says why there is no token and what to do next.
pub(crate) fn unavailable(
    account: &AccountId,
    why: &Why,
    retry_at: Option<Instant>,
) -> Unavailable {
    let (reason, message) = match why {
        Why::Expired => (
            UnavailableReason::Pending,
            format!(
                "the token of account {account} expired and the next one is on its way; try again"
            ),
        ),
        Why::Changed => (
            UnavailableReason::Pending,
            format!(
                "the credentials of account {account} were replaced and a token for the new \
                 ones is on its way; try again"
            ),
        ),
        Why::Failed(failure) => (reason(failure), message(account, failure)),
    };
    Unavailable {
        reason,
        message,
        retry_at,
    }
}

fn reason(failure: &Failure) -> UnavailableReason {
    match failure.class {
        FailureClass::Transient if rate_limited(failure) => UnavailableReason::RateLimited,
        // Nothing was sent, and the carrier has no part in it.
        FailureClass::Transient if failure.code == NOT_RECORDED => {
            UnavailableReason::TokenEndpointFailing
        }
        FailureClass::Transient if failure.certainly_not_sent => {
            UnavailableReason::CarrierUnreachable
        }
        FailureClass::Transient | FailureClass::Protocol => UnavailableReason::TokenEndpointFailing,
        FailureClass::Rejected => UnavailableReason::CredentialsRejected,
        FailureClass::Config => UnavailableReason::Misconfigured,
        FailureClass::Interaction => UnavailableReason::NeedsConsent,
        FailureClass::Bug => UnavailableReason::PluginFault,
    }
}

/// Carriers' own codes for it end like the status does (UPS: `10429`).
fn rate_limited(failure: &Failure) -> bool {
    failure.code == OVER_BUDGET || failure.code.ends_with("429")
}

fn message(account: &AccountId, failure: &Failure) -> String {
    let next = match failure.class {
        FailureClass::Transient => "the gateway tries again by itself",
        FailureClass::Rejected => {
            "check the account's client id and secret, its environment, and that the carrier has \
             not blocked it"
        }
        FailureClass::Config => "correct the account's configuration",
        FailureClass::Interaction => "a person must sign in at the carrier for this account again",
        FailureClass::Protocol => {
            "the gateway tries again slowly; if this goes on, look at the token endpoint's answers \
             and for a newer plugin"
        }
        FailureClass::Bug => "the gateway tries again slowly; replace the carrier's plugin",
    };
    format!("no token for account {account}: {failure}; {next}")
}

#[cfg(test)]
mod tests;
