//! Reading requests as liberally as UPS does: numbers where strings are specified, one object where
//! an array is specified and the reverse, an empty string where an object is specified, unknown
//! members ignored.

mod reader;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};

pub(crate) use reader::{Fill, Members, Reader, Seen, Unread, members, read};

/// Items of a list that are read; the rest is skipped. More than any limit of UPS, and few enough
/// that a body of a megabyte full of `{}` does not become a hundred times as much.
const MAX_ITEMS: usize = 256;

/// A string, or a number or boolean read as one. Borrows from the body where it can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Default for Text<'_> {
    fn default() -> Self {
        Self(Cow::Borrowed(""))
    }
}

impl Text<'_> {
    /// The text without surrounding blanks.
    pub(crate) fn as_str(&self) -> &str {
        let text: &str = &self.0;
        match text.as_bytes() {
            // Nearly always: nothing to cut.
            [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
            _ => text.trim(),
        }
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
        while items.len() < MAX_ITEMS {
            let Some(item) = seq.next_element()? else {
                return Ok(Many(items));
            };
            items.push(item);
        }
        while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
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
        while lines.len() < MAX_ITEMS {
            let Some(line) = seq.next_element()? else {
                return Ok(Lines(lines));
            };
            lines.push(line);
        }
        while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
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
mod tests;
