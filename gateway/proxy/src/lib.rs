//! The data plane: the path of a request from an app to a carrier and back.
//!
//! One worker is one OS thread with a runtime, listening sockets, upstream connections and copies of
//! the credentials of its own. A request with a fresh token touches nothing that another worker writes,
//! not even a reference count, with one exception: an app that has a rate limit takes each of its
//! requests from one bucket that all workers share, which is what makes the limit exact.
//!
//! The folders are floors. A file imports its own floor and those below it:
//!
//! | floor | what it holds |
//! |---|---|
//! | `serving` | the loops: bind, accept, drive a connection, tick, drain |
//! | `request` | the phases of a request, in the table below |
//! | `worker` | what one worker owns, and its connections |
//! | `directory` | routes, accounts and apps: checked, indexed, published, viewed by a worker |
//! | `upstream` | connection pools, the HTTP/1.1 client, TLS, request bodies |
//! | files of the root | messages and their fields; errors, settings, limits, counters, field names, ticks |
//!
//! The phases of a request, in the order in which they run (`request/serve.rs`):
//!
//! | | phase | file |
//! |---|---|---|
//! | 1 | accept; check the head; answer `OPTIONS *` | `serving/accept`, `serving/connection`, `gateway-framing`, `request/hygiene`, `request/host` |
//! | 2 | choose the route; rewrite a path of the carrier's older API | `request/route`, `directory/legacy_paths` |
//! | 3 | answer a token request; refuse what else is meant for the authorization server | `request/token_endpoint`, `request/token_request`, `request/client_authentication`, `request/authorization_server`, `request/environment`, `request/local_reply` |
//! | 4 | identify the caller; count the request against the app's rate limit | `request/caller`, `request/legacy_key`, `directory/app_token`, `directory/rate` |
//! | 5 | choose the account; answer `OPTIONS` with `Max-Forwards: 0` | `request/account`, `request/options` |
//! | 6 | rewrite the head: strip, then complete | `request/request_headers`, `request/trace`, `field_names` |
//! | 7 | take the credential, with the slots that the operation needs; sign the request if the carrier requires it | `request/credential`, `request/slots`, `request/signature` |
//! | 8 | forward the request with the credential | `request/forward`, `request/retry`, `upstream` |
//! | 9 | replay it after a rejected credential | `request/replay` |
//! | 10 | annotate the response and stream it back | `request/response_headers`, `request/response_body` |
//! | 11 | record the request; log and remember why it failed | `request/record`, `metrics`, `series`, `worker/history`, `worker/failure_log` |
//!
//! A failure in any phase is a `Problem` (`error`), and `request/local_reply` turns it into a response.
//! `docs/data-plane.md` is the page for operators.

#[doc(hidden)]
pub mod bench_support;
mod credential_source;
mod directory;
mod error;
mod field_names;
mod fields;
mod limits;
mod message;
mod metrics;
mod path_rules;
mod recorded_path;
mod request;
mod request_report;
mod series;
mod serving;
mod settings;
#[cfg(test)]
mod tests;
mod ticks;
mod trace_context;
mod upstream;
mod worker;
mod write_queue;

pub use credential_source::{BoxFuture, CredentialSource, RenewalOutcome};
pub use directory::{
    Account, App, AppLogin, Directory, DirectoryError, DirectoryHandle, LegacyKey, Route,
    SecretHash, check_directory,
};
pub use limits::{Http1Server, Limits};
pub use metrics::LATENCY_BOUNDS_US;
pub use request_report::{Parties, RequestFailure, RequestFilter, RequestReport};
pub use series::{OPERATION_BOUNDS_US, SeriesLabels, SeriesSnapshot};
pub use serving::{
    BindError, Bound, Drain, DrainReport, InheritedSockets, KeptSocket, MetricsReader,
    MetricsSnapshot, RequestsReader, Running, SettingsHandle, bind, try_address,
};
pub use settings::{ListenerSettings, Settings, TraceSettings};
