//! What a value must look like.

use serde_json::Value;

use super::refusal::Broken;

/// The shape of a value.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    Any,
    Object,
    /// Objects, so many.
    List(Range),
    /// Values of one shape, so many.
    Each(Range, Box<Self>),
    Text(Range, Class),
    OneOf(Vec<Box<str>>),
    Number(Option<f64>, Option<f64>),
    Integer(Option<f64>, Option<f64>),
    Flag,
}

/// A least and a greatest length.
type Range = (usize, usize);

/// Which texts are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Any,
    Digits,
    Alphanumeric,
    Upper,
    /// Capital letters and digits.
    Code,
    /// Nine digits and a digit or a T: the number of a shipment of Trade Direct.
    ShipmentIdentifier,
    /// Letters, digits, dots and hyphens.
    Token,
    /// `YYYYMMDD`.
    Date,
    /// `YYYY-MM-DD`.
    IsoDate,
    /// `YYYY-MM-DD` or `MM/DD/YYYY`.
    Day,
    /// `HH:MM:SS`.
    Time,
    /// RFC 3339.
    Timestamp,
    Email,
    /// A plus and digits.
    Phone,
    /// Five digits, or nine with a hyphen or a blank.
    Zip,
    /// An IPv4 or IPv6 address.
    Address,
    /// A language and a territory, such as `en_US` or `en-US`.
    Locale,
    /// `1Z` and 16 letters and digits.
    TrackingNumber,
}

impl Shape {
    /// Reads a shape, such as `text 1..30`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        let lengths = || range(rest);
        Some(match kind {
            "any" => Self::Any,
            "object" => Self::Object,
            "list" => Self::List(lengths()?),
            "each" => {
                let (lengths, item) = rest.split_once(' ')?;
                Self::Each(range(lengths)?, Box::new(Self::parse(item)?))
            }
            "one-of" => Self::OneOf(rest.split('|').map(Into::into).collect()),
            "number" => Self::Number(bound(rest, 0)?, bound(rest, 1)?),
            "integer" => Self::Integer(bound(rest, 0)?, bound(rest, 1)?),
            "flag" => Self::Flag,
            kind => Self::Text(lengths()?, Class::parse(kind)?),
        })
    }

    pub(super) const fn has_members(&self) -> bool {
        matches!(self, Self::Object | Self::List(_))
    }

    /// How many items it may have, if it is a list.
    pub(super) const fn items(&self) -> Option<Range> {
        match self {
            Self::List(range) | Self::Each(range, _) => Some(*range),
            Self::Any
            | Self::Object
            | Self::Text(..)
            | Self::OneOf(_)
            | Self::Number(..)
            | Self::Integer(..)
            | Self::Flag => None,
        }
    }

    /// Checks one value; of a list, one of its items.
    pub(super) fn check(&self, value: &Value, is_lenient: bool) -> Result<(), Broken> {
        match (self, value) {
            (Self::Any, _) => Ok(()),
            (Self::Each(_, item), value) => item.check(value, is_lenient),
            (Self::Text(..) | Self::OneOf(_), Value::String(text)) => self.check_text(text),
            (Self::Text(..) | Self::OneOf(_), Value::Number(number)) if is_lenient => {
                self.check_text(&number.to_string())
            }
            (Self::OneOf(_), Value::Number(number)) => self.check_text(&number.to_string()),
            (Self::Number(..) | Self::Integer(..), Value::Number(number)) => {
                self.check_number(number.as_f64())
            }
            (Self::Flag, Value::Bool(_)) => Ok(()),
            _ => Err(Broken::Type),
        }
    }

    /// Checks a text, as parameters are.
    pub(super) fn check_text(&self, text: &str) -> Result<(), Broken> {
        match self {
            Self::Text((least, most), class) => {
                // Characters, since UPS's limits count what people see and not bytes.
                let length = text.chars().count();
                if length < *least || length > *most {
                    return Err(Broken::Length);
                }
                class.fits(text).then_some(()).ok_or(Broken::Value)
            }
            Self::OneOf(values) => {
                let is_listed = values.iter().any(|value| **value == *text);
                is_listed.then_some(()).ok_or(Broken::Value)
            }
            Self::Number(..) | Self::Integer(..) => self.check_number(text.parse().ok()),
            Self::Flag => ["true", "false"]
                .contains(&text)
                .then_some(())
                .ok_or(Broken::Value),
            Self::Each(_, item) => text.split(',').try_for_each(|part| item.check_text(part)),
            Self::Any | Self::Object | Self::List(_) => Ok(()),
        }
    }

    fn check_number(&self, number: Option<f64>) -> Result<(), Broken> {
        let (Self::Number(least, most) | Self::Integer(least, most)) = self else {
            return Ok(());
        };
        let number = number.filter(|number| number.is_finite());
        let number = number.ok_or(Broken::Type)?;
        if matches!(self, Self::Integer(..)) && number.fract() != 0.0 {
            return Err(Broken::Type);
        }
        let fits =
            least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most);
        fits.then_some(()).ok_or(Broken::Value)
    }
}

/// `1..30`, `..30`, `1..`, `30` or nothing.
fn range(text: &str) -> Option<Range> {
    let number = |text: &str, default| match text {
        "" => Some(default),
        text => text.parse().ok(),
    };
    match text.split_once("..") {
        Some((least, most)) => Some((number(least, 0)?, number(most, usize::MAX)?)),
        None if text.is_empty() => Some((0, usize::MAX)),
        None => text.parse().ok().map(|exact| (exact, exact)),
    }
}

/// One end of a range of numbers.
fn bound(text: &str, end: usize) -> Option<Option<f64>> {
    match text.split("..").nth(end) {
        None | Some("") => Some(None),
        Some(number) => number.parse().ok().map(Some),
    }
}

impl Class {
    fn parse(kind: &str) -> Option<Self> {
        Some(match kind {
            "text" => Self::Any,
            "digits" => Self::Digits,
            "alphanumeric" => Self::Alphanumeric,
            "upper" => Self::Upper,
            "code" => Self::Code,
            "usi" => Self::ShipmentIdentifier,
            "token" => Self::Token,
            "date" => Self::Date,
            "iso-date" => Self::IsoDate,
            "day" => Self::Day,
            "time" => Self::Time,
            "timestamp" => Self::Timestamp,
            "email" => Self::Email,
            "phone" => Self::Phone,
            "zip" => Self::Zip,
            "ip-address" => Self::Address,
            "locale" => Self::Locale,
            "tracking-number" => Self::TrackingNumber,
            _ => return None,
        })
    }

    fn fits(self, text: &str) -> bool {
        let all = |fits: fn(&u8) -> bool| text.as_bytes().iter().all(fits);
        match self {
            Self::Any => true,
            Self::Digits => all(u8::is_ascii_digit),
            Self::Alphanumeric => all(u8::is_ascii_alphanumeric),
            Self::Upper => all(u8::is_ascii_uppercase),
            Self::Code => all(is_code),
            Self::ShipmentIdentifier => {
                let end = text.strip_suffix('T').unwrap_or(text);
                text.len() == 10 && end.len() >= 9 && end.bytes().all(|byte| byte.is_ascii_digit())
            }
            Self::Token => all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(byte)),
            Self::Date => text.len() == 8 && crate::calendar::parse_date(text).is_some(),
            Self::IsoDate => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
            Self::Day => day(text).is_some(),
            Self::Time => text.len() == 8 && text.parse::<jiff::civil::Time>().is_ok(),
            Self::Timestamp => text.parse::<jiff::Timestamp>().is_ok(),
            Self::Email => text.split_once('@').is_some_and(|(local, host)| {
                let is_word = |part: &str| !part.is_empty() && !part.contains([' ', '@']);
                is_word(local) && is_word(host) && host.contains('.')
            }),
            Self::Phone => text.strip_prefix('+').is_some_and(|digits| {
                !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
            }),
            Self::Zip => is_zip(text),
            Self::Address => text.parse::<std::net::IpAddr>().is_ok(),
            Self::Locale => {
                let bytes = text.as_bytes();
                bytes.len() == 5
                    && bytes[..2].iter().all(u8::is_ascii_lowercase)
                    && b"_-".contains(&bytes[2])
                    && bytes[3..].iter().all(u8::is_ascii_uppercase)
            }
            Self::TrackingNumber => text
                .strip_prefix("1Z")
                .is_some_and(|rest| rest.len() == 16 && rest.as_bytes().iter().all(is_code)),
        }
    }
}

/// The day of a text, year first or month first.
pub(crate) fn day(text: &str) -> Option<jiff::civil::Date> {
    match text.len() {
        10 => match text.parse() {
            Ok(day) => Some(day),
            Err(_) => jiff::civil::Date::strptime("%m/%d/%Y", text).ok(),
        },
        _ => None,
    }
}

const fn is_code(byte: &u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_uppercase()
}

fn is_zip(text: &str) -> bool {
    let is_digits =
        |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once(['-', ' ']) {
        Some((first, rest)) => is_digits(first, 5) && is_digits(rest, 4),
        None => is_digits(text, 5),
    }
}
