//! How long a service takes, and until what time of day it is there.

use jiff::civil::{Date, Time};

use crate::calendar::{self, Journey};

use super::service::{Class, Lane, Service};
use super::tariff::Zone;

/// A promise in answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Commitment {
    /// Business days from the pickup.
    pub(crate) business_days: u32,
    /// `10:30 A.M.`; `None` for the end of the day.
    pub(crate) by: Option<&'static str>,
    /// The time of day as six digits, HHMMSS.
    pub(crate) clock: i64,
    /// Whether UPS pays when late.
    pub(crate) guaranteed: bool,
}

const END_OF_DAY: i64 = 230_000;

/// Ground: business days by how many zones away the destination is.
// Index 0 and 1 have no zone; they keep the index equal to the zone's number.
const GROUND_DAYS: [u32; 12] = [1, 1, 1, 2, 2, 3, 4, 4, 5, 5, 5, 5];

/// The promise of a service. The days of ground services are a model of our own.
pub(crate) fn commitment(service: Service, lane: Lane, zone: Zone) -> Commitment {
    let promise = |business_days, by, clock| Commitment {
        business_days,
        by,
        clock,
        guaranteed: true,
    };
    let plain = |business_days| Commitment {
        guaranteed: false,
        ..promise(business_days, None, END_OF_DAY)
    };
    // Codes 01, 02, 12, 13 and 14 mean other services outside the United States.
    if lane.is_united_states() {
        return match service.code() {
            "14" => promise(1, Some("8:30 A.M."), 83_000),
            "01" => promise(1, Some("10:30 A.M."), 103_000),
            "13" => promise(1, Some("3:00 P.M."), 150_000),
            "59" => promise(2, Some("10:30 A.M."), 103_000),
            "02" => promise(2, None, END_OF_DAY),
            "12" => promise(3, None, END_OF_DAY),
            _ => {
                // Farther than the table: the last entry is the longest way.
                let steps = zone.steps().min(GROUND_DAYS.len() - 1);
                plain(GROUND_DAYS[steps])
            }
        };
    }
    // A border costs a day more in this model.
    let abroad = u32::from(lane.is_international());
    match service.code() {
        "14" => promise(1, Some("9:00 A.M."), 90_000),
        "54" => promise(1 + abroad, Some("9:00 A.M."), 90_000),
        "01" | "07" => promise(1 + abroad, Some("12:00 P.M."), 120_000),
        "74" => promise(1, Some("12:00 P.M."), 120_000),
        "13" | "65" | "85" | "86" => promise(1 + abroad, None, END_OF_DAY),
        "02" | "08" | "12" | "96" | "71" => promise(2 + 2 * abroad, None, END_OF_DAY),
        "82" | "83" | "84" => plain(1),
        _ if service.class(lane) == Class::Ground => plain(3 + abroad),
        _ => plain(6 + abroad),
    }
}

/// When a shipment is picked up: the first business day from the asked one, or the day after when
/// the asked time is past the cut-off.
pub(crate) fn pickup_day(asked: Date, time: Option<Time>) -> Date {
    let first = calendar::business_day_from(asked);
    match time {
        // The cut-off matters only today; a later asked day has its whole working day.
        Some(time) if first == asked && time > CUTOFF => {
            calendar::business_day_from(calendar::next_day(asked))
        }
        _ => first,
    }
}

/// Handing over later than this means the next day.
// The mock's own hour; UPS's differs by place.
const CUTOFF: Time = Time::constant(18, 0, 0, 0);

/// A time of day as six digits, HHMMSS.
pub(crate) const CUTOFF_CLOCK: i64 = 180_000;

/// When the driver comes, as six digits.
pub(crate) const PICKUP_CLOCK: i64 = 200_000;

/// The way of a shipment.
pub(crate) fn journey(pickup: Date, commitment: Commitment) -> Journey {
    calendar::travel(pickup, commitment.business_days)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::pickup_day;

    #[test]
    fn pickup_after_the_cutoff_is_the_next_business_day() {
        assert_eq!(pickup_day(date(2024, 3, 1), None), date(2024, 3, 1));
        let noon = Some(time(12, 0, 0, 0));
        let evening = Some(time(18, 30, 0, 0));
        assert_eq!(pickup_day(date(2024, 3, 1), noon), date(2024, 3, 1));
        assert_eq!(pickup_day(date(2024, 3, 1), evening), date(2024, 3, 4));
        assert_eq!(pickup_day(date(2024, 3, 2), evening), date(2024, 3, 4));
    }
}
