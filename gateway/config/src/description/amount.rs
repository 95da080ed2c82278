//! Times and sizes as people write them.

use std::time::Duration;

// In ascending order, as the shortest text takes the largest unit that fits.
const DURATIONS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

const SIZES: [(&str, u64); 4] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// `30s`, `500ms`, `1h`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    scaled(text, &DURATIONS).map(Duration::from_millis)
}

/// `64KiB`, `1 MiB`.
pub(crate) fn size(text: &str) -> Option<u64> {
    scaled(text, &SIZES)
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    // A number without a unit is refused: nobody could tell seconds from milliseconds.
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, scale) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    // Checked: a huge number of days must not wrap to a short time.
    number.parse::<u64>().ok()?.checked_mul(*scale)
}

/// The shortest way to write a time.
pub(crate) fn duration_text(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    shortest(millis, &DURATIONS)
}

/// The shortest way to write a size.
pub(crate) fn size_text(bytes: u64) -> String {
    shortest(bytes, &SIZES)
}

fn shortest(amount: u64, units: &[(&str, u64)]) -> String {
    let (unit, scale) = units
        .iter()
        .rev()
        // Zero is a multiple of every unit and is written in the smallest.
        .find(|(_, scale)| amount != 0 && amount.is_multiple_of(*scale))
        .unwrap_or(&units[0]);
    format!("{}{unit}", amount / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_round_trip() {
        for text in ["0ms", "500ms", "30s", "90s", "5m", "1h", "7d"] {
            assert_eq!(duration_text(duration(text).expect(text)), text);
        }
        for text in ["0B", "1B", "64KiB", "1MiB", "3GiB"] {
            assert_eq!(size_text(size(text).expect(text)), text);
        }
    }

    #[test]
    fn nonsense_is_not_an_amount() {
        for text in [
            "",
            "30",
            "s",
            "-1s",
            "1.5h",
            "1 fortnight",
            "99999999999999999999s",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
        for text in ["", "KiB", "1kb", "18446744073709551615GiB"] {
            assert_eq!(size(text), None, "{text}");
        }
    }
}
