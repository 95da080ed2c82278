//! Business days in the United States, as a parcel carrier counts them: not Saturday, not Sunday,
//! not one of the six days on which it neither picks up nor delivers.

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};

/// Whether the day is a holiday. One that falls on a Sunday is kept on the Monday after.
pub(crate) fn is_holiday(day: Date) -> bool {
    let (month, number, weekday) = (day.month(), day.day(), day.weekday());
    let fixed = |wanted: i8| {
        number == wanted && weekday != Weekday::Sunday
            // A holiday on Sunday moves to Monday; one on Saturday does not move.
            || number == wanted + 1 && weekday == Weekday::Monday
    };
    match month {
        1 => fixed(1),
        // Memorial Day: the last Monday of May.
        5 => weekday == Weekday::Monday && number > 24,
        7 => fixed(4),
        // Labor Day: the first Monday of September.
        9 => weekday == Weekday::Monday && number <= 7,
        // Thanksgiving: the fourth Thursday of November.
        11 => weekday == Weekday::Thursday && (22..=28).contains(&number),
        12 => fixed(25),
        _ => false,
    }
}

/// Whether the day is a Saturday or Sunday.
pub(crate) fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Whether parcels move on that day.
pub(crate) fn is_business_day(day: Date) -> bool {
    !is_weekend(day) && !is_holiday(day)
}

/// The day after; the last day of time stays itself.
pub(crate) fn next_day(day: Date) -> Date {
    day.saturating_add(1.day())
}

/// The first business day on or after `day`.
pub(crate) fn business_day_from(day: Date) -> Date {
    let mut candidate = day;
    // No run of closed days is longer than four.
    for _ in 0..8 {
        if is_business_day(candidate) {
            break;
        }
        candidate = next_day(candidate);
    }
    candidate
}

/// A journey of some business days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Journey {
    /// The day on which the parcel arrives.
    pub(crate) arrival: Date,
    /// Weekend days on the way.
    pub(crate) rest_days: i64,
    /// Holidays on the way that are not on a weekend.
    pub(crate) holidays: i64,
    /// All days on the way.
    pub(crate) total_days: i64,
}

/// Counts `business_days` from the day after `pickup`.
pub(crate) fn travel(pickup: Date, business_days: u32) -> Journey {
    let mut journey = Journey {
        arrival: pickup,
        rest_days: 0,
        holidays: 0,
        total_days: 0,
    };
    let mut left = business_days;
    // A year is more than any service takes, so a wrong number cannot loop for long.
    while left > 0 && journey.total_days < 366 {
        journey.arrival = next_day(journey.arrival);
        journey.total_days += 1;
        if is_weekend(journey.arrival) {
            journey.rest_days += 1;
        } else if is_holiday(journey.arrival) {
            journey.holidays += 1;
        } else {
            left -= 1;
        }
    }
    journey
}

/// `MON` to `SUN`.
pub(crate) fn weekday_name(day: Date) -> &'static str {
    match day.weekday() {
        Weekday::Monday => "MON",
        Weekday::Tuesday => "TUE",
        Weekday::Wednesday => "WED",
        Weekday::Thursday => "THU",
        Weekday::Friday => "FRI",
        Weekday::Saturday => "SAT",
        Weekday::Sunday => "SUN",
    }
}

/// A date written as eight digits, `20240131`.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year = text[..4].parse().ok()?;
    let month = text[4..6].parse().ok()?;
    let day = text[6..].parse().ok()?;
    Date::new(year, month, day).ok()
}

/// A date as the number that its eight digits are.
pub(crate) fn date_number(day: Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{business_day_from, is_holiday, parse_date, travel};

    #[test]
    fn holidays_are_the_six_and_move_from_sunday_to_monday() {
        for day in [
            date(2024, 1, 1),
            date(2023, 1, 2),
            date(2024, 5, 27),
            date(2024, 7, 4),
            date(2024, 9, 2),
            date(2024, 11, 28),
            date(2022, 12, 26),
        ] {
            assert!(is_holiday(day), "{day}");
        }
        for day in [
            date(2023, 1, 1),
            date(2024, 5, 20),
            date(2024, 7, 5),
            date(2024, 9, 9),
            date(2024, 11, 21),
            date(2024, 12, 26),
        ] {
            assert!(!is_holiday(day), "{day}");
        }
    }

    #[test]
    fn travel_skips_weekends_and_holidays() {
        // Recorded: asked for Sunday 1 January 2023, picked up on Tuesday, there on Wednesday.
        let pickup = business_day_from(date(2023, 1, 1));
        assert_eq!(pickup, date(2023, 1, 3));
        assert_eq!(travel(pickup, 1).arrival, date(2023, 1, 4));

        let journey = travel(date(2024, 12, 20), 3);
        assert_eq!(journey.arrival, date(2024, 12, 26));
        assert_eq!(
            (journey.rest_days, journey.holidays, journey.total_days),
            (2, 1, 6)
        );
        assert_eq!(travel(date(2024, 3, 4), 0).arrival, date(2024, 3, 4));
    }

    #[test]
    fn dates_are_eight_digits() {
        assert_eq!(parse_date("20240229"), Some(date(2024, 2, 29)));
        for text in ["20230229", "2024-2-9", "", "2024022", "²0240229"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
