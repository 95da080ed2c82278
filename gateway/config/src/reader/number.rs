//! Values that have bounds: numbers, times and sizes.

use super::{
    context::Context,
    table::{Table, Written},
    wording::type_name,
};
use crate::description::{Key, Kind, Preset, amount};
use std::{ops::RangeInclusive, time::Duration};
use toml_span::value::ValueInner;

impl Table<'_> {
    pub(crate) fn integer(&self, cx: &mut Context<'_>, key: &Key) -> Option<u64> {
        let bounds = if let Kind::Integer { min, max } = key.kind {
            min..=max
        } else {
            0..=u64::MAX
        };
        let found = self.bounded(cx, key, bounds, |written| match written {
            // Negative numbers are out of range, not of the wrong type.
            Written::Toml(ValueInner::Integer(value)) => Ok(u64::try_from(*value).ok()),
            Written::Variable(text) => Ok(text.trim().parse().ok()),
            Written::Toml(other) => Err(type_name(other)),
        });
        match (found, key.preset) {
            (Some(value), _) | (None, Preset::Integer(value)) => Some(value),
            (None, _) => None,
        }
    }

    pub(crate) fn fraction(&self, cx: &mut Context<'_>, key: &Key) -> f64 {
        let (min, max) = if let Kind::Fraction { min, max } = key.kind {
            (min, max)
        } else {
            (f64::MIN, f64::MAX)
        };
        let found = self.bounded(cx, key, min..=max, |written| match written {
            Written::Toml(ValueInner::Float(value)) => Ok(Some(*value)),
            #[expect(clippy::cast_precision_loss, reason = "far out of range anyway")]
            Written::Toml(ValueInner::Integer(value)) => Ok(Some(*value as f64)),
            Written::Variable(text) => Ok(text.trim().parse().ok()),
            Written::Toml(other) => Err(type_name(other)),
        });
        match (found, key.preset) {
            (Some(value), _) | (None, Preset::Fraction(value)) => value,
            (None, _) => min,
        }
    }

    pub(crate) fn duration(&self, cx: &mut Context<'_>, key: &Key) -> Duration {
        let (min, max) = if let Kind::Duration { min, max } = key.kind {
            (min, max)
        } else {
            (Duration::ZERO, Duration::MAX)
        };
        let found = self.bounded(cx, key, min..=max, |written| {
            let duration = amount::duration(written.text()?).ok_or("not a time")?;
            Ok(Some(duration))
        });
        match (found, key.preset) {
            (Some(value), _) => value,
            (None, Preset::Text(text)) => amount::duration(text).unwrap_or(min),
            (None, _) => min,
        }
    }

    pub(crate) fn size(&self, cx: &mut Context<'_>, key: &Key) -> u64 {
        let (min, max) = if let Kind::Size { min, max } = key.kind {
            (min, max)
        } else {
            (0, u64::MAX)
        };
        let found = self.bounded(cx, key, min..=max, |written| {
            let bytes = match written {
                Written::Toml(ValueInner::Integer(value)) => u64::try_from(*value).ok(),
                Written::Variable(text) => text.parse().ok().or_else(|| amount::size(text)),
                Written::Toml(_) => amount::size(written.text()?),
            };
            Ok(Some(bytes.ok_or("not a size")?))
        });
        match (found, key.preset) {
            (Some(value), _) => value,
            (None, Preset::Text(text)) => amount::size(text).unwrap_or(min),
            (None, _) => min,
        }
    }

    /// What `read` finds, unless that is nothing or out of bounds.
    fn bounded<T: PartialOrd>(
        &self,
        cx: &mut Context<'_>,
        key: &Key,
        bounds: RangeInclusive<T>,
        read: impl FnOnce(&Written<'_>) -> Result<Option<T>, String>,
    ) -> Option<T> {
        let found = self.scalar(cx, key, |written| {
            let value = read(written)?.filter(|value| bounds.contains(value));
            // One message for all that is out of bounds; it names the range.
            value.ok_or_else(|| "out of range".into())
        });
        found.map(|at| at.value)
    }
}
