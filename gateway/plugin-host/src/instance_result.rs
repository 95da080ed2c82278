//! Reads what the making of an instance returned. Whatever the C header does not allow is a violation.

use crate::{Violation, call::Returned, health::Health, sink::OpEnd};
use gateway_model::{Failure, FailureClass};
use plugins_abi::Status;

/// The handle, if the plugin made one by the rules.
pub(crate) fn check<H>(health: &Health, made: Returned<H>) -> Result<H, Failure> {
    let violated = |violation: Violation| {
        health.bug();
        violation.failure(health.name())
    };
    if let Some(first) = made.emitted.violation {
        return Err(violated(first));
    }
    if !made.emitted.emissions.is_empty() {
        return Err(violated(Violation::Misplaced));
    }
    match (made.status, made.emitted.end, made.handle) {
        // A credential belongs to an authorization, where its limits and its grant are checked.
        (_, Some(OpEnd::Done(_)), _) => Err(violated(Violation::Misplaced)),
        (Status::OK, None, Some(handle)) => Ok(handle),
        (Status::OK, None, None) => Err(violated(Violation::NoHandle)),
        (Status::OK, Some(OpEnd::Failed(_)), _) => Err(violated(Violation::Contradiction)),
        (Status::FAILED, Some(OpEnd::Failed(failure)), _) => {
            if failure.class == FailureClass::Bug {
                health.bug();
            }
            Err(failure)
        }
        (Status::FAILED, None, _) => Err(violated(Violation::NoReason)),
        (Status::PANIC, end, _) => Err(violated(Violation::panicked(end.and_then(OpEnd::failure)))),
        (Status::UNSUPPORTED, _, _) => Err(Failure::new(
            FailureClass::Config,
            "unsupported",
            "the plugin cannot make an instance from any configuration",
        )),
        (Status(other), _, _) => Err(violated(Violation::UnknownStatus(other))),
    }
}
