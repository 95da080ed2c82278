//! An event as the receiver gets it.

use crate::calendar::date_number;
use crate::json::{Json, Style};
use crate::places::offset_text;
use crate::products::tracking::timeline::{self, Scan, ScanType, Timeline};

use super::request::Kind;

/// The numbers of UPS's test environment that send events.
const TEST_NUMBERS: [&str; 2] = ["1ZCIETST0111111114", "1ZCIETST0422222228"];

pub(super) fn is_test_number(number: &str) -> bool {
    TEST_NUMBERS.contains(&number)
}

/// The names by which events are asked for.
pub(crate) const NAMES: [(&str, &ScanType); 10] = [
    ("created", timeline::CREATED),
    ("voided", timeline::VOIDED),
    ("origin-scan", timeline::ORIGIN_SCAN),
    ("departed", timeline::DEPARTED),
    ("arrived", timeline::ARRIVED),
    ("destination-scan", timeline::DESTINATION_SCAN),
    ("out-for-delivery", timeline::OUT),
    ("delivered", timeline::DELIVERED),
    ("exception", timeline::EXCEPTION),
    ("rescheduled", timeline::RESCHEDULED),
];

pub(super) fn by_name(name: &str) -> Option<&'static ScanType> {
    let known = NAMES.iter().find(|(known, _)| *known == name);
    known.map(|(_, step)| *step)
}

/// A photo of one pixel: a GIF.
const PHOTO: &str = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

pub(super) fn write(timeline: &Timeline, scan: &Scan, kind: Kind) -> String {
    let place = timeline.place(scan);
    let local = timeline.local(scan);
    let gmt = jiff::tz::TimeZone::UTC.to_datetime(scan.at);
    let is_delivery = scan.step.kind == "D";
    let time = |at: jiff::civil::DateTime| at.strftime("%H%M%S").to_string();
    let body = Json::document(Style::Compact, 768, |json| {
        json.text("trackingNumber", &timeline.tracking_number);
        json.integer_text("localActivityDate", date_number(local.date()));
        json.text("localActivityTime", &time(local));
        json.object("activityLocation", |json| {
            json.text("city", &place.city.to_uppercase());
            // The file's patterns allow nothing else.
            if place.state.len() == 2 {
                json.text("stateProvince", &place.state.to_uppercase());
            }
            if let Some(zip) = place.postal_code.get(..5).filter(|_| is_delivery)
                && zip.bytes().all(|byte| byte.is_ascii_digit())
            {
                json.text("postalCode", zip);
            }
            json.text("country", &place.country.to_uppercase());
        });
        json.object("activityStatus", |json| {
            json.text("type", scan.step.kind);
            json.text("code", scan.step.code);
            json.text("description", scan.step.description.trim_end());
        });
        json.integer_text("scheduledDeliveryDate", date_number(timeline.scheduled));
        if is_delivery {
            json.integer_text("actualDeliveryDate", date_number(local.date()));
            json.text("actualDeliveryTime", &time(local));
        } else {
            let by = timeline.commitment.by;
            json.text("deliveryTimeDescription", by.unwrap_or("end of day"));
        }
        json.integer_text("gmtActivityDate", date_number(gmt.date()));
        json.text("gmtActivityTime", &time(gmt));
        json.text("gmtOffset", &offset_text(&place.zone(), scan.at, '.'));
        if is_delivery && kind == Kind::Enhanced {
            json.text("receivedBy", "DRIVER RELEASE");
            json.text("deliveryPhoto", PHOTO);
        }
    });
    String::from_utf8(body).unwrap_or_default()
}
