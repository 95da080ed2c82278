//! Reads JSON text into members in place.
//!
//! `serde` builds each object on its own and moves it into the one around it. Here members are filled
//! where they stand, and texts are borrowed. What is rare, such as escapes and numbers, goes to
//! `serde_json` token by token.

use std::borrow::Cow;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::{Indicator, Lines, MAX_ITEMS, Many, Opt, Text};

/// The text is not JSON, or a member is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unread;

/// A value that is filled in place: it is its default before.
pub(crate) trait FillInPlace<'a>: Default {
    fn fill(&mut self, json: &mut Reader<'a>) -> Result<(), Unread>;
}

/// An object, of which some members are read. Made by [`crate::lenient::members`].
pub(crate) trait Members<'a>: Default {
    /// Fills the member of this name, or skips the value of an unknown one.
    fn fill_member(
        &mut self,
        name: &str,
        seen: &mut SeenMembers,
        json: &mut Reader<'a>,
    ) -> Result<(), Unread>;
}

/// The members of an object that were read: none may come twice.
#[derive(Debug, Default)]
pub(crate) struct SeenMembers(u32);

impl SeenMembers {
    pub(crate) fn once(&mut self, member: u32) -> Result<(), Unread> {
        let before = self.0;
        self.0 |= 1 << member;
        // A member that comes twice is ambiguous, and `serde` refuses it too.
        if before == self.0 {
            Err(Unread)
        } else {
            Ok(())
        }
    }
}

/// Says which member of the JSON goes into which field. What is not named is skipped.
macro_rules! members {
    ($life:lifetime, $kind:ty { $($($name:literal)|+ => $field:ident),* $(,)? }) => {
        impl<$life> $crate::lenient::Members<$life> for $kind {
            #[expect(non_camel_case_types, reason = "the fields' names, numbered")]
            fn fill_member(
                &mut self,
                name: &str,
                seen: &mut $crate::lenient::SeenMembers,
                json: &mut $crate::lenient::Reader<$life>,
            ) -> Result<(), $crate::lenient::Unread> {
                enum Number { $($field),* }
                match name {
                    $($($name)|+ => {
                        seen.once(Number::$field as u32)?;
                        $crate::lenient::FillInPlace::fill(&mut self.$field, json)
                    })*
                    _ => json.skip(),
                }
            }
        }
    };
}
pub(crate) use members;

/// Objects and lists within each other, before the reader gives up.
const DEEPEST: u32 = 128;

/// A place in JSON text.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

/// The object that is the whole text.
pub(crate) fn read<'a, T: Members<'a>>(text: &'a str) -> Result<T, Unread> {
    let mut json = Reader {
        text,
        at: 0,
        depth: 0,
    };
    let mut value = T::default();
    json.object(&mut value)?;
    // Text after the object is no JSON document.
    match json.next_byte() {
        None => Ok(value),
        Some(_) => Err(Unread),
    }
}

/// The number of bytes before the first one that ends a string or cannot stand in it as it is.
fn plain_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    // Eight bytes at a time: names and values are short, and half of a request is in them.
    while let Some(eight) = bytes[at..].first_chunk() {
        let found = ends(u64::from_le_bytes(*eight));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_plain = |byte: &&u8| !matches!(**byte, b'"' | b'\\' | 0..0x20);
    at + bytes[at..].iter().take_while(is_plain).count()
}

/// Marks the first byte, counted from the lowest, that is a quotation mark, a backslash or a control
/// character. Marks above the first one mean nothing.
const fn ends(eight: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let quote = eight ^ (ONES * b'"' as u64);
    let backslash = eight ^ (ONES * b'\\' as u64);
    let is_quote = quote.wrapping_sub(ONES) & !quote;
    let is_backslash = backslash.wrapping_sub(ONES) & !backslash;
    let is_control = eight.wrapping_sub(ONES * 0x20) & !eight;
    (is_quote | is_backslash | is_control) & HIGH
}

impl<'a> Reader<'a> {
    /// The next byte that is no blank, not yet taken.
    #[inline(always)]
    fn next_byte(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Takes this byte.
    #[inline(always)]
    fn take(&mut self, wanted: u8) -> Result<(), Unread> {
        if self.next_byte() != Some(wanted) {
            return Err(Unread);
        }
        self.at += 1;
        Ok(())
    }

    /// After an item: whether there is another one. Takes the comma or the end.
    #[inline(always)]
    fn goes_on(&mut self, end: u8) -> Result<bool, Unread> {
        let byte = self.next_byte();
        self.at += 1;
        match byte {
            Some(b',') => Ok(true),
            Some(byte) if byte == end => Ok(false),
            _ => Err(Unread),
        }
    }

    fn enter(&mut self) -> Result<(), Unread> {
        self.at += 1;
        self.depth += 1;
        // Nested brackets are hostile input: without a bound they would overflow the stack.
        if self.depth > DEEPEST {
            Err(Unread)
        } else {
            Ok(())
        }
    }

    fn object<T: Members<'a>>(&mut self, value: &mut T) -> Result<(), Unread> {
        let mut seen = SeenMembers::default();
        self.each_member(|json, name| value.fill_member(name, &mut seen, json))
    }

    /// An object; `each` takes the values.
    #[inline]
    fn each_member(
        &mut self,
        mut each: impl FnMut(&mut Self, &str) -> Result<(), Unread>,
    ) -> Result<(), Unread> {
        if self.next_byte() != Some(b'{') {
            return Err(Unread);
        }
        self.enter()?;
        if self.next_byte() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                if self.next_byte() != Some(b'"') {
                    return Err(Unread);
                }
                match self.string()? {
                    Ok(name) => {
                        self.take(b':')?;
                        each(self, name)?;
                    }
                    Err(token) => {
                        let name: String = serde_json::from_str(token).map_err(|_| Unread)?;
                        self.take(b':')?;
                        each(self, &name)?;
                    }
                }
                if !self.goes_on(b'}')? {
                    break;
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// A list; `each` takes the items.
    fn each_item(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), Unread>,
    ) -> Result<(), Unread> {
        self.enter()?;
        if self.next_byte() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                each(self)?;
                if !self.goes_on(b']')? {
                    break;
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// A string at its quotation mark: what is in it, or the whole token when it holds escapes.
    fn string(&mut self) -> Result<Result<&'a str, &'a str>, Unread> {
        let rest = self.text.get(self.at + 1..).ok_or(Unread)?;
        let length = plain_length(rest.as_bytes());
        if rest.as_bytes().get(length) == Some(&b'"') {
            // Two quotation marks beside the text.
            self.at += length + 2;
            return Ok(Ok(rest.get(..length).ok_or(Unread)?));
        }
        self.string_with_escapes(length).map(Err)
    }

    /// The end of a string that has escapes after `plain` bytes.
    #[cold]
    fn string_with_escapes(&mut self, plain: usize) -> Result<&'a str, Unread> {
        let bytes = self.text.as_bytes();
        let mut end = self.at + 1 + plain;
        loop {
            match *bytes.get(end).ok_or(Unread)? {
                b'"' => break,
                // The escaped character is skipped unseen; `serde_json` checks it later.
                b'\\' => end += 2,
                // Raw control characters are not allowed in strings.
                0..0x20 => return Err(Unread),
                _ => end += 1,
            }
        }
        let token = self.text.get(self.at..=end).ok_or(Unread)?;
        self.at = end + 1;
        Ok(token)
    }

    /// A number or a word, as far as that can be told without looking closely.
    fn scalar(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let length = rest.bytes().take_while(|byte| is_part(*byte)).count();
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Any value.
    pub(crate) fn skip(&mut self) -> Result<(), Unread> {
        match self.next_byte() {
            Some(b'{') => self.each_member(|json, _| json.skip()),
            Some(b'[') => self.each_item(Self::skip),
            _ => self.simple::<IgnoredAny>(),
        }
    }

    /// A string, number or word, checked as closely as `serde` does for this type: what it skips may be a
    /// number out of range or half a surrogate pair.
    fn simple<T: DeserializeOwned>(&mut self) -> Result<(), Unread> {
        let token = match self.next_byte() {
            Some(b'"') => match self.string()? {
                Ok(_) => return Ok(()),
                Err(token) => token,
            },
            _ => self.scalar(),
        };
        let checked = serde_json::from_str::<T>(token);
        checked.map(drop).map_err(|_| Unread)
    }
}

impl<'a> FillInPlace<'a> for Text<'a> {
    fn fill(&mut self, json: &mut Reader<'a>) -> Result<(), Unread> {
        let token = match json.next_byte() {
            Some(b'"') => match json.string()? {
                Ok(text) => {
                    // Borrowed: nearly no string of a request has escapes.
                    self.0 = Cow::Borrowed(text);
                    return Ok(());
                }
                Err(token) => token,
            },
            _ => json.scalar(),
        };
        self.0 = Cow::Owned(scalar_text(token)?);
        Ok(())
    }
}

/// The text of a scalar that is no plain string.
fn scalar_text(token: &str) -> Result<String, Unread> {
    let value = serde_json::from_str(token).map_err(|_| Unread)?;
    match value {
        Value::Null => Ok(String::new()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::String(text) => Ok(text),
        // Not the number's own text: `10.0` is `10`, as the services read it.
        Value::Number(number) => Ok(match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(whole), _, _) => whole.to_string(),
            (None, Some(whole), _) => whole.to_string(),
            (None, None, Some(decimal)) => decimal.to_string(),
            (None, None, None) => return Err(Unread),
        }),
        Value::Array(_) | Value::Object(_) => Err(Unread),
    }
}

impl<'a> FillInPlace<'a> for Indicator {
    fn fill(&mut self, json: &mut Reader<'a>) -> Result<(), Unread> {
        // `null` and `false` are absence: generated clients send them for an option that is off.
        self.0 = !matches!(json.next_byte(), Some(b'n' | b'f'));
        json.skip()
    }
}

impl<'a, T: FillInPlace<'a>> FillInPlace<'a> for Option<T> {
    fn fill(&mut self, json: &mut Reader<'a>) -> Result<(), Unread> {
        if json.next_byte() == Some(b'n') {
            return json.skip();
        }
        self.insert(T::default()).fill(json)
    }
}

impl<'a, T: Members<'a>> FillInPlace<'a> for Opt<T> {
    fn fill(&mut self, json: &mut Reader<'a>) -> Result<(), Unread> {
        match json.next_byte() {
            Some(b'{') => json.object(self.0.insert(T::default())),
            Some(b'[') => json.each_item(|json| match self.0 {
                None => json.object(self.0.insert(T::default())),
                // Further items are read and dropped, as they must be JSON all the same.
                Some(_) => json.skip(),
            }),
            _ => json.simple::<Value>(),
        }
    }
}

impl<'a, T: Members<'a>> FillInPlace<'a> for Many<T> {
    fn fill(&mut self, json: &mut Reader<'a>) -> Result<(), Unread> {
        let items = &mut self.0;
        match json.next_byte() {
            Some(b'{') => json.object(items.push_mut(T::default())),
            Some(b'[') => json.each_item(|json| {
                // The bound is on what is kept; the text is still checked to its end.
                if items.len() == MAX_ITEMS {
                    return json.skip();
                }
                json.object(items.push_mut(T::default()))
            }),
            _ => json.simple::<Value>(),
        }
    }
}

impl<'a> FillInPlace<'a> for Lines<'a> {
    fn fill(&mut self, json: &mut Reader<'a>) -> Result<(), Unread> {
        let lines = &mut self.0;
        match json.next_byte() {
            Some(b'[') => json.each_item(|json| {
                if lines.len() == MAX_ITEMS {
                    return json.skip();
                }
                lines.push_mut(Text::default()).fill(json)
            }),
            // `null` is no line.
            Some(b'n') => json.skip(),
            _ => lines.push_mut(Text::default()).fill(json),
        }
    }
}
