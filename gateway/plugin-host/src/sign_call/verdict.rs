//! What the result of a signature's call means.

use super::SignatureDraft;
use crate::{Violation, health::Health};
use gateway_model::{Failure, FailureClass, SignatureFields};
use plugins_abi::Status;

/// A request without its signature is never sent, so a grant in it is unharmed.
pub(crate) fn not_sent(mut failure: Failure) -> Failure {
    failure.certainly_not_sent = true;
    failure
}

/// The fields, or what the call's failure means.
pub(crate) fn conclude(
    health: &Health,
    status: Status,
    draft: SignatureDraft,
) -> Result<SignatureFields, Failure> {
    match judge(status, draft) {
        Ok(Ok(fields)) => Ok(fields),
        Ok(Err(failure)) => {
            if failure.class == FailureClass::Bug {
                health.bug();
            }
            Err(failure)
        }
        Err(violation) => Err(blame(health, &violation)),
    }
}

/// Reads what the call returned and left in the sink.
fn judge(
    status: Status,
    draft: SignatureDraft,
) -> Result<Result<SignatureFields, Failure>, Violation> {
    // A broken rule first: what else was set cannot be trusted.
    if let Some(violation) = draft.violation {
        return Err(violation);
    }
    match (status, draft.failure) {
        (Status::OK, None) => Ok(Ok(draft.fields)),
        (Status::OK | Status::FAILED, Some(failure)) => Ok(Err(failure)),
        (Status::FAILED, None) => Err(Violation::NoReason),
        (Status::PANIC, failure) => Err(Violation::panicked(failure)),
        (Status::UNSUPPORTED, _) => Err(Violation::SignUnsupported),
        (Status(other), _) => Err(Violation::UnknownStatus(other)),
    }
}

#[cold]
fn blame(health: &Health, violation: &Violation) -> Failure {
    health.bug();
    let failure = violation.failure(health.name());
    tracing::error!(
        plugin = health.name(),
        code = failure.code,
        "a request could not be signed: {violation}"
    );
    failure
}
