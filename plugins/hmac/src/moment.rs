//! The time of a request, in the forms that carriers want.

use std::time::{Duration, UNIX_EPOCH};

/// The last millisecond that a date field can name.
const LAST: u64 = 253_402_300_799_999;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7). `None` after the year 9999.
pub(crate) fn http_date(unix_ms: u64) -> Option<String> {
    let at = UNIX_EPOCH + Duration::from_millis(unix_ms.min(LAST));
    (unix_ms <= LAST).then(|| httpdate::fmt_http_date(at))
}

/// `1994-11-06T08:49:37Z` (RFC 3339). `None` after the year 9999.
pub(crate) fn iso8601(unix_ms: u64) -> Option<String> {
    let date = http_date(unix_ms)?;
    // The form of an HTTP date is fixed, so its parts stand at fixed places.
    let (day, month, year, time) = (&date[5..7], &date[8..11], &date[12..16], &date[17..25]);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    Some(format!("{year}-{month:02}-{day}T{time}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_standards_say() {
        let then = 784_111_777_000;
        assert_eq!(
            http_date(then).as_deref(),
            Some("Sun, 06 Nov 1994 08:49:37 GMT")
        );
        assert_eq!(iso8601(then).as_deref(), Some("1994-11-06T08:49:37Z"));
        assert_eq!(iso8601(LAST).as_deref(), Some("9999-12-31T23:59:59Z"));
        assert_eq!((http_date(LAST + 1), iso8601(u64::MAX)), (None, None));
    }
}
