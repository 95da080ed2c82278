//! Serving HTTP: from the listening socket to the response.

mod bearer;
mod exchange;
pub(crate) mod listener;
mod poll_beside;
mod refusal;
pub(crate) mod request_body;
mod response;
mod transport;
