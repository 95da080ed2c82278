//! Why there is no token, and what to do next: each reason's words are here and nowhere else.

use crate::{LastResult, RequestOutcome};
use gateway_model::{AccountId, Failure, FailureClass, Unavailable, UnavailableReason};
use gateway_plugin_host::WORKER_ENDED;
use gateway_token::AbsenceReason;
use std::time::Instant;

/// The code of a failure that the gateway's own mint budget caused.
pub(crate) const OVER_BUDGET: &str = "mint_budget";

/// The code of a failure of the store: the use of a single-use grant could not be recorded.
pub(crate) const NOT_RECORDED: &str = "store_unavailable";

/// The code of a failure of the account's owner to answer in time.
pub(crate) const OWNER_SILENT: &str = "owner_silent";

/// The code of the owner's refusal to renew a token that it finds good.
pub(crate) const TOKEN_KEPT: &str = "token_kept";

/// The code of a presentation of which nobody knows whether the carrier saw it.
pub(crate) const OUTCOME_UNKNOWN: &str = "outcome_unknown";

/// Explains a withdrawal.
pub(crate) fn withdrawn(
    account: &AccountId,
    why: &AbsenceReason,
    retry_at: Option<Instant>,
) -> Unavailable {
    let (reason, message) = match why {
        AbsenceReason::Expired => (
            UnavailableReason::Pending,
            format!(
                "the token of account {account} expired and the next one is on its way; try again"
            ),
        ),
        AbsenceReason::Changed => (
            UnavailableReason::Pending,
            format!(
                "the credentials of account {account} were replaced and a token for the new \
                 ones is on its way; try again"
            ),
        ),
        AbsenceReason::Failed(failure) => (reason(failure), message(account, failure)),
    };
    Unavailable {
        reason,
        message,
        retry_at,
    }
}

/// The account is not kept by this broker.
pub(crate) fn unknown_account(account: &AccountId) -> Unavailable {
    Unavailable {
        reason: UnavailableReason::Misconfigured,
        message: format!("there is no account {account}; add it, or correct the name"),
        retry_at: None,
    }
}

/// A token may come, but the caller cannot wait for it.
pub(crate) fn pending(account: &AccountId, why: &str, retry_at: Option<Instant>) -> Unavailable {
    Unavailable {
        reason: UnavailableReason::Pending,
        message: format!("no token for account {account} yet: {why}; try again"),
        retry_at,
    }
}

/// The published token's time is over, and its withdrawal has not come yet.
pub(crate) fn just_expired(account: &AccountId) -> Unavailable {
    Unavailable {
        reason: UnavailableReason::Pending,
        message: format!("the token of account {account} just expired; try again"),
        retry_at: None,
    }
}

/// The present token stays, because its renewal failed or did not start.
pub(crate) fn not_renewed(account: &AccountId, last: Option<&LastResult>) -> Unavailable {
    let why = match last.map(|last| &last.outcome) {
        Some(RequestOutcome::Failed { code, message, .. }) => format!(": {message} ({code})"),
        Some(RequestOutcome::Issued) | None => String::new(),
    };
    Unavailable {
        reason: UnavailableReason::Pending,
        message: format!("there is no newer token for account {account} than the present one{why}"),
        retry_at: None,
    }
}

/// A slot beside the first could not be had.
pub(crate) fn slot_failed(
    account: &AccountId,
    slot: &str,
    failure: &Failure,
    retry_at: Option<Instant>,
) -> Unavailable {
    Unavailable {
        reason: reason(failure),
        message: format!(
            "account {account} has no credential in its slot {slot}: {failure}; {}",
            next_step(failure)
        ),
        retry_at,
    }
}

fn reason(failure: &Failure) -> UnavailableReason {
    match failure.class {
        FailureClass::Transient if rate_limited(failure) => UnavailableReason::RateLimited,
        // Before `certainly_not_sent`: nothing was sent, but the carrier is reachable.
        FailureClass::Transient
            if failure.code == NOT_RECORDED
                || failure.code == OWNER_SILENT
                || failure.code == TOKEN_KEPT =>
        {
            UnavailableReason::TokenEndpointFailing
        }
        // Likewise: neither the carrier nor its token endpoint is at fault.
        FailureClass::Transient if failure.code == WORKER_ENDED => UnavailableReason::PluginFault,
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

/// A carrier's own code for the status 429 usually ends with it (UPS: `10429`).
fn rate_limited(failure: &Failure) -> bool {
    failure.code == OVER_BUDGET || failure.code.ends_with("429")
}

fn message(account: &AccountId, failure: &Failure) -> String {
    let next = next_step(failure);
    format!("no token for account {account}: {failure}; {next}")
}

const fn next_step(failure: &Failure) -> &'static str {
    match failure.class {
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
    }
}

#[cfg(test)]
mod tests;
