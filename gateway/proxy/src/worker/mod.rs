//! One worker: everything that its requests need, on one thread.

mod connection;
mod connection_control;
mod connection_table;
mod failure_log;
mod history;
mod host_memo;
mod http_date;
mod load;
mod log_limit;
mod request_id;
mod state;

pub(crate) use connection::{BodyPoll, Connection};
pub(crate) use failure_log::TARGET as FAILURE_TARGET;
pub(crate) use history::{Kept, Now, Served, Success};
pub(crate) use host_memo::HostMemo;
pub(crate) use load::{HandedOver, Loads};
pub(crate) use state::{Worker, WorkerParts};
