//! W3C Trace Context: reading `traceparent`, and writing it.

use crate::fields::Fields;
use gateway_model::{SpanId, TraceId};
use http::{HeaderName, HeaderValue};

/// The id of the trace and of the caller's span.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// What tracing systems add. It means nothing without a `traceparent`.
pub(crate) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Of the flags: the caller records its span.
const SAMPLED: u8 = 1;
/// Of the flags: the trace id is random (level 2 of the specification). It is passed on as it came.
const RANDOM: u8 = 2;

/// What a valid `traceparent` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parent {
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    flags: u8,
}

impl Parent {
    /// What the fields say. More than one `traceparent` says nothing, because nobody knows which one counts.
    pub(crate) fn of(fields: &Fields) -> Option<Self> {
        let name = TRACEPARENT;
        let mut values = fields.get_all(&name);
        let value = values.next()?;
        if values.next().is_some() {
            return None;
        }
        Self::parse(value.as_bytes())
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let (known, more) = value.split_at_checked(55)?;
        let version = hex::<1>(&known[..2])?[0];
        // Version 0 has no more than this. A later one may, behind a further hyphen.
        let ends = match version {
            0 => more.is_empty(),
            0xff => false,
            1..0xff => more.is_empty() || more[0] == b'-',
        };
        let hyphens = [2, 35, 52].iter().all(|at| known[*at] == b'-');
        if !ends || !hyphens {
            return None;
        }
        let parent = Self {
            trace: TraceId(hex(&known[3..35])?),
            span: SpanId(hex(&known[36..52])?),
            flags: hex::<1>(&known[53..])?[0] & (SAMPLED | RANDOM),
        };
        let is_zero = parent.trace.0 == [0; 16] || parent.span.0 == [0; 8];
        (!is_zero).then_some(parent)
    }

    /// Whether the caller records its span.
    pub(crate) const fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The parent of what the carrier does. The version is the one that this file knows.
    pub(crate) const fn outgoing(
        trace: TraceId,
        span: SpanId,
        from: Option<Self>,
        sampled: bool,
    ) -> Self {
        let random = match from {
            Some(from) => from.flags & RANDOM,
            // Its own ids are random.
            None => RANDOM,
        };
        let sampled = if sampled { SAMPLED } else { 0 };
        Self {
            trace,
            span,
            flags: random | sampled,
        }
    }

    /// As a field value.
    pub(crate) fn value(self) -> HeaderValue {
        let Self { trace, span, flags } = self;
        HeaderValue::from_str(&format!("00-{trace}-{span}-{flags:02x}"))
            .expect("digits and hyphens are a field value")
    }
}

/// The trace that begins with a request of this id.
pub(crate) fn trace_of(id: &[u8]) -> TraceId {
    // Ids are digits of random bytes. All zero, which means that there is none, they are once in 2^128 times.
    let bytes = hex(id).filter(|bytes| *bytes != [0; 16]);
    TraceId(bytes.unwrap_or([1; 16]))
}

/// Lower-case digits only, as the specification says.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn parse(value: &str) -> Option<Parent> {
        Parent::parse(value.as_bytes())
    }

    #[test]
    fn valid_field_is_read_and_written_alike() {
        for flags in ["00", "01", "02", "03"] {
            let value = format!("00-{TRACE}-{SPAN}-{flags}");
            let parent = parse(&value).expect("it is valid");
            assert_eq!(parent.trace.to_string(), TRACE);
            assert_eq!(parent.is_sampled(), flags == "01" || flags == "03");
            assert_eq!(parent.value(), value);
        }
    }

    #[test]
    fn later_versions_are_read_as_far_as_they_are_known() {
        let parent = parse(&format!("00-{TRACE}-{SPAN}-01"));
        for later in ["01", "cc", "fe"] {
            assert_eq!(parse(&format!("{later}-{TRACE}-{SPAN}-01")), parent);
            assert_eq!(
                parse(&format!("{later}-{TRACE}-{SPAN}-01-what-comes")),
                parent
            );
            assert_eq!(parse(&format!("{later}-{TRACE}-{SPAN}-01.what")), None);
        }
        // Flags that nobody knows are not passed on.
        assert_eq!(parse(&format!("00-{TRACE}-{SPAN}-fd")), parent);
    }

    #[test]
    fn malformed_fields_are_none() {
        let zero = ["0".repeat(32), "0".repeat(16)];
        for value in [
            String::new(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{}-{SPAN}-01", zero[0]),
            format!("00-{TRACE}-{}-01", zero[1]),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}_{SPAN}-01"),
            format!("0x-{TRACE}-{SPAN}-01"),
            format!(" 00-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{}é-01", &SPAN[..14]),
        ] {
            assert_eq!(parse(&value), None, "{value:?}");
        }
    }

    #[test]
    fn two_fields_say_nothing() {
        let mut fields = Fields::new();
        let value = HeaderValue::from_str(&format!("00-{TRACE}-{SPAN}-01")).expect("a value");
        fields.append(TRACEPARENT, value.clone());
        assert!(Parent::of(&fields).is_some());
        fields.append(TRACEPARENT, value);
        assert_eq!(Parent::of(&fields), None);
    }
}
