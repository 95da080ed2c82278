//! Lengths of time as people write them: `90s`, `2h 30m`, `100ms`, `3d`, or a number of seconds.

use std::time::Duration;

use jiff::SignedDuration;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time in a file, a flag or a control request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

/// Parses a length of time; `None` if the text is none, or negative.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    // Whole days are read here: a calendar's day may have 23 hours, and the parser refuses it.
    let days = text
        .strip_suffix('d')
        .and_then(|days| days.trim().parse::<u64>().ok());
    if let Some(days) = days {
        return Some(Duration::from_secs(days.saturating_mul(86_400)));
    }
    let signed: SignedDuration = text.parse().ok()?;
    signed.try_into().ok()
}

/// What to say about a text that is none.
pub(crate) const EXPECTED: &str = "a length of time such as \"90s\", \"2h 30m\" or \"100ms\"";

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        // Numbers first, since a text never parses as one.
        enum Written {
            Seconds(u64),
            Text(String),
        }
        match Written::deserialize(deserializer).map_err(|_| D::Error::custom(EXPECTED))? {
            Written::Seconds(seconds) => Ok(Self(Duration::from_secs(seconds))),
            Written::Text(text) => parse(&text)
                .map(Self)
                .ok_or_else(|| D::Error::custom(EXPECTED)),
        }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // In milliseconds, the finest unit that is read, so that nothing is lost.
        serializer.collect_str(&format_args!("{}ms", self.0.as_millis()))
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    #[test]
    fn lengths_of_time_parse_as_written() {
        let cases = [
            ("90s", 90_000),
            ("100ms", 100),
            ("2h 30m", 9_000_000),
            ("3d", 259_200_000),
            ("PT1M", 60_000),
        ];
        for (text, ms) in cases {
            assert_eq!(parse(text), Some(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "-5s", "soon", "1e99999s", "5"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
