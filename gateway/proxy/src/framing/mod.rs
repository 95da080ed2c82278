//! A strict look at the bytes of HTTP/1 before hyper parses them.
//!
//! hyper reads what is there and forgives some of what should not be: it drops a `Content-Length`
//! beside a `Transfer-Encoding`, takes bare line feeds, lists of codings, a missing or doubled
//! `Host`, a fragment in the target. Each of these is harmless for a server and a smuggling vector
//! for a gateway. So the raw bytes pass a state machine first, and only those reach hyper that
//! every reader frames alike. `docs/http-hygiene.md` lists the rules.
//!
//! * [`RequestFraming`], [`ResponseFraming`]: the rules, without I/O.
//! * [`GuardedIo`]: the downstream connection as hyper sees it.
//! * [`Watch`]: tells slow connections from busy ones, without a timer per request.

mod answer;
mod body;
mod bytes;
mod chunked;
mod field;
mod guarded;
mod head;
mod held;
mod host;
mod http2;
pub mod limits;
mod line;
mod request;
mod scratch;
mod start_line;
mod state;
mod violation;
mod watch;

pub use answer::{AnswerHead, FieldPlaces, Part, ResponseFraming};
pub(crate) use bytes::{all_target, trim_ows};
pub use guarded::{GuardedIo, Protocol};
pub(crate) use head::FieldAt;
pub(crate) use held::Held;
pub use request::{Advance, Position, RequestFraming};
pub use state::{ConnectionState, Serving};
pub use violation::{Violation, violation_in};
pub use watch::{Expiry, Patience, Watch};
