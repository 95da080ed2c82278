//! What of a request's body is held to send it once more, and to sign it.

use super::{
    request_body::RequestBody,
    stream::{BodyFault, Progress},
};
use bytes::Bytes;
use std::{rc::Rc, slice};

/// A body that can be sent a second time, as far as it is held.
#[derive(Clone, Debug)]
pub(crate) enum ReplayBody {
    Empty,
    Whole(Bytes),
    /// Kept while it is sent, as far as there is room.
    Kept(Rc<Progress>),
    /// Too large to keep.
    Never(Rc<Progress>),
}

impl ReplayBody {
    /// What the app did wrong, if its body ended early.
    pub(crate) fn fault(&self) -> Option<BodyFault> {
        self.progress().and_then(|progress| progress.fault())
    }

    /// The tick of the body's last piece.
    pub(crate) fn last_progress(&self) -> u64 {
        self.progress().map_or(0, |progress| progress.last())
    }

    fn progress(&self) -> Option<&Progress> {
        match self {
            Self::Empty | Self::Whole(_) => None,
            Self::Kept(progress) | Self::Never(progress) => Some(progress),
        }
    }

    /// The body once more, if all of it is held.
    pub(crate) fn body(&self) -> Option<RequestBody> {
        match self {
            Self::Empty => Some(RequestBody::Empty),
            Self::Whole(body) => Some(RequestBody::Whole(Some(body.clone()))),
            Self::Never(_) => None,
            Self::Kept(progress) => {
                let pieces = progress.with_pieces(<[Bytes]>::to_vec)?;
                Some(RequestBody::Pieces {
                    size: pieces.iter().map(|piece| piece.len() as u64).sum(),
                    left: pieces.into_iter(),
                })
            }
        }
    }

    /// More came, or will come, than is held.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Empty | Self::Whole(_) => false,
            Self::Kept(progress) => progress.has_overflowed(),
            Self::Never(_) => true,
        }
    }

    /// Shows the pieces of the body, if all of it is held.
    pub(crate) fn with_pieces<T>(&self, show: impl FnOnce(&[Bytes]) -> T) -> Option<T> {
        match self {
            Self::Empty => Some(show(&[])),
            Self::Whole(body) => Some(show(slice::from_ref(body))),
            Self::Kept(progress) => progress.with_pieces(show),
            Self::Never(_) => None,
        }
    }
}
