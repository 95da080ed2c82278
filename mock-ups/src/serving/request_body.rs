//! Reads request bodies within limits of size and time.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

use crate::config::Limits;
use crate::serving::transport::{LINGER_BYTES, LINGER_TIME};

/// Why a request body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("the body is larger than the limit")]
    TooLarge,
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("the connection broke in the body")]
    Broken,
}

/// The whole body, within the limits of size and time.
pub(crate) async fn read(
    body: &mut Incoming,
    limits: &Limits,
    most: usize,
) -> Result<Bytes, Unreadable> {
    // A call without a body must not wait for one.
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    // The announced length is enough to refuse; nothing is read.
    if body.size_hint().lower() > most as u64 {
        return Err(Unreadable::TooLarge);
    }
    let mut collected = pin!(collect(body, most));
    // Nearly every body is there with its head; only a late one costs a timer.
    match poll_fn(|cx| Poll::Ready(collected.as_mut().poll(cx))).await {
        Poll::Ready(body) => body,
        Poll::Pending => tokio::time::timeout(limits.body_deadline, collected)
            .await
            .unwrap_or(Err(Unreadable::TooSlow)),
    }
}

/// Reads and drops the rest of a body, up to a bound of bytes and time. Over HTTP/2 a stream whose
/// request is not read to its end is reset, and the answer may go with it.
pub(crate) async fn drain(body: &mut Incoming) {
    let all = async {
        // Bounded in bytes and time: a client could send for ever.
        let mut left = LINGER_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            left = left.saturating_sub(length);
            if left == 0 {
                return;
            }
        }
    };
    // Whether it came to its end makes no difference to the answer.
    let _ = tokio::time::timeout(LINGER_TIME, all).await;
}

async fn collect(body: &mut Incoming, limit: usize) -> Result<Bytes, Unreadable> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unreadable::Broken)?.into_data() else {
            // Trailers carry nothing that the mock looks at.
            continue;
        };
        // Checked before it is kept: the length may have been announced wrongly or not at all.
        if first.len() + rest.len() + data.len() > limit {
            return Err(Unreadable::TooLarge);
        }
        // A body in one piece, the usual case, is not copied.
        if first.is_empty() && rest.is_empty() {
            first = data;
            continue;
        }
        rest.extend_from_slice(&std::mem::take(&mut first));
        rest.extend_from_slice(&data);
    }
    Ok(if rest.is_empty() {
        first
    } else {
        rest.freeze()
    })
}
