//! Whole numbers however they are written.

use serde::{Deserializer, de};
use std::fmt;

/// Seconds: `14399`, `"14399"`, `14399.0`, `"14399.0"`; absent, null and `""` are `None`. Fractions
/// are cut off, what exceeds `u64` saturates, and negative numbers are refused.
pub(super) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    deserializer.deserialize_any(Seconds)
}

struct Seconds;

impl<'de> de::Visitor<'de> for Seconds {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds that is not negative")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        u64::try_from(number)
            .map(Some)
            .map_err(|_| E::custom("negative"))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        if number.is_nan() || number < 0.0 {
            return Err(E::custom("negative"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative; the cast saturates and cuts the fraction off, as wanted"
        )]
        let whole = number as u64;
        Ok(Some(whole))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if let Ok(number) = text.parse::<u64>() {
            return Ok(Some(number));
        }
        // Rust reads "inf" and "nan" as numbers; a carrier that writes them means nothing.
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_digit() || b".+-eE".contains(&b));
        match text.parse::<f64>() {
            Ok(number) if plain => self.visit_f64(number),
            _ => Err(E::custom("not a number")),
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        seconds(deserializer)
    }
}
