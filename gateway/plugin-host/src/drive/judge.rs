//! Reads what one call returned and emitted. Whatever the C header does not allow is a violation.

use crate::{
    Issued, Violation, fields,
    sink::{Emission, Emitted, EmittedCredential, OpEnd},
};
use gateway_model::{Failure, FailureClass};
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
pub(super) struct StepContext {
    /// The operation began with this call.
    pub(super) begins: bool,
    /// It gives a grant back, which yields no credential.
    pub(super) revokes: bool,
}

pub(super) fn judge(
    status: Status,
    emitted: Emitted,
    context: StepContext,
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
        (Status::OK, Some(OpEnd::Done(done))) => {
            Ok(Verdict::Issued(issued(done, context.revokes)?))
        }
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

fn issued(done: EmittedCredential, revokes: bool) -> Result<Issued, Violation> {
    // A credential in the query would end up in logs, so this version has none.
    if done.query {
        return Err(Violation::QueryCredential);
    }
    if done.fields.is_empty() && !revokes {
        return Err(Violation::EmptyCredential);
    }
    let mut headers = Vec::with_capacity(done.fields.len());
    for (name, value) in &done.fields {
        let (name, mut value) = fields::field(name, value, "a credential")?;
        // Marked here, so that no log and no HPACK table of HTTP/2 ever holds it in clear.
        value.set_sensitive(true);
        headers.push((name, value));
    }
    Ok(Issued {
        headers,
        // The largest number means that the credential has no end.
        lifetime: (done.ttl_ms != u64::MAX).then(|| Duration::from_millis(done.ttl_ms)),
        renew_after: (done.refresh_after_ms != 0)
            .then(|| Duration::from_millis(done.refresh_after_ms)),
        state: done.state,
        grant: done.grant,
        facts: done.facts,
    })
}
