//! Phase 7: the credential, from the worker's own copy; waiting for it only if there is none.

use super::signature::{Signing, Target};
use crate::{
    directory::{Missing, view::DirectoryView},
    error::{Code, Problem},
    ticks::timeout,
    upstream::body::{self, Sendable},
    worker::Worker,
};
use gateway_model::{Generation, Signer, Unavailable, UnavailableReason};
use http::{HeaderMap, HeaderName, HeaderValue};
use hyper::body::Incoming;
use std::time::Instant;

/// Why a request cannot have its credential.
pub(super) enum Lack {
    /// There is none.
    Credential(Missing),
    /// There is one, but no signature to go with it.
    Signature(Problem),
}

/// What one attempt adds to a request's head.
pub(super) struct Injected {
    /// Of the credential.
    pub(super) generation: Generation,
    /// The credential, and the signature where the carrier wants one.
    pub(super) fields: Vec<(HeaderName, HeaderValue)>,
}

/// Takes the account's credential; signs the request, if that is wanted.
pub(super) async fn take(
    worker: &Worker,
    directory: &DirectoryView,
    account: usize,
    signing: Option<&Signing<'_>>,
) -> Result<Injected, Problem> {
    match try_take(worker, directory, account, signing) {
        Ok(injected) => Ok(injected),
        Err(Lack::Signature(problem)) => Err(problem),
        // Rare and large: kept out of every request's own memory.
        Err(Lack::Credential(missing)) => {
            Box::pin(wait(worker, directory, account, missing, signing)).await
        }
    }
}

/// Takes what is there. An expired credential is not (P9), and none is without the signature that
/// goes with it.
pub(super) fn try_take(
    worker: &Worker,
    directory: &DirectoryView,
    account: usize,
    signing: Option<&Signing<'_>>,
) -> Result<Injected, Lack> {
    let now = worker.now();
    directory.with_account(account, |view| {
        let credential = view.usable(now).map_err(Lack::Credential)?;
        let mut fields = credential.headers.clone();
        if let Some(signing) = signing {
            fields.extend(signing.sign(credential).map_err(Lack::Signature)?);
        }
        Ok(Injected {
            generation: credential.generation,
            fields,
        })
    })
}

async fn wait(
    worker: &Worker,
    directory: &DirectoryView,
    account: usize,
    missing: Missing,
    signing: Option<&Signing<'_>>,
) -> Result<Injected, Problem> {
    let unavailable = |why: Unavailable| {
        let wait = why.retry_after(worker.now());
        Problem::unavailable(why, wait)
    };
    if let Missing::Absent(why) = missing
        && is_settled(&why, worker.now())
    {
        return Err(unavailable(why));
    }
    let id = &directory.index.accounts[account].account.id;
    let acquired = worker.credentials.acquire(id);
    match timeout(
        &worker.ticks,
        worker.settings.limits.credential_wait,
        acquired,
    )
    .await
    {
        Ok(Ok(())) => {}
        Ok(Err(why)) => return Err(unavailable(why)),
        Err(_) => {
            let message = "no token came in time: the carrier's token endpoint is slow; try again";
            return Err(Problem::new(Code::TokenUnavailable, message)
                .after(std::time::Duration::from_secs(1)));
        }
    }
    try_take(worker, directory, account, signing).map_err(|lack| match lack {
        Lack::Signature(problem) => problem,
        Lack::Credential(Missing::Absent(why)) => unavailable(why),
        Lack::Credential(Missing::Expired) => {
            Problem::new(Code::TokenUnavailable, "the token has expired; try again")
                .after(std::time::Duration::from_secs(1))
        }
    })
}

/// Asking the broker now would change nothing (P12).
fn is_settled(why: &Unavailable, now: Instant) -> bool {
    match (why.retry_at, why.reason) {
        (Some(at), _) => now < at,
        (
            None,
            UnavailableReason::CredentialsRejected
            | UnavailableReason::NeedsConsent
            | UnavailableReason::Misconfigured,
        ) => true,
        (
            None,
            UnavailableReason::Pending
            | UnavailableReason::CarrierUnreachable
            | UnavailableReason::RateLimited
            | UnavailableReason::TokenEndpointFailing
            | UnavailableReason::PluginFault,
        ) => false,
    }
}

/// For a request that is signed: holds its content as far as the signature needs it,
/// takes the credential, signs.
pub(super) async fn take_signed(
    worker: &Worker,
    directory: &DirectoryView,
    account: usize,
    signer: &dyn Signer,
    of: Target<'_>,
    headers: &HeaderMap,
    content: Incoming,
) -> Result<(Injected, Sendable), Problem> {
    let mut sendable = body::take(content, &worker.settings.limits, &worker.ticks)?;
    if signer.needs_body() {
        sendable = sendable.whole().await?;
    }
    let signing = Signing {
        signer,
        of,
        headers,
        body: &sendable.again,
    };
    let injected = take(worker, directory, account, Some(&signing)).await?;
    Ok((injected, sendable))
}
