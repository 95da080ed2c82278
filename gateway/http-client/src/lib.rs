//! The HTTP client of the control plane.
//!
//! [`HttpClient`] is the contract: one request, one response, one deadline. Whatever needs HTTP
//! outside the data plane (a plugin's token request, a probe, a webhook, the command line) takes
//! it as a trait, so that tests replace the network. [`HyperClient`] is the implementation over
//! TCP and TLS. [`trusted_roots`] says which certificate authorities it trusts.
//!
//! Modules, in the order in which a request meets them: `client` (the contract) → `hyper_client` →
//! `target` (the URL) → `connect` (DNS, TCP) → `tls`, `trust` and `known_certificate` → `exchange` (HTTP/1.1).
//! `progress` remembers how far a request got, because that decides whether a single-use grant in
//! it is still unharmed.

mod client;
mod connect;
mod error;
mod exchange;
mod handshake_error;
mod hyper_client;
mod known_certificate;
mod progress;
mod target;
mod tls;
mod trust;

pub use client::{HttpClient, HttpRequest, HttpResponse};
pub use error::{HttpError, HttpErrorKind};
pub use hyper_client::HyperClient;
pub use tls::{client_config, crypto_provider, warm_up};
pub use trust::{TrustError, trusted_roots};
