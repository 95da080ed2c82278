//! Submits the orders of a day, which makes a manifest.

use serde_json::{Value, json};

use super::orders::patched;
use super::records::{Forwarding, Manifest, Record, Status, may_use, not_found, text};
use crate::label::{Format, document_base64};
use crate::products::contract::refusal::{answered, refused, refused_field};
use crate::products::contract::shape::day;
use crate::products::contract::{Answer, Call};

/// Shipments in the list of a manifest. The sums are of all.
const MAX_LISTED: usize = 500;

pub(super) fn submit(state: &Forwarding, call: &Call<'_>) -> Answer {
    let account = call.query("shipper_account_number");
    may_use(call, &account)?;
    if patched(call, "/status")? != "submitted" {
        let text = "The status can be replaced by submitted only.";
        return Err(refused_field("FWD-401", text, "value"));
    }
    let today = jiff::tz::TimeZone::UTC.to_datetime(call.request.now).date();
    let wanted = day(&call.query("pickup_date")).unwrap_or(today);
    let number = format!("M{:09}", state.manifests.next_number());
    let submitted: Vec<Record> = state.records.collect(|record| {
        let is_due =
            record.is_of(&account) && record.status == Status::Open && record.day == wanted;
        is_due.then(|| {
            record.status = Status::Submitted;
            record.manifest.clone_from(&number);
            record.clone()
        })
    });
    let Some(first) = submitted.first() else {
        let text = "The account has no open orders for the pickup date.";
        return Err(refused("FWD-404", text));
    };
    let format = match call.query("manifest_format").as_str() {
        "" => "PDF".to_owned(),
        format => format.to_owned(),
    };
    let pieces: u64 = submitted.iter().map(|record| record.cargo.pieces).sum();
    let pounds: f64 = submitted.iter().map(|record| record.cargo.pounds).sum();
    let shipments: Vec<Value> = submitted
        .iter()
        .enumerate()
        .take(MAX_LISTED)
        .map(|(index, record)| shown(index, record))
        .collect();
    let mut response = json!({
        "account": account,
        "pickupDate": wanted.to_string(),
        "shipmentCount": submitted.len(),
        "pieceCount": pieces.max(1),
        "weight": pounds.max(1.0),
        "weightUnit": "LB",
        "manifest": {
            "manifestNumber": number,
            "manifestFormat": format,
            "shipper": party(first, "shipper"),
            "shipments": shipments,
        },
        "manifestNumber": number,
        "manifestFormat": format,
    });
    if call.query("request_manifest") != "false" && format == "PDF" {
        let lines = [
            "MANIFEST".to_owned(),
            number.clone(),
            format!("{} SHIPMENTS, {pieces} PIECES", submitted.len()),
        ];
        response["manifestPDF"] = json!(document_base64(Format::Pdf, &lines));
    }
    let answer = json!({ "response": response });
    let kept = Manifest {
        account,
        answer: answer.clone(),
    };
    state.manifests.insert(&number, kept);
    answered(&answer)
}

fn shown(index: usize, record: &Record) -> Value {
    let mut shown = json!({
        "number": index + 1,
        "shipmentNumber": record.shipment_number,
        "serviceType": record.service.code,
        "paymentType": text(&record.body, "/shipment/paymentType"),
        "weight": record.cargo.pounds.max(1.0),
        "currency": "USD",
        "consignee": party(record, "consignee"),
    });
    for name in ["orderDescription", "shipperReference", "consigneeReference"] {
        let value = text(&record.body, &format!("/shipment/{name}"));
        if !value.is_empty() {
            shown[name] = json!(value);
        }
    }
    shown
}

/// The address of a party.
fn party(record: &Record, name: &str) -> Value {
    let members = [
        "company",
        "address1",
        "city",
        "state",
        "postalCode",
        "countryCode",
    ];
    let members = members.map(|member| {
        let value = text(&record.body, &format!("/{name}/{member}"));
        let value = if value.is_empty() {
            Value::Null
        } else {
            json!(value)
        };
        (member, value)
    });
    members.into_iter().collect()
}

pub(super) fn print(state: &Forwarding, call: &Call<'_>) -> Answer {
    let account = call.text("/accountNumber");
    may_use(call, account)?;
    let found = state
        .manifests
        .with(call.text("/manifestNumber"), |manifest| {
            let is_own = account.is_empty() && !call.request.caller.is_refused(&manifest.account)
                || manifest.account.eq_ignore_ascii_case(account);
            is_own.then(|| manifest.answer.clone())
        });
    let answer = found.flatten();
    answered(&answer.ok_or_else(|| not_found("The manifest was not found."))?)
}
