//! Spans of distributed traces, as the parts of the gateway record them. Their form on the wire is the exporter's.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
    time::SystemTime,
};

/// The id of a trace: 16 bytes, not all zero (W3C Trace Context).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(pub [u8; 16]);

/// The id of a span: 8 bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(pub [u8; 8]);

/// A span, as others refer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanContext {
    /// Its trace.
    pub trace: TraceId,
    /// Its id.
    pub span: SpanId,
}

/// Which side of a call a span is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// The gateway served it.
    Server,
    /// The gateway made it.
    Client,
    /// It is no call: what happens in the gateway.
    Internal,
}

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// A text. Whoever records it bounds its length, and keeps secrets and queries out.
    Text(Cow<'static, str>),
    /// A number.
    Integer(i64),
    /// A fact.
    Bool(bool),
}

/// An attribute, by its name in OpenTelemetry's conventions where there is one.
pub type Attribute = (&'static str, AttributeValue);

/// One span, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The trace.
    pub trace: TraceId,
    /// The span.
    pub id: SpanId,
    /// The span that caused it, if there is one.
    pub parent: Option<SpanId>,
    /// What was done, in few words: its number over all spans is small.
    pub name: String,
    /// Which side it is about.
    pub kind: SpanKind,
    /// When it began.
    pub began: SystemTime,
    /// When it ended.
    pub ended: SystemTime,
    /// What is known about it.
    pub attributes: Vec<Attribute>,
    /// Spans of other traces that it waited for.
    pub links: Vec<SpanContext>,
    /// Why it failed, if it did; may be empty.
    pub failure: Option<String>,
}

/// Takes spans. It is called by workers, so it never blocks: what it has no room for is dropped and counted.
pub trait SpanSink: fmt::Debug + Send + Sync {
    /// Takes a span.
    fn record(&self, span: Span);
}

impl AttributeValue {
    /// A text that is made for the span.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Cow::Owned(text.into()))
    }
}

impl From<&'static str> for AttributeValue {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        f.write_char(char::from(DIGITS[usize::from(byte >> 4)]))?;
        f.write_char(char::from(DIGITS[usize::from(byte & 15)]))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_as_lower_case_digits() {
        assert_eq!(
            SpanId([0, 1, 0xab, 0xff, 0, 0, 0, 9]).to_string(),
            "0001abff00000009"
        );
    }
}
