//! Serving HTTP: from the listening socket to the response.

mod bearer;
pub(crate) mod body;
mod exchange;
pub(crate) mod listener;
mod poll_beside;
mod response;
mod transport;
