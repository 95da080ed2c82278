//! What is exported in batches.

use crate::{encode, target::Resource};
use bytes::Bytes;
use gateway_model::{LogRecord, Span};

/// Something that is exported in batches.
pub trait Signal: Sized + Send + Sync + 'static {
    /// What several of them are called.
    const NAME: &'static str;
    /// The collector's path for them.
    const PATH: &'static str;

    /// The request that exports these.
    fn request(resource: &Resource, batch: &[Self]) -> Bytes;
}

impl Signal for Span {
    const NAME: &'static str = "spans";
    const PATH: &'static str = "/v1/traces";

    fn request(resource: &Resource, batch: &[Self]) -> Bytes {
        encode::spans(resource, batch)
    }
}

impl Signal for LogRecord {
    const NAME: &'static str = "lines of the log";
    const PATH: &'static str = "/v1/logs";

    fn request(resource: &Resource, batch: &[Self]) -> Bytes {
        encode::logs(resource, batch)
    }
}
