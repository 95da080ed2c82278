//! Phase 8, when a kept connection fails: a request that may be repeated is sent once more.
//!
//! A carrier may close a kept connection at the moment when the next request goes out. Nobody then knows
//! whether the carrier has read the request. RFC 9110 section 9.2.2 lets a gateway repeat a request that
//! changes nothing, and the manifest's operations say which others may be repeated. Any other request is
//! answered with 502, and the app must find out what became of it.

use super::{
    credential::{self, Injected},
    forward::{self, Attempt, AttemptError},
    sent_request::SentRequest,
    trace::TracedAttempt,
};
use crate::{
    directory::{RouteView, view::DirectoryView},
    error::Problem,
    message::Response,
    upstream::{UpstreamBody, body::RequestBody},
    worker::Worker,
};

/// Sends the request with this credential, at most twice, and waits for the head of the response.
pub(super) async fn send(
    worker: &Worker,
    directory: &DirectoryView,
    route: &RouteView,
    sent: &SentRequest,
    injected: &Injected,
    body: RequestBody,
) -> Result<Response<UpstreamBody>, Problem> {
    match attempt(worker, route, sent, injected, body, false).await {
        Ok(response) => Ok(response),
        Err(AttemptError::Dropped(problem)) => {
            // Boxed: rare, and every request would keep room for a second attempt.
            Box::pin(send_again(
                worker, directory, route, sent, injected, problem,
            ))
            .await
        }
        Err(AttemptError::NotSent(problem) | AttemptError::Failed(problem)) => Err(problem),
    }
}

/// One attempt, with its span if the request is traced.
async fn attempt(
    worker: &Worker,
    route: &RouteView,
    sent: &SentRequest,
    injected: &Injected,
    body: RequestBody,
    fresh: bool,
) -> Result<Response<UpstreamBody>, AttemptError> {
    let traced = sent.trace.as_ref();
    let traced = traced.and_then(|trace| trace.attempt(worker, sent.target.path()));
    let traceparent = traced.as_ref().map(TracedAttempt::traceparent);
    let attempt = Attempt {
        fresh,
        ..sent.attempt(injected, body, traceparent)
    };
    let result = forward::send(worker, route, attempt, &sent.replay_body).await;
    if let Some(traced) = traced {
        traced.end(
            worker,
            match &result {
                Ok(response) => Ok(response.status.as_u16()),
                Err(error) => Err(error.problem().code.as_str()),
            },
        );
    }
    result
}

/// The second attempt. `problem` is what the app is told if there is none.
async fn send_again(
    worker: &Worker,
    directory: &DirectoryView,
    route: &RouteView,
    sent: &SentRequest,
    injected: &Injected,
    problem: Problem,
) -> Result<Response<UpstreamBody>, Problem> {
    let api = &route.profile.api;
    if !api.may_send_again(&sent.method, sent.target.path()) {
        return Err(problem);
    }
    // A body that has not ended, or is larger than what is held, cannot be sent a second time.
    let Some(body) = sent.replay_body.body() else {
        return Err(problem);
    };
    let signed;
    let injected = match sent.signing(directory, route) {
        None => injected,
        // A signature counts once: the carrier may have seen the first.
        Some(signing) => {
            let operation = sent.of(route).operation();
            let taken =
                credential::try_take(worker, directory, sent.account, operation, Some(&signing));
            let Ok(taken) = taken else {
                return Err(problem);
            };
            signed = match taken.signed().await {
                Ok(signed) => signed,
                Err(_) => return Err(problem),
            };
            &signed
        }
    };
    worker.metrics.retries.add(1);
    // What closed this connection may have closed the other kept ones as well.
    match attempt(worker, route, sent, injected, body, true).await {
        Ok(response) => Ok(response),
        // Its text says that the request was not sent, which is true of the second attempt only.
        Err(AttemptError::NotSent(_)) => Err(problem),
        Err(AttemptError::Dropped(problem) | AttemptError::Failed(problem)) => Err(problem),
    }
}
