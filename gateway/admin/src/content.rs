//! Reading a request's whole content, and running a handler to its end.

use crate::error::AdminError;
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
};
use http::header;
use http_body_util::BodyExt as _;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// The maximum length of a request's content.
// Far more than any account, app or migration; the whole content is held in memory.
pub(crate) const MAX_BODY: usize = 1024 * 1024;
/// The time within which a request's content must arrive.
// A slow sender must not hold a connection out of the few for long.
const BODY_DEADLINE: Duration = Duration::from_secs(20);
/// The time limit of a handler, which may call a carrier several times. The typed client waits a
/// little longer, so that it gets this listener's error.
const DEADLINE: Duration = Duration::from_secs(180);

/// How much of a content that is too long is read and dropped.
const MAX_DRAIN: usize = 64 * 1024 * 1024;

/// Reads and drops a content that is too long. A browser shows no answer before it has sent everything: it
/// reports a broken connection instead.
pub(crate) async fn drain(mut body: Body) {
    let reading = async {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, axum::body::Bytes::len);
            if read > MAX_DRAIN {
                break;
            }
        }
    };
    // Too slow or too much: the connection ends, as it does without this.
    drop(timeout(BODY_DEADLINE, reading).await);
}

/// Whether the announced length of a content is beyond a limit.
pub(crate) fn is_too_long(request: &Request, limit: usize) -> bool {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    // A length that cannot be read is no error here: hyper frames the content, and the limit holds anyway.
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    announced.is_some_and(|length| length > limit as u64)
}

/// Reads the whole content, so that a handler that has begun never waits for its caller.
pub(crate) async fn buffer(request: Request, limit: usize) -> Result<Request, AdminError> {
    // Refused by the announced length, before a byte is read.
    if is_too_long(&request, limit) {
        return Err(AdminError::TooLarge);
    }
    let (head, body) = request.into_parts();
    let content = timeout(BODY_DEADLINE, to_bytes(body, limit))
        .await
        .map_err(|_late| {
            AdminError::Invalid("slow_content", "the content did not arrive in time".into())
        })?
        .map_err(|_too_long_or_cut| AdminError::TooLarge)?;
    Ok(Request::from_parts(head, Body::from(content)))
}

/// Runs a handler to its end, even if the caller disconnects or the time limit passes: a change
/// that is half done is worse than one whose result the caller did not hear.
pub(crate) async fn finish(
    tasks: &TaskTracker,
    work: impl Future<Output = Response> + Send + 'static,
) -> Result<Response, AdminError> {
    // In a task of its own: dropping this future does not stop it, and the tracker lets the process
    // wait for it at shutdown.
    match timeout(DEADLINE, tasks.spawn(work)).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => {
            tracing::error!(%error, "a handler of the admin listener panicked");
            Err(AdminError::Internal)
        }
        Err(_late) => Err(AdminError::Late),
    }
}

#[cfg(test)]
mod tests;
