//! Reads what one call returned and emitted. Whatever the header does not foresee is a breach.

use crate::{
    Breach, Issued, fields,
    sink::{Done, Emission, Emitted, End},
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

/// What the operation's end is judged by.
#[derive(Clone, Copy)]
pub(super) struct Occasion {
    /// The operation began with this call.
    pub(super) begins: bool,
    /// It gives a grant back, which yields no credential.
    pub(super) revokes: bool,
}

pub(super) fn judge(
    status: Status,
    emitted: Emitted,
    occasion: Occasion,
) -> Result<Verdict, Breach> {
    if let Some(breach) = emitted.breach {
        return Err(breach);
    }
    let cancels_only = |emissions: &[Emission]| {
        let cancel = |emission: &Emission| matches!(emission, Emission::Cancel { .. });
        emissions.iter().all(cancel)
    };
    match (status, emitted.end) {
        (Status::OK, None) => Ok(Verdict::Wants(emitted.emissions)),
        (Status::OK | Status::FAILED, Some(_)) if !cancels_only(&emitted.emissions) => {
            Err(Breach::EndAndRequests)
        }
        (Status::OK, Some(End::Done(done))) => Ok(Verdict::Issued(issued(done, occasion.revokes)?)),
        (Status::OK | Status::FAILED, Some(End::Failed(failure))) => Ok(Verdict::Failed(failure)),
        (Status::FAILED, Some(End::Done(_))) => Err(Breach::Contradiction),
        (Status::FAILED, None) => Err(Breach::NoReason),
        (Status::PANIC, end) => Err(Breach::panicked(end)),
        (Status::UNSUPPORTED, _) if occasion.begins => Ok(Verdict::Failed(Failure::new(
            FailureClass::Config,
            "unsupported",
            "the plugin does not know this kind of authorization: update it",
        ))),
        (Status::UNSUPPORTED, _) => Err(Breach::Unsupported),
        (Status(other), _) => Err(Breach::UnknownStatus(other)),
    }
}

fn issued(done: Done, revokes: bool) -> Result<Issued, Breach> {
    if done.query {
        return Err(Breach::QueryCredential);
    }
    if done.fields.is_empty() && !revokes {
        return Err(Breach::EmptyCredential);
    }
    let mut headers = Vec::with_capacity(done.fields.len());
    for (name, value) in &done.fields {
        let (name, mut value) = fields::field(name, value, "a credential")?;
        value.set_sensitive(true);
        headers.push((name, value));
    }
    Ok(Issued {
        headers,
        lifetime: (done.ttl_ms != u64::MAX).then(|| Duration::from_millis(done.ttl_ms)),
        renew_after: (done.refresh_after_ms != 0)
            .then(|| Duration::from_millis(done.refresh_after_ms)),
        state: done.state,
        grant: done.grant,
        facts: done.facts,
    })
}
