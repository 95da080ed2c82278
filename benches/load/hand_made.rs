//! Two HTTP/1.1 programs of the bench's own that do as little as they can: a carrier behind the proxies, and a relay
//! that shows what a proxy costs at least.

pub(crate) mod carrier;
pub(crate) mod floor;
mod message;
mod workers;
