//! Phase 7: taking the credential from the worker's own copy, and waiting only if there is none.

use super::{
    signature::{Signing, Target},
    slots,
    trace::RequestTrace,
};
use crate::{
    directory::{MissingCredential, view::DirectoryView},
    error::{Code, Problem},
    fields::Fields,
    ticks::timeout,
    upstream::body::{self, AppBody, ReplayableBody},
    worker::Worker,
};
use gateway_model::{
    Generation, Operation, PendingSignature, Signature, Signer, Unavailable, UnavailableReason,
};
use http::{HeaderName, HeaderValue};
use std::time::Instant;

/// Why the fields of an attempt cannot be made.
pub(super) enum InjectionError {
    /// There is no usable credential.
    Credential(MissingCredential),
    /// There is a credential, but a slot that the operation needs has none.
    Slot(Problem),
    /// There is a credential, but the request could not be signed.
    Signature(Problem),
}

/// What one attempt adds to a request's head.
pub(super) struct Injected {
    /// Of the credential.
    pub(super) generation: Generation,
    /// The credential, and the signature where the carrier wants one.
    pub(super) fields: Vec<(HeaderName, HeaderValue)>,
}

/// What an attempt will add, once its signature is there.
pub(super) struct Taken {
    injected: Injected,
    pending: Option<PendingSignature>,
}

impl Taken {
    /// Of the credential.
    pub(super) const fn generation(&self) -> Generation {
        self.injected.generation
    }

    /// Waits for the signature, if another process makes it.
    pub(super) async fn signed(self) -> Result<Injected, Problem> {
        let mut injected = self.injected;
        if let Some(pending) = self.pending {
            injected
                .fields
                .extend(pending.await.map_err(Problem::unsigned)?);
        }
        Ok(injected)
    }
}

/// Takes the account's credential, with those of the slots that `operation` needs; signs the request, if
/// that is wanted. `trace` hears of the token request that is waited for.
pub(super) async fn take(
    worker: &Worker,
    directory: &DirectoryView,
    account: usize,
    operation: Option<&Operation>,
    signing: Option<&Signing<'_>>,
    trace: Option<&RequestTrace>,
) -> Result<Injected, Problem> {
    match try_take(worker, directory, account, operation, signing) {
        Ok(taken) => taken.signed().await,
        Err(InjectionError::Slot(problem) | InjectionError::Signature(problem)) => Err(problem),
        // Rare and large: kept out of every request's own memory.
        Err(InjectionError::Credential(missing)) => {
            let waited = wait(
                worker, directory, account, missing, operation, signing, trace,
            );
            Box::pin(waited).await
        }
    }
}

/// Takes the credential that is published now. Never an expired one, and never one without the signature
/// that its carrier requires.
pub(super) fn try_take(
    worker: &Worker,
    directory: &DirectoryView,
    account: usize,
    operation: Option<&Operation>,
    signing: Option<&Signing<'_>>,
) -> Result<Taken, InjectionError> {
    // Once, so that the check and the signature mean the same instant.
    let now = worker.now();
    directory.with_account(account, |view| {
        let credential = view.usable(now).map_err(InjectionError::Credential)?;
        // Signed inside the borrow: the signature must belong to this generation and no newer one.
        let mut fields = credential.headers.clone();
        if let Some(operation) = operation {
            let account = &directory.index.accounts[account].account.id;
            slots::add(&mut fields, credential, operation, account, now)
                .map_err(|why| InjectionError::Slot(unavailable(why, now)))?;
        }
        let mut pending = None;
        if let Some(signing) = signing {
            match signing
                .sign(credential, &fields)
                .map_err(InjectionError::Signature)?
            {
                Signature::Ready(signed) => {
                    let signed = signed.map_err(Problem::unsigned);
                    fields.extend(signed.map_err(InjectionError::Signature)?);
                }
                // Waited for outside the borrow, which must not be held meanwhile.
                Signature::Pending(signature) => pending = Some(signature),
            }
        }
        let generation = credential.generation;
        let injected = Injected { generation, fields };
        Ok(Taken { injected, pending })
    })
}

async fn wait(
    worker: &Worker,
    directory: &DirectoryView,
    account: usize,
    missing: MissingCredential,
    operation: Option<&Operation>,
    signing: Option<&Signing<'_>>,
    trace: Option<&RequestTrace>,
) -> Result<Injected, Problem> {
    let unavailable = |why: Unavailable| unavailable(why, worker.now());
    // Fail at once when waiting cannot help: otherwise each request of a broken account would hold its
    // connection for the whole of `credential_wait`.
    if let MissingCredential::Absent(why) = missing
        && is_settled(&why, worker.now())
    {
        return Err(unavailable(why));
    }
    let id = &directory.index.accounts[account].account.id;
    // Bounded by `credential_wait`: the app must get its 503 before its own client gives up.
    let acquired = worker.credentials.acquire(id);
    let patience = worker.settings().limits.credential_wait;
    let demanded = timeout(&worker.ticks, patience, acquired).await;
    if let (Ok(demanded), Some(trace)) = (&demanded, trace) {
        trace.waited_for(demanded.token_request);
    }
    match demanded.map(|demanded| demanded.result) {
        Ok(Ok(())) => {}
        Ok(Err(why)) => return Err(unavailable(why)),
        Err(_) => {
            let message =
                "no token came in time, because the carrier's token endpoint is slow: try again";
            return Err(Problem::new(Code::TokenUnavailable, message)
                .after(std::time::Duration::from_secs(1)));
        }
    }
    // Take again: the broker publishes the credential in the cell and does not hand it over here.
    let taken = try_take(worker, directory, account, operation, signing);
    let taken = taken.map_err(|lack| match lack {
        InjectionError::Slot(problem) | InjectionError::Signature(problem) => problem,
        InjectionError::Credential(MissingCredential::Absent(why)) => unavailable(why),
        InjectionError::Credential(MissingCredential::Expired) => {
            Problem::new(Code::TokenUnavailable, "the token has expired; try again")
                .after(std::time::Duration::from_secs(1))
        }
    })?;
    taken.signed().await
}

fn unavailable(why: Unavailable, now: Instant) -> Problem {
    let wait = why.retry_after(now);
    Problem::unavailable(why, wait)
}

/// Whether asking the broker now would change nothing, so that the request must not wait for it.
fn is_settled(why: &Unavailable, now: Instant) -> bool {
    match (why.retry_at, why.reason) {
        // The broker said when to come back; before that it would give the same answer.
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
    fields: &Fields,
    content: AppBody,
) -> Result<(Injected, ReplayableBody), Problem> {
    let mut sendable = body::take(content, &worker.settings().limits, &worker.ticks)?;
    // Before the credential is taken: a slow upload must not be signed with a token that ends meanwhile.
    if signer.needs_body() {
        sendable = sendable.collect().await?;
    }
    let signing = Signing {
        signer,
        of,
        fields,
        body: &sendable.replay_body,
    };
    let (operation, signing) = (of.operation(), Some(&signing));
    let injected = take(worker, directory, account, operation, signing, of.trace).await?;
    Ok((injected, sendable))
}
