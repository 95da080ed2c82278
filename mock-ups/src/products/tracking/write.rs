//! A package in a tracking answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::Time;

use crate::api::ApiRequest;
use crate::calendar::date_number;
use crate::json::Json;
use crate::places::offset_text;
use crate::products::shipping::store::Address;

use super::timeline::{Scan, ScanPlace, Timeline};

/// The options of the query.
#[derive(Debug, Clone, Copy)]
pub(super) struct TrackingOptions {
    milestones: bool,
    proof: bool,
}

impl TrackingOptions {
    pub(super) fn of(request: &ApiRequest<'_>) -> Self {
        let is_on = |name: &str| {
            let value = request.query_value(name);
            value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
        };
        Self {
            milestones: is_on("returnMilestones"),
            // A signature comes as the same page: the mock has no image of a hand.
            proof: is_on("returnPOD") || is_on("returnSignature"),
        }
    }
}

/// Writes the members of a package.
pub(super) fn package(json: &mut Json, life: &Timeline, now: Timestamp, shows: TrackingOptions) {
    let events = life.until(now);
    let last = events.last();
    let delivered = last.filter(|event| event.step.kind == "D");
    json.text("trackingNumber", &life.tracking_number);
    delivery(json, life, delivered);
    // Newest first, as in recorded answers; clients take the first activity for the current state.
    json.array("activity", events.iter().rev(), |json, event| {
        activity(json, life, event)
    });
    if let Some(event) = last {
        json.object("currentStatus", |json| {
            // The activity keeps the blank at its end that UPS sends; the current status has none.
            json.text("description", event.step.description.trim_end());
            // The status code stands under both names here, unlike in an activity.
            json.text("code", event.step.status_code);
            json.text("statusCode", event.step.status_code);
            json.text("type", event.step.kind);
            json.text("simplifiedTextDescription", event.step.simple);
        });
    }
    addresses(json, life);
    json.object("weight", |json| {
        json.text("unitOfMeasurement", life.weight_unit);
        json.text("weight", &life.weight);
    });
    json.object("service", |json| {
        json.text("code", life.service.0);
        json.text("levelCode", life.service.0);
        json.text("description", life.service.1);
    });
    json.array("referenceNumber", &life.references, |json, reference| {
        json.text("type", "SHIPMENT");
        json.text("number", reference);
    });
    // A number and not a string, unlike nearly all others.
    json.number(
        "packageCount",
        i64::try_from(life.package_count).unwrap_or(i64::MAX),
    );
    if let Some(event) = delivered {
        json.object("deliveryInformation", |json| {
            json.text("location", "Front Door");
            json.text("receivedBy", "DRIVER RELEASE");
            if shows.proof {
                json.object("pod", |json| json.text("content", &proof(life, event)));
            }
        });
    }
    if shows.milestones {
        // Asked for only: milestones are in no answer that did not ask.
        milestones(json, events);
    }
}

fn delivery(json: &mut Json, life: &Timeline, delivered: Option<&Scan>) {
    let (kind, day) = match delivered {
        Some(event) => ("DEL", life.local(event).date()),
        // SDD is the scheduled day and DEL the day of the delivery.
        None => ("SDD", life.scheduled),
    };
    json.array("deliveryDate", [()], |json, ()| {
        json.text("type", kind);
        json.integer_text("date", date_number(day));
    });
    json.object("deliveryTime", |json| match delivered {
        Some(event) => {
            json.text("type", "DEL");
            json.text("endTime", &clock(life.local(event).time()));
        }
        // A commitment has a time of day; without one the end of the day is promised.
        None if life.commitment.by.is_some() => {
            json.text("type", "CMT");
            json.text("endTime", &format!("{:06}", life.commitment.clock));
        }
        None => {
            json.text("type", "EOD");
            json.text("endTime", "");
        }
    });
}

fn activity(json: &mut Json, life: &Timeline, event: &Scan) {
    let place = life.place(event);
    json.object("location", |json| {
        json.object("address", |json| {
            // The manifest scans know only the country.
            if event.step.place != ScanPlace::Country {
                json.text("city", &place.city.to_uppercase());
                json.text("stateProvince", &place.state.to_uppercase());
            }
            json.text("countryCode", &place.country.to_uppercase());
            json.text("country", &place.country.to_uppercase());
        });
        json.text("slic", slic(place));
    });
    json.object("status", |json| {
        json.text("type", event.step.kind);
        json.text("description", event.step.description);
        json.text("code", event.step.code);
        json.text("statusCode", event.step.status_code);
        json.text("simplifiedTextDescription", event.step.simple);
    });
    // Local time and GMT both: UPS sends them side by side, with the offset.
    let local = life.local(event);
    let gmt = jiff::tz::TimeZone::UTC.to_datetime(event.at);
    json.integer_text("date", date_number(local.date()));
    json.text("time", &clock(local.time()));
    json.integer_text("gmtDate", date_number(gmt.date()));
    json.text("gmtOffset", &offset_text(&place.zone(), event.at, ':'));
    json.text("gmtTime", &gmt.strftime("%H:%M:%S").to_string());
    // In the newest file and in no recorded answer yet; a guess which scans are logical.
    json.boolean("logicalScan", event.step.is_logical());
}

/// The number of a sorting centre; invented, but the same for the same place.
fn slic(place: &Address) -> &str {
    place.postal_code.get(..4).unwrap_or("1000")
}

fn addresses(json: &mut Json, life: &Timeline) {
    let both = [("ORIGIN", &life.from), ("DESTINATION", &life.to)];
    json.array("packageAddress", both, |json, (kind, address)| {
        json.text("type", kind);
        json.text("name", &address.name);
        json.object("address", |json| {
            for (key, line) in ["addressLine1", "addressLine2", "addressLine3"]
                .into_iter()
                .zip(&address.lines)
            {
                json.text(key, line);
            }
            json.text("city", &address.city);
            json.text("stateProvince", &address.state);
            json.text("postalCode", &address.postal_code);
            json.text("countryCode", &address.country);
        });
    });
}

fn milestones(json: &mut Json, events: &[Scan]) {
    let last = events.last().map_or("", |event| event.step.code);
    let kinds = [
        ("M1", "Label Created", "MP"),
        ("M2", "We Have Your Package", "OR"),
        ("M3", "On the Way", "DP"),
        ("M4", "Out for Delivery", "OT"),
        ("M5", "Delivery", "FS"),
    ];
    json.array("milestones", kinds, |json, (code, description, scan)| {
        let reached = events.iter().any(|event| event.step.code == scan);
        json.text("category", "PRIMARY");
        json.text("code", code);
        json.boolean("current", scan == last);
        json.text("description", description);
        json.text(
            "state",
            if reached {
                "STATE_COMPLETE"
            } else {
                "STATE_PENDING"
            },
        );
    });
}

/// A page that says when and where, in base64.
fn proof(life: &Timeline, event: &Scan) -> String {
    STANDARD.encode(format!(
        "<!DOCTYPE html><html><body><p>SAMPLE proof of delivery</p><p>{} at {}</p></body></html>",
        life.tracking_number,
        life.local(event)
    ))
}

/// `HHMMSS`.
fn clock(time: Time) -> String {
    format!("{:02}{:02}{:02}", time.hour(), time.minute(), time.second())
}
