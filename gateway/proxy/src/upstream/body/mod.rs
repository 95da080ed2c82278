//! The body of a request: as it comes from the app, as it goes to the carrier, and what is held of it.

mod app_body;
mod replay_body;
mod replayable;
mod request_body;
mod stream;

pub(crate) use app_body::{AppBody, Arriving, ContentSource, Piece};
pub(crate) use replay_body::ReplayBody;
pub(crate) use replayable::{ReplayableBody, frame, take, too_large_to_sign};
pub(crate) use request_body::RequestBody;
pub(crate) use stream::BodyFault;
