//! The body of a request: as it comes from the app, as it goes to the carrier, and what is held of it.

mod outgoing;
mod replay;
mod sendable;
mod stream;

pub(crate) use outgoing::Outgoing;
pub(crate) use replay::Again;
pub(crate) use sendable::{Sendable, frame, take, too_large_to_sign};
pub(crate) use stream::BodyFault;
