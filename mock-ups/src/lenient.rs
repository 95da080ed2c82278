//! Reads JSON requests as leniently as UPS does, for all products.
//!
//! | sent | read as |
//! |---|---|
//! | a number or a boolean where a string is specified | its text |
//! | one object where a list is specified | a list of one |
//! | a list where an object is specified | its first item |
//! | a string, number or `null` where an object or a list is specified | absent |
//! | an indicator: `null` or `false` | absent |
//! | an indicator: anything else, the empty string included | present |
//! | an unknown member | skipped |

mod decimal;
mod digestible;
mod reader;

use std::borrow::Cow;

pub(crate) use decimal::thousandths;
pub(crate) use digestible::{holds_control_character, is_json};
pub(crate) use reader::{FillInPlace, Members, Reader, SeenMembers, Unread, members, read};

/// Items of a list that are read; the others are skipped. UPS has no higher limit anywhere, and the bound
/// keeps a megabyte of `{}` from growing to a hundred times its size in memory.
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
            // Nearly always there is nothing to cut, and this is cheaper than `trim`.
            [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
            _ => text.trim(),
        }
    }

    /// The text, or `None` when it is blank.
    pub(crate) fn present(&self) -> Option<&str> {
        Some(self.as_str()).filter(|text| !text.is_empty())
    }
}

/// An indicator: UPS looks at its presence, not at its value, which is mostly empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Indicator(pub(crate) bool);

/// An object that may be absent.
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

/// A list of objects.
#[derive(Debug, Clone)]
pub(crate) struct Many<T>(pub(crate) Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Address lines and the like: a list of strings, or one bare string.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines<'a>(pub(crate) Vec<Text<'a>>);

#[cfg(test)]
mod tests;
