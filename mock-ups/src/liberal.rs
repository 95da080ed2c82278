//! Reading requests as liberally as UPS does: numbers where strings are specified, one object where
//! an array is specified and the reverse, an empty string where an object is specified, unknown
//! members ignored.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};

/// A string, or a number or boolean read as one. Borrows from the body where it can.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    /// The text without surrounding blanks.
    pub(crate) fn as_str(&self) -> &str {
        self.0.trim()
    }

    /// The text, or `None` when it is blank.
    pub(crate) fn present(&self) -> Option<&str> {
        Some(self.as_str()).filter(|text| !text.is_empty())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or a number")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(value)))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(if value { "true" } else { "false" })))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Text::default())
    }
}

/// An indicator: UPS looks at presence, not at the value, which is mostly empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<serde::de::IgnoredAny>::deserialize(deserializer)
            .map(|value| Self(value.is_some()))
    }
}

/// An object that may be absent. A string, number or `null` in its place counts as absent, a list
/// as its first item.
#[derive(Debug, Clone)]
pub(crate) struct Opt<T>(pub(crate) Option<T>);

impl<T> Default for Opt<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Opt<T> {
    pub(crate) fn as_ref(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Opt<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OptVisitor(PhantomData))
    }
}

/// The scalars that stand where an object or a list was specified: read as "absent".
macro_rules! scalars_are_absent {
    () => {
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
}

struct OptVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OptVisitor<T> {
    type Value = Opt<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|one| Opt(Some(one)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let first = seq.next_element()?;
        while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
        Ok(Opt(first))
    }

    scalars_are_absent!();
}

/// A list of objects; a bare object counts as a list of one, a scalar as an empty list.
#[derive(Debug, Clone)]
pub(crate) struct Many<T>(pub(crate) Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ManyVisitor(PhantomData))
    }
}

struct ManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ManyVisitor<T> {
    type Value = Many<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or a list of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let one = T::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Many(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Many(items))
    }

    scalars_are_absent!();
}

/// Address lines and the like: a list of strings, or one bare string.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines<'a>(pub(crate) Vec<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Lines<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LinesVisitor)
    }
}

struct LinesVisitor;

impl<'de> Visitor<'de> for LinesVisitor {
    type Value = Lines<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or a list of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut lines = Vec::new();
        while let Some(line) = seq.next_element()? {
            lines.push(line);
        }
        Ok(Lines(lines))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Lines(vec![Text(Cow::Borrowed(value))]))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Lines(vec![Text(Cow::Owned(value.to_owned()))]))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Lines(vec![Text(Cow::Owned(value.to_string()))]))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Lines::default())
    }
}

/// A decimal number in thousandths, rounded up beyond the third digit: `"7.874"` is 7874. `None`
/// for anything that is not a plain decimal or has more than nine digits before the point.
pub(crate) fn thousandths(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let point = digits.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(at) => (&digits[..at], &digits[at + 1..]),
        None => (digits, &[][..]),
    };
    if whole.is_empty() && fraction.is_empty() || whole.len() > 9 || fraction.len() > 18 {
        return None;
    }
    let mut value = 0_i64;
    for byte in whole {
        value = value * 10 + decimal(*byte)?;
    }
    for place in 0..3 {
        value = value * 10 + fraction.get(place).map_or(Some(0), |byte| decimal(*byte))?;
    }
    let mut more = false;
    for byte in fraction.iter().skip(3) {
        more |= decimal(*byte)? > 0;
    }
    let value = value + i64::from(more);
    Some(if negative { -value } else { value })
}

fn decimal(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

/// Whether the body is JSON at all, whatever it says.
pub(crate) fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

/// Whether the JSON text holds a control character that UPS's back end cannot digest, raw or as an
/// escape. Tab, line feed and carriage return pass.
pub(crate) fn holds_control_character(body: &[u8]) -> bool {
    // Without branches inside a chunk the compiler compares many bytes at a time.
    let is_suspicious = |byte: u8| {
        (byte < 0x20 && byte != b'\t' && byte != b'\n' && byte != b'\r')
            | (byte == 0x7f)
            | (byte == b'\\')
    };
    body.chunks(64).any(|chunk| {
        chunk
            .iter()
            .fold(false, |found, byte| found | is_suspicious(*byte))
    }) && holds_control_escape(body)
}

/// The same, byte by byte: most bodies never get here.
fn holds_control_escape(body: &[u8]) -> bool {
    if body
        .iter()
        .any(|byte| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r') || *byte == 0x7f)
    {
        return true;
    }
    let mut rest = body;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        match rest.get(at + 1) {
            Some(b'b' | b'f') => return true,
            Some(b'u') if is_control_escape(&rest[at + 2..]) => return true,
            Some(_) => rest = &rest[at + 2..],
            None => return false,
        }
    }
    false
}

fn is_control_escape(digits: &[u8]) -> bool {
    let Some([b'0', b'0', high @ (b'0' | b'1'), low]) = digits.first_chunk::<4>() else {
        return false;
    };
    !(*high == b'0' && matches!(low, b'9' | b'a' | b'A' | b'd' | b'D'))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{Flag, Lines, Many, Opt, Text, holds_control_character, thousandths};

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Sample<'a> {
        #[serde(borrow)]
        text: Text<'a>,
        flag: Flag,
        #[serde(borrow)]
        one: Opt<Inner<'a>>,
        #[serde(borrow)]
        many: Many<Inner<'a>>,
        #[serde(borrow)]
        lines: Lines<'a>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Inner<'a> {
        #[serde(borrow)]
        code: Text<'a>,
    }

    #[test]
    fn objects_lists_and_scalars_stand_in_for_each_other() {
        let read = |text: &'static str| serde_json::from_str::<Sample<'_>>(text).expect("liberal");
        let sample = read(
            r#"{"text":7,"flag":"","one":[{"code":1.5}],"many":{"code":"a"},"lines":"l","x":[]}"#,
        );
        assert_eq!(sample.text.as_str(), "7");
        assert!(sample.flag.0);
        assert_eq!(sample.one.as_ref().expect("first").code.as_str(), "1.5");
        assert_eq!(sample.many.0.len(), 1);
        assert_eq!(sample.lines.0[0].as_str(), "l");

        let sample = read(r#"{"one":"","many":null,"flag":null,"text":null,"lines":["a",2]}"#);
        assert!(sample.one.as_ref().is_none() && sample.many.0.is_empty() && !sample.flag.0);
        assert_eq!(sample.text.present(), None);
        assert_eq!(sample.lines.0.len(), 2);
    }

    #[test]
    fn thousandths_reads_plain_decimals_only() {
        for (text, value) in [
            ("7.874", Some(7874)),
            ("5", Some(5000)),
            (".5", Some(500)),
            ("10.", Some(10_000)),
            ("0.0001", Some(1)),
            ("-1", Some(-1000)),
            ("", None),
            (".", None),
            ("1e9", None),
            ("12345678901", None),
            ("NaN", None),
            ("1.2.3", None),
        ] {
            assert_eq!(thousandths(text), value, "{text}");
        }
    }

    #[test]
    fn control_characters_are_found_raw_and_escaped() {
        assert!(holds_control_character(br#"{"a":"x\b"}"#));
        assert!(holds_control_character(br#"{"a":"\u0001"}"#));
        assert!(holds_control_character(b"{\"a\":\"\x01\"}"));
        assert!(!holds_control_character(br#"{"a":"\\b \n \u0009 \u00e9"}"#));
        assert!(!holds_control_character(b"{\n\t\"a\": 1}\r\n"));
        assert!(!holds_control_character(br#"{"a":"\"#));
    }
}
