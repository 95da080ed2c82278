//! Phase 9: once more after the carrier rejected the credential.
//!
//! A rejection says that nothing was done, so replaying is safe for every method; but only with a
//! newer token, only once, and only if the whole body is held. In every other case the carrier's
//! answer is passed on, for it may mean something else: UPS answers 401 also where an app lacks a
//! product.

use super::{
    credential::{self, Injected, Lack},
    forward::{self, Attempt},
    signature::{Signing, Target},
};
use crate::{
    credential_source::Renewal,
    directory::{RouteView, view::DirectoryView},
    error::Problem,
    ticks::{poll_once, timeout},
    upstream::{
        Received,
        body::{Again, Outgoing},
        client::RequestHead,
    },
    worker::Worker,
};
use gateway_model::Generation;
use http::{HeaderMap, Method, Response, uri::PathAndQuery};
use std::future::poll_fn;

/// What was sent, and how to send it once more.
pub(super) struct Sent {
    pub(super) account: usize,
    pub(super) generation: Generation,
    pub(super) method: Method,
    pub(super) target: PathAndQuery,
    /// All fields but those that are injected.
    pub(super) headers: HeaderMap,
    pub(super) again: Again,
}

impl Sent {
    /// An attempt with this credential.
    pub(super) fn attempt<'a>(&'a self, injected: &'a Injected, body: Outgoing) -> Attempt<'a> {
        Attempt {
            head: RequestHead {
                method: &self.method,
                target: &self.target,
                headers: &self.headers,
                added: &injected.fields,
            },
            body,
        }
    }
}

/// How the replay ended.
pub(super) enum Replayed {
    /// There was none: pass the first answer on.
    No(Response<Received>),
    /// The second answer, whatever it says.
    Yes(Response<Received>),
}

/// Called with an answer that rejects the credential.
pub(super) async fn after_rejection(
    worker: &Worker,
    directory: &DirectoryView,
    route: &RouteView,
    sent: &Sent,
    response: Response<Received>,
) -> Result<Replayed, Problem> {
    directory.counters(sent.account).rejected.add(1);
    if !newer_is_there(worker, directory, sent).await {
        return Ok(Replayed::No(response));
    }
    let Some(body) = sent.again.body() else {
        return Ok(Replayed::No(response));
    };
    let Some(injected) = try_newer(worker, directory, route, sent)? else {
        return Ok(Replayed::No(response));
    };
    recycle(response);
    worker.metrics.replays.add(1);
    let attempt = sent.attempt(&injected, body);
    let response = forward::send(worker, route, attempt, &sent.again).await?;
    Ok(Replayed::Yes(response))
}

/// A newer credential, with a signature of its own, if there is one.
fn try_newer(
    worker: &Worker,
    directory: &DirectoryView,
    route: &RouteView,
    sent: &Sent,
) -> Result<Option<Injected>, Problem> {
    let signing = directory.signer(sent.account).map(|signer| Signing {
        signer,
        of: Target {
            method: &sent.method,
            target: &sent.target,
            route,
        },
        headers: &sent.headers,
        body: &sent.again,
    });
    match credential::try_take(worker, directory, sent.account, signing.as_ref()) {
        Ok(injected) => Ok(Some(injected).filter(|it| it.generation != sent.generation)),
        Err(Lack::Credential(_)) => Ok(None),
        Err(Lack::Signature(problem)) => Err(problem),
    }
}

/// Whether a newer token was published meanwhile, or is after asking for one (O10: the broker decides
/// whether asking is due).
async fn newer_is_there(worker: &Worker, directory: &DirectoryView, sent: &Sent) -> bool {
    let now = worker.now();
    let newer = directory.with_account(sent.account, |view| {
        view.usable(now)
            .is_ok_and(|credential| credential.generation != sent.generation)
    });
    if newer {
        return true;
    }
    let id = &directory.index.accounts[sent.account].account.id;
    let renewal = worker.credentials.unauthorized(id, sent.generation);
    match timeout(
        &worker.ticks,
        worker.settings.limits.credential_wait,
        renewal,
    )
    .await
    {
        Ok(Ok(Renewal::Renewed)) => true,
        Ok(Ok(Renewal::Unchanged) | Err(_)) | Err(_) => false,
    }
}

/// Frees the first answer's connection for reuse if all of the answer is here already.
fn recycle(response: Response<Received>) {
    let mut body = response.into_body();
    let mut next = || poll_once(&mut poll_fn(|cx| body.poll_piece(cx)));
    while let Some(Some(Ok(_))) = next() {}
}
