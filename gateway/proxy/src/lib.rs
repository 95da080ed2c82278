//! The data plane: the path of a request from an app to a carrier and back.
//!
//! One worker is one OS thread with a runtime, listening sockets, upstream connections and copies of
//! the credentials of its own. Nothing that a request with a fresh token touches is shared between
//! workers, not even a reference count. The phases of a request, in the order of [`serve`]:
//!
//! | | phase | file |
//! |---|---|---|
//! | 1 | accept, limits, HTTP hygiene, which route | `listener`, `connection`, `http1`, `framing`, `hygiene`, `route` |
//! | 2 | who is calling | `caller` (with `app_token`) |
//! | 3 | which account | `account` |
//! | 4 | requests that the gateway answers itself | `own` |
//! | 5 | take the credential | `credential` (with `credentials`, `view`) |
//! | 6 | strip and inject; sign, for carriers that want it | `inject` (with `names`), `sign` |
//! | 7 | forward, stream back | `forward` (with `outgoing`, `upstream`, `client`, `tls`, `answer`) |
//! | 8 | replay after a rejected credential | `replay` |
//! | 9 | account for it | `record` (with `metrics`) |
//!
//! Whatever ends a request before the carrier answers is a `Problem` (`error`), and `respond` turns it
//! into an answer. `docs/data-plane.md` is the page for operators.

mod account;
mod answer;
mod app_token;
#[doc(hidden)]
pub mod bench_support;
mod caller;
mod client;
mod connection;
mod connections;
mod credential;
mod credentials;
mod directory;
mod directory_view;
mod error;
mod forward;
pub mod framing;
mod http1;
mod hygiene;
mod index;
mod inject;
mod legacy;
mod legacy_path;
mod limits;
mod listener;
mod live;
mod local_exec;
mod metrics;
mod names;
mod outgoing;
mod own;
mod rate;
mod read_ahead;
mod record;
mod replay;
mod request_id;
mod respond;
mod route;
mod secret_hash;
mod serve;
mod server;
mod settings;
mod sign;
mod streams;
#[cfg(test)]
mod tests;
mod ticks;
mod tls;
mod upstream;
mod view;
mod worker;

pub use credentials::{BoxFuture, Credentials, Renewal};
pub use directory::{Account, App, AppLogin, Directory, DirectoryError, LegacyKey, Route};
pub use limits::Limits;
pub use live::DirectoryHandle;
pub use metrics::{LATENCY_BOUNDS_US, MetricsReader, MetricsSnapshot};
pub use secret_hash::SecretHash;
pub use server::{BindError, Bound, DrainReport, Running, bind};
pub use settings::{ListenerSettings, Settings};
