//! The lines of the log for a collector: the same lines with the same fields as in the log.

use crate::clock::SystemClock;
use gateway_model::{
    Attribute, AttributeValue, Clock as _, LogRecord, LogSink as _, Severity, SpanId, TraceId,
};
use gateway_otlp::{LogQueue, is_exporting};
use std::fmt::{self, Write as _};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

/// Longer texts are cut: the queue must stay small, whatever a field holds.
const LONGEST_TEXT: usize = 4096;

/// Leaves each line in a queue. It never waits, because workers write lines.
pub(super) struct ExportLayer(pub(super) LogQueue);

impl<S: Subscriber> Layer<S> for ExportLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // The export of such a line would write the next one.
        if is_exporting() {
            return;
        }
        let mut line = Line::default();
        event.record(&mut line);
        let metadata = event.metadata();
        self.0.record(LogRecord {
            at: SystemClock.wall(),
            severity: severity(*metadata.level()),
            target: metadata.target(),
            message: line.message,
            attributes: line.attributes,
            trace: line.trace,
            span: line.span,
        });
    }
}

fn severity(level: Level) -> Severity {
    match level {
        Level::TRACE => Severity::Trace,
        Level::DEBUG => Severity::Debug,
        Level::INFO => Severity::Info,
        Level::WARN => Severity::Warn,
        Level::ERROR => Severity::Error,
    }
}

/// What is read of a line.
#[derive(Default)]
struct Line {
    message: String,
    attributes: Vec<Attribute>,
    trace: Option<TraceId>,
    span: Option<SpanId>,
}

impl Line {
    fn text(&mut self, field: &Field, mut text: String) {
        text.truncate(text.floor_char_boundary(LONGEST_TEXT));
        match field.name() {
            "message" => self.message = text,
            // The form has places of its own for them.
            "trace_id" => self.trace = hex(&text).map(TraceId),
            "span_id" => self.span = hex(&text).map(SpanId),
            name => self.attributes.push((name, AttributeValue::text(text))),
        }
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        // What cannot be written whole is written as far as it can.
        let _ = write!(text, "{value:?}");
        self.text(field, text);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let end = value.floor_char_boundary(LONGEST_TEXT);
        self.text(field, value[..end].to_owned());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        let value = AttributeValue::Integer(value);
        self.attributes.push((field.name(), value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.record_i64(field, value),
            Err(_) => self.text(field, value.to_string()),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        let value = AttributeValue::Bool(value);
        self.attributes.push((field.name(), value));
    }
}

/// The bytes that these digits stand for.
fn hex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if digits.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_digits_alone() {
        assert_eq!(hex("00ff10"), Some([0, 0xff, 0x10]));
        assert_eq!(hex::<3>("00ff1"), None);
        assert_eq!(hex::<3>("00ff1é"), None);
        assert_eq!(hex::<2>("zz00"), None);
    }
}
