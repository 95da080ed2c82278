//! The zone in which a browser's pages show times.
//!
//! It is the reader's and no secret, so the browser keeps it, in a cookie of its own: it outlives the session, and
//! somebody who was invited has it as well. The script sets it to the browser's zone unless the reader has chosen.

use super::{cookie::value_of, words::Moment};
use crate::error::AdminError;
use gateway_model::Clock;
use http::{HeaderMap, HeaderValue};
use jiff::{Timestamp, tz::TimeZone};

/// The cookie's name. The script knows it as well.
const NAME: &str = "waybill-zone";
/// How long a browser keeps it: as long as browsers allow, 400 days in seconds.
const KEPT: u32 = 400 * 24 * 60 * 60;

/// Who reads a page, and when.
pub(crate) struct Reader {
    zone: TimeZone,
    now: Timestamp,
}

impl Reader {
    pub(crate) fn new(zone: TimeZone, clock: &dyn Clock) -> Result<Self, AdminError> {
        let now = Timestamp::try_from(clock.wall());
        let now = now.map_err(|_out_of_range| AdminError::Internal)?;
        Ok(Self { zone, now })
    }

    /// A time as this reader sees it.
    pub(super) fn moment(&self, at: Timestamp) -> Moment {
        Moment::new(at, self.now, &self.zone)
    }
}

/// The zone of a request; UTC if the browser has none.
pub(super) fn of(headers: &HeaderMap) -> TimeZone {
    let name = value_of(headers, NAME);
    // A slash is as a browser may write it.
    let name = name.map(|name| name.expose().replace("%2F", "/"));
    let zone = name.and_then(|name| TimeZone::get(&name).ok());
    zone.unwrap_or(TimeZone::UTC)
}

/// The field that sets the zone; `None` if no zone has this name.
pub(super) fn set(name: &str) -> Option<HeaderValue> {
    let zone = TimeZone::get(name).ok()?;
    // The database's own spelling, which has nothing that a cookie cannot hold.
    let name = zone.iana_name()?;
    HeaderValue::from_str(&format!(
        "{NAME}={name}; Path=/; Max-Age={KEPT}; SameSite=Lax"
    ))
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header;

    fn zone(cookie: &'static str) -> TimeZone {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static(cookie));
        of(&headers)
    }

    #[test]
    fn zone_is_the_browsers_and_utc_without_one() {
        let berlin = TimeZone::get("Europe/Berlin").expect("the zone");
        assert_eq!(zone("a=b; waybill-zone=Europe/Berlin"), berlin);
        assert_eq!(zone("waybill-zone=Europe%2FBerlin"), berlin);
        for cookie in [
            "",
            "waybill-zone=",
            "waybill-zone=Mars/Olympus",
            "waybill-zone=../etc",
        ] {
            assert_eq!(zone(cookie), TimeZone::UTC, "{cookie}");
        }
    }

    #[test]
    fn cookie_is_set_for_a_known_zone_only() {
        let set_to = set("europe/berlin").expect("a zone");
        assert!(
            set_to
                .as_bytes()
                .starts_with(b"waybill-zone=Europe/Berlin; ")
        );
        for name in ["", "Mars/Olympus", "UTC; Secure", "a\r\nb"] {
            assert!(set(name).is_none(), "{name:?}");
        }
    }
}
