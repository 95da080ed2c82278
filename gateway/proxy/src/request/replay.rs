//! Phase 9: replaying a request after the carrier rejected its credential.
//!
//! A rejection says that nothing was done, so replaying is safe for every method; but only with a
//! newer token, only once, and only if the whole body is held. In every other case the carrier's
//! answer is passed on, for it may mean something else: UPS answers 401 also where an app lacks a
//! product.

use super::{
    credential::{self, InjectionError, Taken},
    retry,
    sent_request::SentRequest,
};
use crate::{
    credential_source::RenewalOutcome,
    directory::{RouteView, view::DirectoryView},
    error::Problem,
    message::Response,
    ticks::{poll_once, timeout},
    upstream::UpstreamBody,
    worker::Worker,
};
use std::future::poll_fn;

/// How the replay ended.
pub(super) enum Replayed {
    /// There was none: pass the first answer on.
    No(Response<UpstreamBody>),
    /// The second answer, whatever it says.
    Yes(Response<UpstreamBody>),
}

/// Called with an answer that rejects the credential.
pub(super) async fn after_rejection(
    worker: &Worker,
    directory: &DirectoryView,
    route: &RouteView,
    sent: &SentRequest,
    response: Response<UpstreamBody>,
) -> Result<Replayed, Problem> {
    directory.counters(sent.account).rejected.add(1);
    // Ask for a newer token before looking at the body: the broker must learn of every rejection.
    if !newer_is_there(worker, directory, sent).await {
        return Ok(Replayed::No(response));
    }
    // A body that is not held, or has not ended, cannot be sent a second time.
    let Some(body) = sent.replay_body.body() else {
        return Ok(Replayed::No(response));
    };
    let Some(taken) = try_newer(worker, directory, route, sent)? else {
        return Ok(Replayed::No(response));
    };
    let injected = taken.signed().await?;
    // Before the replay: it may then use the connection that the first response came over.
    recycle(response);
    worker.metrics.replays.add(1);
    let response = retry::send(worker, directory, route, sent, &injected, body).await?;
    Ok(Replayed::Yes(response))
}

/// A newer credential, with a signature of its own, if there is one.
fn try_newer(
    worker: &Worker,
    directory: &DirectoryView,
    route: &RouteView,
    sent: &SentRequest,
) -> Result<Option<Taken>, Problem> {
    let (operation, signing) = (sent.of(route).operation(), sent.signing(directory, route));
    let signing = signing.as_ref();
    match credential::try_take(worker, directory, sent.account, operation, signing) {
        // The same generation would be rejected again.
        Ok(taken) => Ok(Some(taken).filter(|it| it.generation() != sent.generation)),
        // The token or a slot ended meanwhile: the first answer says it best.
        Err(InjectionError::Credential(_) | InjectionError::Slot(_)) => Ok(None),
        Err(InjectionError::Signature(problem)) => Err(problem),
    }
}

/// Whether a newer token was published meanwhile, or after asking the broker, which decides whether a
/// renewal is due.
async fn newer_is_there(worker: &Worker, directory: &DirectoryView, sent: &SentRequest) -> bool {
    // Looked at first: another request's rejection may have brought a new token already.
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
    let patience = worker.settings().limits.credential_wait;
    let demanded = timeout(&worker.ticks, patience, renewal).await;
    if let (Ok(demanded), Some(trace)) = (&demanded, &sent.trace) {
        trace.waited_for(demanded.token_request);
    }
    match demanded.map(|demanded| demanded.result) {
        Ok(Ok(RenewalOutcome::Renewed)) => true,
        // Whatever the reason, the carrier's own answer goes to the app.
        Ok(Ok(RenewalOutcome::Unchanged) | Err(_)) | Err(_) => false,
    }
}

/// Returns the connection of the first response to the pool, if all of that response has arrived.
fn recycle(response: Response<UpstreamBody>) {
    let mut body = response.body;
    let mut next = || poll_once(&mut poll_fn(|cx| body.poll_piece(cx)));
    // Without waiting: an answer that is still coming is not worth a pause.
    while let Some(Some(Ok(_))) = next() {}
}
