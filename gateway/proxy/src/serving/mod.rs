//! The loops: binding, accepting, one connection after another, and how they end.
//!
//! Nothing below this floor imports it. What a loop drives (the worker, a connection, the path of a
//! request) are types and functions of the floors below.

mod accept;
mod connection;
mod http1;
mod http2_fields;
mod http2_streams;
mod http2_unread;
mod listening;
mod metrics_reader;
mod read_ahead;
mod requests_reader;
mod server;
mod settings_handle;
mod worker_loop;

pub use listening::{InheritedSockets, KeptSocket, try_address};
pub use metrics_reader::{MetricsReader, MetricsSnapshot};
pub use requests_reader::RequestsReader;
pub use server::{BindError, Bound, Running, bind};
pub use settings_handle::SettingsHandle;
pub use worker_loop::{Drain, DrainReport};
