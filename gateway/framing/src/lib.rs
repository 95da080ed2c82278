//! Strict HTTP/1 message framing: in front of hyper, or as the only reader.
//!
//! hyper reads some malformed messages leniently: it drops a `Content-Length` beside a
//! `Transfer-Encoding`, and accepts bare line feeds, lists of transfer codings, a missing or repeated
//! `Host`, and a fragment in the target. A server can afford that. A gateway cannot, because a message
//! that two readers frame differently is a request smuggling vector. Therefore a state machine checks
//! the raw bytes first, and only bytes that every reader frames alike are acted on.
//! `docs/http-hygiene.md` lists the rules.
//!
//! * [`RequestFraming`] and [`ResponseFraming`] are the rules, without I/O.
//! * [`GuardedIo`] is the downstream connection as hyper sees it, or as a server sees it that takes one request
//!   at a time ([`GuardedIo::poll_head`]).
//! * [`read_proxy_header`] reads what a load balancer says of its client in front of everything else.
//! * [`PeerMonitor`] finds slow and flooding peers without a timer per request.
//!
//! Modules import downwards only, in this order: `guard`, then `peer_monitor` and `http2_frames`,
//! `http2_trailers`, `connection_state`, `request` and `response`, `head` and `body`, `field`,
//! `start_line` and `chunked`, `host` and `line`, `octets`, `limits` and `violation`.

mod body;
mod chunked;
mod connection_state;
mod expiry;
mod field;
mod flood;
mod guard;
mod head;
mod host;
mod http2_frame;
mod http2_frames;
mod http2_trailers;
pub mod limits;
mod line;
mod octets;
mod pass;
mod peer_monitor;
mod position;
mod proxy_header;
mod read_buffer;
mod request;
mod response;
mod start_line;
mod violation;

pub use connection_state::{ActiveRequest, ConnectionState};
pub use expiry::Expiry;
pub use guard::{Arrival, GuardedIo, Protocol};
pub use head::{FieldSpan, FieldSpans};
pub use octets::{are_target_octets, has_list_member, trim_ows};
pub use peer_monitor::{PeerMonitor, PeerTimeouts};
pub use position::Position;
pub use proxy_header::{ProxyHeaderError, read_proxy_header};
pub use read_buffer::ReadBuffer;
pub use request::{Advance, RequestFraming, RequestHead, RequestPart};
pub use response::{ResponseFraming, ResponseHead, ResponsePart};
pub use violation::{Violation, violation_in};
