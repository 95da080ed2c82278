//! The path of a request, one file for each phase; [`serve()`] calls them in order.

mod account;
mod authorization_server;
mod caller;
mod client_authentication;
mod credential;
mod environment;
mod forward;
mod hop_by_hop;
mod host;
mod hygiene;
mod legacy_key;
mod local_reply;
mod options;
mod record;
mod replay;
mod request_headers;
mod response_body;
mod response_headers;
mod retry;
pub(crate) mod route;
mod sent_request;
mod serve;
mod signature;
mod slots;
mod token_endpoint;
mod token_request;
mod trace;

pub(crate) use response_body::ResponseBody;
pub(crate) use serve::serve;
