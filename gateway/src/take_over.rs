//! A new process goes on with the listeners and the store of the running gateway, so that no connection is
//! refused. The two talk over a Unix socket that only their user can reach.
//!
//! | step | new process ([`Predecessor`]) | running gateway ([`Successor`]) |
//! |---|---|---|
//! | 1 | connects, says which store and protocol it has | refuses what does not fit; serves on |
//! | 2 | loads its plugins, then asks for the rest | finishes token requests, closes the store, sends the listening sockets; serves on with the tokens in memory |
//! | 3 | opens the store, accepts connections | serves on |
//! | 4 | says that it serves | confirms, accepts nothing more, ends with its last connection |
//!
//! Until step 4 the running gateway serves, and takes its store back if the new process fails. A new process
//! that loses the connection without a word goes on alone: the running gateway is dead.
//!
//! Modules import downwards, in this order: `predecessor` and `successor`, `channel`, `place` and `socket`, `error` and
//! `message`.

mod channel;
mod error;
mod message;
mod place;
mod predecessor;
mod socket;
mod successor;

pub(crate) use error::HandOverError;
pub(crate) use message::Hello;
pub(crate) use predecessor::Predecessor;
pub(crate) use socket::path_beside;
pub(crate) use successor::{Successor, Successors};
