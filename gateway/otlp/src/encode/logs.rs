//! Lines of the log in the form of OTLP.

use super::common::{attributes, nanos, resource, scope};
use crate::target::Resource;
use bytes::Bytes;
use gateway_model::{LogRecord, Severity};
use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    common::v1::{AnyValue, any_value::Value},
    logs::v1::{LogRecord as WireRecord, ResourceLogs, ScopeLogs, SeverityNumber},
};
use prost::Message as _;
use std::collections::BTreeMap;

/// The request that exports these lines. The part of the program that wrote a line is its scope.
pub(crate) fn logs(from: &Resource, records: &[LogRecord]) -> Bytes {
    let mut scopes: BTreeMap<&str, Vec<WireRecord>> = BTreeMap::new();
    for record in records {
        scopes.entry(record.target).or_default().push(wire(record));
    }
    let scopes = scopes.into_iter().map(|(target, log_records)| ScopeLogs {
        scope: Some(scope(target)),
        log_records,
        ..ScopeLogs::default()
    });
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(resource(from)),
            scope_logs: scopes.collect(),
            ..ResourceLogs::default()
        }],
    };
    request.encode_to_vec().into()
}

fn wire(record: &LogRecord) -> WireRecord {
    let (number, text) = match record.severity {
        Severity::Trace => (SeverityNumber::Trace, "TRACE"),
        Severity::Debug => (SeverityNumber::Debug, "DEBUG"),
        Severity::Info => (SeverityNumber::Info, "INFO"),
        Severity::Warn => (SeverityNumber::Warn, "WARN"),
        Severity::Error => (SeverityNumber::Error, "ERROR"),
    };
    // A line of the access log has fields and no message.
    let body = Some(record.message.clone()).filter(|message| !message.is_empty());
    let at = nanos(record.at);
    WireRecord {
        time_unix_nano: at,
        observed_time_unix_nano: at,
        severity_number: number.into(),
        severity_text: text.to_owned(),
        body: body.map(|message| AnyValue {
            value: Some(Value::StringValue(message)),
        }),
        attributes: attributes(&record.attributes),
        trace_id: record.trace.map_or_else(Vec::new, |id| id.0.to_vec()),
        span_id: record.span.map_or_else(Vec::new, |id| id.0.to_vec()),
        ..WireRecord::default()
    }
}
