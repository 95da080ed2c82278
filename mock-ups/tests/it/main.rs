//! The mock over real sockets.

mod client;
mod clock;
mod consent;
mod consent_page;
mod control;
mod faults;
mod journal;
mod limits;
mod oauth;
mod program;
mod refresh;
mod tls;
