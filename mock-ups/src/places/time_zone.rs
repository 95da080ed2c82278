//! The time zone of an address, for the local times of scans.
//!
//! The rules are written as POSIX does, so that no time zone database is needed. A state with two zones has
//! the one of most of its people.

use jiff::tz::TimeZone;

const EASTERN: &str = "EST5EDT,M3.2.0,M11.1.0";
const CENTRAL: &str = "CST6CDT,M3.2.0,M11.1.0";
const MOUNTAIN: &str = "MST7MDT,M3.2.0,M11.1.0";
const PACIFIC: &str = "PST8PDT,M3.2.0,M11.1.0";
const ATLANTIC: &str = "AST4ADT,M3.2.0,M11.1.0";
const CENTRAL_EUROPE: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
const EASTERN_EUROPE: &str = "EET-2EEST,M3.5.0/3,M10.5.0/4";
const WESTERN_EUROPE: &str = "WET0WEST,M3.5.0/1,M10.5.0";

/// States and provinces by rule.
const STATES: [(&str, &str); 10] = [
    (
        "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV ON QC NU",
        EASTERN,
    ),
    (
        "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI MB",
        CENTRAL,
    ),
    ("CO ID MT NM UT WY AB NT", MOUNTAIN),
    ("CA NV OR WA BC YT", PACIFIC),
    ("NB NS PE", ATLANTIC),
    // Arizona and Saskatchewan keep standard time all year.
    ("AZ", "MST7"),
    ("SK", "CST6"),
    ("AK", "AKST9AKDT,M3.2.0,M11.1.0"),
    ("HI", "HST10"),
    ("NL", "NST3:30NDT,M3.2.0,M11.1.0"),
];

/// Countries by rule.
const COUNTRIES: [(&str, &str); 14] = [
    (
        "AT BE CH CZ DE DK ES FR HR HU IT LI LU MC MT NL NO PL SE SI SK AL BA ME MK RS",
        CENTRAL_EUROPE,
    ),
    ("BG CY EE FI GR LT LV RO UA", EASTERN_EUROPE),
    ("GB GG IM JE IE PT", WESTERN_EUROPE),
    ("PR VI", "AST4"),
    ("MX", "CST6"),
    ("JP KR", "JST-9"),
    ("CN HK TW SG MY PH MO", "CST-8"),
    ("TH VN ID KH LA", "ICT-7"),
    ("IN LK", "IST-5:30"),
    ("AE OM", "GST-4"),
    ("AU", "AEST-10AEDT,M10.1.0,M4.1.0/3"),
    ("NZ", "NZST-12NZDT,M9.5.0,M4.1.0/3"),
    ("BR AR UY", "BRT3"),
    // Last and for the whole country: an address without a known state is shown in eastern time.
    ("US", EASTERN),
];

/// The zone of a place; UTC where none is known.
pub(crate) fn time_zone(country: &str, state: &str) -> TimeZone {
    let rule = rule_of(country, state);
    rule.and_then(|rule| TimeZone::posix(rule).ok())
        .unwrap_or(TimeZone::UTC)
}

fn rule_of(country: &str, state: &str) -> Option<&'static str> {
    let has = |list: &str, code: &str| {
        list.split(' ')
            .any(|known| known.eq_ignore_ascii_case(code.trim()))
    };
    let of_state = || STATES.iter().find(|(states, _)| has(states, state));
    let of_country = || COUNTRIES.iter().find(|(list, _)| has(list, country));
    // `NL` is a province of Canada and a country, so the country decides which list counts.
    let by_state = has("US CA", country).then(of_state).flatten();
    by_state.or_else(of_country).map(|(_, rule)| *rule)
}

/// Names of the rules, by which calendars know them.
const NAMES: [(&str, &str); 11] = [
    (EASTERN, "America/New_York"),
    (CENTRAL, "America/Chicago"),
    (MOUNTAIN, "America/Denver"),
    (PACIFIC, "America/Los_Angeles"),
    (ATLANTIC, "America/Halifax"),
    ("MST7", "America/Phoenix"),
    ("HST10", "Pacific/Honolulu"),
    (CENTRAL_EUROPE, "Europe/Berlin"),
    (EASTERN_EUROPE, "Europe/Athens"),
    (WESTERN_EUROPE, "Europe/London"),
    ("JST-9", "Asia/Tokyo"),
];

/// The name of a place's zone; UTC where none is known.
pub(crate) fn time_zone_name(country: &str, state: &str) -> &'static str {
    let rule = rule_of(country, state);
    let known = NAMES.iter().find(|(known, _)| Some(*known) == rule);
    known.map_or("UTC", |(_, name)| name)
}

/// How far local time is ahead of Greenwich at that moment: `-05:00`, with the separator that is asked for.
pub(crate) fn offset_text(zone: &TimeZone, at: jiff::Timestamp, separator: char) -> String {
    let seconds = zone.to_offset(at).seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::{COUNTRIES, STATES, offset_text, time_zone};

    #[test]
    fn offsets_follow_the_place_and_its_summer_time() {
        for (country, state, at, offset) in [
            ("US", "NC", "2024-01-15T12:00:00Z", "-05:00"),
            ("US", "NC", "2024-07-15T12:00:00Z", "-04:00"),
            ("US", "CA", "2024-07-15T12:00:00Z", "-07:00"),
            ("CA", "NL", "2024-01-15T12:00:00Z", "-03:30"),
            ("NL", "", "2024-01-15T12:00:00Z", "+01:00"),
            ("IN", "MH", "2024-01-15T12:00:00Z", "+05:30"),
            ("GB", "", "2024-07-15T12:00:00Z", "+01:00"),
            ("QQ", "", "2024-07-15T12:00:00Z", "+00:00"),
        ] {
            let at = at.parse().expect("a time");
            let zone = time_zone(country, state);
            assert_eq!(offset_text(&zone, at, ':'), offset, "{country} {state}");
        }
    }

    #[test]
    fn all_rules_are_rules() {
        for (_, rule) in STATES.iter().chain(&COUNTRIES) {
            assert!(jiff::tz::TimeZone::posix(rule).is_ok(), "{rule}");
        }
    }
}
