//! Shipments, and what is kept of them and of orders.

use serde_json::json;

use super::price;
use super::records::{Forwarding, Record, Status, text};
use crate::products::contract::refusal::{answered, refused};
use crate::products::contract::{Answer, Call};

pub(super) fn create(state: &Forwarding, call: &Call<'_>) -> Answer {
    let record = Record::new(state, call, Status::Submitted)?;
    let currency = price::currency(call, "/shipment/currency");
    let rate = price::rate(record.service, &record.cargo, record.day, currency);
    let format = match call.text("/label/format") {
        "" => "PDF",
        format => format,
    };
    let center = |party: &str| {
        let city = text(&record.body, &format!("/{party}/city"));
        city.chars()
            .filter(char::is_ascii_alphabetic)
            .take(3)
            .collect::<String>()
            .to_uppercase()
    };
    let body = json!({
        "response": {
            "shipmentNumber": record.shipment_number,
            "prqNumber": format!("PRQ{}", &record.shipment_number[4..]),
            "prqStatus": "CONFIRMED",
            "originServiceCenter": center("shipper"),
            "destinationServiceCenter": center("consignee"),
            "paymentType": call.text("/shipment/paymentType"),
            "rates": [rate],
        },
        "label": {
            "format": format,
            "layout": call.text("/label/layout"),
            "image": record.label(format),
        },
    });
    let number = record.shipment_number.clone();
    state.records.insert(&number, record);
    answered(&body)
}

pub(super) fn cancel(state: &Forwarding, call: &Call<'_>) -> Answer {
    let key = (
        call.text("/shipperAccountNumber"),
        call.text("/shipmentNumber"),
    );
    let today = jiff::tz::TimeZone::UTC.to_datetime(call.request.now).date();
    state.with_record(call, key, |record| {
        if record.status == Status::Cancelled {
            return Err(refused(
                "FWD-410",
                "The shipment has already been cancelled.",
            ));
        }
        if record.day < today {
            return Err(refused("FWD-411", "The shipment has been picked up."));
        }
        record.status = Status::Cancelled;
        Ok(())
    })?;
    answered(&json!({"response": {
        "shipperAccountNumber": key.0,
        "shipmentNumber": key.1,
        "message": "The shipment has been cancelled.",
    }}))
}

pub(super) fn show(state: &Forwarding, call: &Call<'_>) -> Answer {
    let number = call.query("shipment_id");
    let found = state.records.with(&number, |record| {
        let is_own = !call.request.caller.is_refused(&record.account);
        is_own.then(|| record.clone())
    });
    let found = found
        .flatten()
        .filter(|_| call.query("request_type") == "Air");
    // The file has no 404 for this question.
    let unknown = || refused("FWD-404", "The shipment was not found.");
    let record = found.ok_or_else(unknown)?;
    let party = |kind: &str, name: &str| {
        let of = |member: &str| text(&record.body, &format!("/{name}/{member}"));
        json!({
            "type": kind,
            "accountNumber": of("account"),
            "isPayor": kind == "SHPR",
            "contactDetail": {
                "name": of("contactName"),
                "emailAddress": of("contactEmail"),
                "phoneNumber": of("contactPhone"),
            },
            "address": {
                "companyName1": of("company"),
                "addressLine1": of("address1"),
                "city": of("city"),
                "stateCode": of("state"),
                "postalCode": of("postalCode"),
                "countryCode": of("countryCode"),
            },
        })
    };
    let charges = price::charges(record.service, &record.cargo);
    let charges = charges.map(|(code, description, hundredths)| {
        json!({
            "chargeType": code,
            "description": description,
            "chargeAmount": price::amount(hundredths),
            "currency": "USD",
        })
    });
    answered(&json!({"response": {"shipmentSummary": {
        "shipmentNumber": record.shipment_number,
        "status": match record.status {
            Status::Open => "ShipmentPending",
            Status::Submitted => "ShipmentConfirmed",
            Status::Cancelled => "ShipmentCancelled",
        },
        "serviceLine": "Air",
        "serviceType": record.service.code,
        "rateType": "Market",
        "transitTime": record.service.days,
        "createdDate": record.created_at.to_string(),
        "partyDetails": [party("SHPR", "shipper"), party("CONS", "consignee")],
        "pickupDetail": {"date": record.day.to_string()},
        "chargeDetails": [{"shipmentPartyType": "SHPR", "charges": charges}],
    }}}))
}
