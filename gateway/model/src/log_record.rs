//! Lines of the log as an exporter takes them.

use crate::{Attribute, SpanId, TraceId};
use std::{fmt, time::SystemTime};

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// For those who look for a mistake in the program.
    Trace,
    /// For those who look for a mistake.
    Debug,
    /// What happens.
    Info,
    /// What somebody should look at.
    Warn,
    /// What somebody must look at.
    Error,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// When it was written.
    pub at: SystemTime,
    /// How much it matters.
    pub severity: Severity,
    /// The part of the program that wrote it.
    pub target: &'static str,
    /// What happened; may be empty.
    pub message: String,
    /// What is known about it. The log's rule holds: no secret can be a field.
    pub attributes: Vec<Attribute>,
    /// The trace of the request that it is about.
    pub trace: Option<TraceId>,
    /// The span of that request.
    pub span: Option<SpanId>,
}

/// Takes lines. It is called by workers, so it never blocks: what it has no room for is dropped and counted.
pub trait LogSink: fmt::Debug + Send + Sync {
    /// Takes a line.
    fn record(&self, record: LogRecord);
}
