//! How far a shipment is.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::records::{Forwarding, Record, Status, not_found, text};
use crate::calendar;
use crate::products::contract::refusal::answered;
use crate::products::contract::{Answer, Call};

/// Label, and the hour of its day.
const STEPS: [(&str, i8); 5] = [
    ("Booked", 0),
    ("Picked Up", 17),
    ("Departed", 23),
    ("Arrived", 5),
    ("Delivered", 15),
];

fn moment(day: Date, hour: i8) -> Timestamp {
    let zoned = day.at(hour, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
    zoned.map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

/// The moments of the steps.
fn moments(record: &Record) -> [Timestamp; STEPS.len()] {
    let arrival = calendar::travel(record.day, record.service.days.max(1)).arrival;
    let days = [record.day, record.day, record.day, arrival, arrival];
    let mut moments = [record.created_at; STEPS.len()];
    for (index, (_, hour)) in STEPS.iter().enumerate().skip(1) {
        moments[index] = moment(days[index], *hour).max(record.created_at);
    }
    moments
}

pub(super) fn show(state: &Forwarding, call: &Call<'_>) -> Answer {
    let number = call.query("ups_shipment_number");
    let found = state.records.with(&number, |record| {
        let is_own = !call.request.caller.is_refused(&record.account);
        (is_own && record.status == Status::Submitted).then(|| record.clone())
    });
    let unknown = || not_found("The shipment was not found.");
    let record = found.flatten().ok_or_else(unknown)?;
    let moments = moments(&record);
    let reached: Vec<(usize, Timestamp)> = moments
        .into_iter()
        .enumerate()
        .filter(|(_, at)| *at <= call.request.now)
        .collect();
    // Booking is never in the future.
    let (last, at) = reached.last().copied().unwrap_or((0, record.created_at));
    let milestones = reached.iter().map(|(index, at)| {
        json!({
            "id": format!("M{:03}", index + 1),
            "label": STEPS[*index].0,
            "milestoneCompletionDateTime": at.to_string(),
        })
    });
    let place = |party: &str| {
        let of = |member: &str| text(&record.body, &format!("/{party}/{member}"));
        json!({
            "addressLine1": of("address1"),
            "city": of("city"),
            "stateProvince": of("state"),
            "postalCode": of("postalCode"),
            "country": of("countryCode"),
        })
    };
    let party = if last < 3 { "shipper" } else { "consignee" };
    let where_it_is = text(&record.body, &format!("/{party}/city"));
    let mut information = json!({
        "id": format!("{}.primary-information", record.shipment_number),
        "shipmentNumber": record.shipment_number,
        "shipper": text(&record.body, "/shipper/company"),
        "destinationConsignee": text(&record.body, "/consignee/company"),
        "shipmentType": "Air",
        "shipmentServiceLevel": record.service.name,
        "modeOfTransportCode": "A",
        "modeOfTransportName": "Air",
        "shipmentBookedDateTime": record.created_at.to_string(),
        "shipmentCreateDateTime": record.created_at.to_string(),
        "originalScheduledDeliveryDateTime": moments[4].to_string(),
        "latestScheduledDeliveryDateTime": moments[4].to_string(),
        "milestoneStatus": STEPS[last].0,
        "shipmentLatestStatusDateTime": at.to_string(),
        "lastKnownLocation": where_it_is,
        "shipmentOrigin": place("shipper"),
        "shipmentDestination": place("consignee"),
        "milestones": {"shipmentMilestones": milestones.collect::<Vec<Value>>()},
    });
    if last == STEPS.len() - 1 {
        information["actualDeliveryDateTime"] = json!(at.to_string());
        information["podDateTime"] = json!(at.to_string());
        information["proofOfDelivery"] = json!("SIGNED");
    }
    answered(&json!({"response": {"primaryInformation": information}}))
}
