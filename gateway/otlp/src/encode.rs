//! The forms of OTLP: what is exported, as the body of a request.

mod common;
mod logs;
mod metrics;
mod spans;

pub(crate) use logs::logs;
pub(crate) use metrics::metrics;
pub(crate) use spans::spans;
