//! A body that has to be here before the first byte of its request is sent.

use super::{Again, Outgoing, Sendable, Stream};
use crate::error::{Code, Problem};
use bytes::Bytes;
use std::{future::poll_fn, slice};

/// The signature covers the content, and that is more than is held.
pub(crate) fn too_large_to_sign() -> Problem {
    Problem::new(
        Code::BodyTooLargeToSign,
        "this carrier wants the content signed, and the body is larger than what the gateway holds for \
         that: send less at a time, or have limits.replay_buffer raised",
    )
    .closing()
}

impl Sendable {
    /// Waits for the rest of the body. Limits and deadlines are those of a body that is passed on.
    pub(crate) async fn whole(self) -> Result<Self, Problem> {
        match self.body {
            Outgoing::Stream(stream) => {
                read(*stream, &self.again).await?;
                let body = self.again.body().ok_or_else(too_large_to_sign)?;
                Ok(Self {
                    body,
                    again: self.again,
                })
            }
            Outgoing::Empty | Outgoing::Whole(_) | Outgoing::Pieces { .. } => Ok(self),
        }
    }
}

/// Reads a body to its end; its pieces are kept by its progress.
async fn read(mut stream: Stream, again: &Again) -> Result<(), Problem> {
    while !again.is_lost() {
        let piece = poll_fn(|cx| {
            let now = stream.alarm.now();
            stream.poll(cx, now)
        });
        match piece.await {
            Some(Ok(_)) => {}
            Some(Err(fault)) => return Err(fault.problem()),
            None => return Ok(()),
        }
    }
    Err(too_large_to_sign())
}

impl Again {
    /// More came, or will come, than is held.
    fn is_lost(&self) -> bool {
        match self {
            Self::Empty | Self::Whole(_) => false,
            Self::Kept(progress) => progress.held.borrow().overflowed,
            Self::Never(_) => true,
        }
    }

    /// Shows the pieces of the body, if all of it is held.
    pub(crate) fn with_pieces<T>(&self, show: impl FnOnce(&[Bytes]) -> T) -> Option<T> {
        match self {
            Self::Empty => Some(show(&[])),
            Self::Whole(body) => Some(show(slice::from_ref(body))),
            Self::Kept(progress) => {
                let held = progress.held.borrow();
                let whole = progress.ended.get() && !held.overflowed;
                whole.then(|| show(&held.pieces))
            }
            Self::Never(_) => None,
        }
    }
}
