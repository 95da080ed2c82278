//! How a token is asked for: the contract, and the authorizers that an account is given.

mod call_spans;
mod client_secrets;
mod contract;
mod plugin;
mod transport;
mod unusable;

pub use call_spans::CallSpans;
pub use client_secrets::{ClientSecrets, PreferredSecret};
pub use contract::{Authorizer, BoxFuture};
pub use plugin::PluginAuthorizer;
pub use transport::{ResponseRecorder, SendPermission, Transport};
pub use unusable::UnusableAccount;
