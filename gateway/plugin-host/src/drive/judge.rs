//! Reads what one call returned and emitted. Whatever the C header does not allow is a violation.

use super::slots;
use crate::{
    Issued, Violation, fields,
    sink::{Emission, Emitted, EmittedCredential, OpEnd, UncheckedField},
};
use gateway_model::{Failure, FailureClass};
use http::{HeaderName, HeaderValue};
use plugins_abi::Status;
use std::time::Duration;

/// Where the operation stands after a call.
pub(super) enum Verdict {
    Issued(Issued),
    Failed(Failure),
    Wants(Vec<Emission>),
}

/// What the rules for an operation's end depend on.
#[derive(Clone, Copy)]
pub(super) struct StepContext<'a> {
    /// The operation began with this call.
    pub(super) begins: bool,
    /// It gives a grant back, which yields no credential.
    pub(super) revokes: bool,
    /// The slots of the plugin's manifest.
    pub(super) slots: &'a [String],
}

pub(super) fn judge(
    status: Status,
    emitted: Emitted,
    context: StepContext<'_>,
) -> Result<Verdict, Violation> {
    // A violation counts before the status: what was emitted beside it cannot be trusted.
    if let Some(violation) = emitted.violation {
        return Err(violation);
    }
    // An operation that ends may still cancel what is outstanding, but ask for nothing more.
    let cancels_only = |emissions: &[Emission]| {
        let cancel = |emission: &Emission| matches!(emission, Emission::Cancel { .. });
        emissions.iter().all(cancel)
    };
    match (status, emitted.end) {
        (Status::OK, None) => Ok(Verdict::Wants(emitted.emissions)),
        (Status::OK | Status::FAILED, Some(_)) if !cancels_only(&emitted.emissions) => {
            Err(Violation::EndAndRequests)
        }
        (Status::OK, Some(OpEnd::Done(done))) => Ok(Verdict::Issued(issued(done, context)?)),
        (Status::OK | Status::FAILED, Some(OpEnd::Failed(failure))) => Ok(Verdict::Failed(failure)),
        (Status::FAILED, Some(OpEnd::Done(_))) => Err(Violation::Contradiction),
        (Status::FAILED, None) => Err(Violation::NoReason),
        (Status::PANIC, end) => Err(Violation::panicked(end.and_then(OpEnd::failure))),
        (Status::UNSUPPORTED, _) if context.begins => Ok(Verdict::Failed(Failure::new(
            FailureClass::Config,
            "unsupported",
            "the plugin does not know this kind of authorization: update it",
        ))),
        (Status::UNSUPPORTED, _) => Err(Violation::Unsupported),
        (Status(other), _) => Err(Violation::UnknownStatus(other)),
    }
}

fn issued(done: EmittedCredential, context: StepContext<'_>) -> Result<Issued, Violation> {
    // A credential in the query would end up in logs, so this version has none.
    if done.query {
        return Err(Violation::QueryCredential);
    }
    if done.fields.is_empty() && !context.revokes {
        return Err(Violation::EmptyCredential);
    }
    let slots = slots::issued(done.slots, context.slots)?;
    let wish = (done.refresh_after_ms != 0).then(|| Duration::from_millis(done.refresh_after_ms));
    Ok(Issued {
        headers: credential_fields(&done.fields)?,
        lifetime: lifetime(done.ttl_ms),
        renew_after: slots::renew_after(wish, &slots),
        state: done.state,
        grant: done.grant,
        facts: done.facts,
        slots,
    })
}

/// The largest number means that a credential has no end.
pub(super) fn lifetime(ttl_ms: u64) -> Option<Duration> {
    (ttl_ms != u64::MAX).then(|| Duration::from_millis(ttl_ms))
}

/// The fields of a credential, as HTTP allows them.
pub(super) fn credential_fields(
    unchecked: &[UncheckedField],
) -> Result<Vec<(HeaderName, HeaderValue)>, Violation> {
    let check = |(name, value): &UncheckedField| {
        let (name, mut value) = fields::field(name, value, "a credential")?;
        // Marked here, so that no log and no HPACK table of HTTP/2 ever holds it in clear.
        value.set_sensitive(true);
        Ok((name, value))
    };
    unchecked.iter().map(check).collect()
}
