//! Orders: created, found, moved and cancelled until they are submitted.

use serde_json::{Value, json};

use super::price;
use super::records::{Forwarding, Record, Status, may_use, not_found, text};
use crate::products::contract::operation::items;
use crate::products::contract::refusal::{answered, refused, refused_field};
use crate::products::contract::shape::day;
use crate::products::contract::{Answer, Call, Refusal};

/// The format of a label that nobody asked for.
const DEFAULT_FORMAT: &str = "PDF";

pub(super) fn create(state: &Forwarding, call: &Call<'_>) -> Answer {
    let record = Record::new(state, call, Status::Open)?;
    let format = match call.text("/label/format") {
        "" => DEFAULT_FORMAT,
        format => format,
    };
    let body = labelled(&record, format);
    let number = record.shipment_number.clone();
    state.records.insert(&number, record);
    answered(&body)
}

/// The answer that has a label in it.
fn labelled(record: &Record, format: &str) -> Value {
    let charges = price::charges(record.service, &record.cargo);
    let charges = charges.map(|(code, description, hundredths)| {
        json!({
            "code": code,
            "description": description,
            "amount": price::money(hundredths),
            "currencyCode": "USD",
        })
    });
    json!({"response": {
        "labelFormat": format,
        "shipmentNumber": record.shipment_number,
        "orderNumber": record.order_number,
        "charges": {"shipperCharges": charges},
        "labelImage": record.label(format),
        "message": "Success",
    }})
}

/// The number of the shipment that an order became.
fn shipment_number(order: &str) -> &str {
    order.get(..10).unwrap_or_default()
}

pub(super) fn label(state: &Forwarding, call: &Call<'_>) -> Answer {
    let order = call.text("/orderNumber");
    let format = match call.text("/format") {
        "" => DEFAULT_FORMAT,
        format => format,
    };
    let key = (call.text("/shipperAccountNumber"), shipment_number(order));
    let body = state.with_record(call, key, |record| match record.status {
        Status::Cancelled => Err(refused("FWD-410", "The order has been cancelled.")),
        Status::Open | Status::Submitted if record.order_number == order => {
            Ok(labelled(record, format))
        }
        Status::Open | Status::Submitted => Err(not_found("The order was not found.")),
    })?;
    answered(&body)
}

fn check_open(record: &Record, order: &str) -> Result<(), Refusal> {
    match record.status {
        _ if record.order_number != order => Err(not_found("The order was not found.")),
        Status::Cancelled => Err(refused("FWD-410", "The order has already been cancelled.")),
        Status::Submitted => Err(refused("FWD-412", "The order has already been submitted.")),
        Status::Open => Ok(()),
    }
}

pub(super) fn cancel(state: &Forwarding, call: &Call<'_>) -> Answer {
    let order = call.text("/orderNumber");
    let key = (call.text("/account"), shipment_number(order));
    state.with_record(call, key, |record| {
        check_open(record, order)?;
        record.status = Status::Cancelled;
        Ok(())
    })?;
    answered(&json!({"response": {
        "shipmentNumber": key.1,
        "orderNumber": order,
        "message": "The order has been cancelled.",
    }}))
}

/// The value of a patch with this path.
pub(super) fn patched<'c>(call: &'c Call<'_>, path: &str) -> Result<&'c str, Refusal> {
    let operations = items(Some(&call.body)).iter();
    let mut found = operations.filter(|operation| operation["path"] == path);
    let text = "The patch does not replace the member that this operation changes.";
    let found = found
        .next()
        .ok_or_else(|| refused_field("FWD-401", text, "path"))?;
    Ok(self::text(found, "/value"))
}

pub(super) fn change_date(state: &Forwarding, call: &Call<'_>) -> Answer {
    let account = call.query("shipper_account_number");
    may_use(call, &account)?;
    let text = "The new date is not a day from today on.";
    let today = jiff::tz::TimeZone::UTC.to_datetime(call.request.now).date();
    let new = day(patched(call, "/newDate")?).filter(|new| *new >= today);
    let new = new.ok_or_else(|| refused_field("FWD-413", text, "value"))?;
    let order = call.query("order_number");
    let moved = if order.is_empty() {
        let old = day(&call.query("old_date")).unwrap_or(today);
        let moved = state.records.collect(|record| {
            let is_meant =
                record.is_of(&account) && record.status == Status::Open && record.day == old;
            is_meant.then(|| {
                record.day = new;
                record.order_number.clone()
            })
        });
        moved
            .into_iter()
            .next()
            .ok_or_else(|| not_found("No open orders were found."))?
    } else {
        state.with_record(call, (&account, shipment_number(&order)), |record| {
            check_open(record, &order)?;
            record.day = new;
            Ok(order.clone())
        })?
    };
    answered(&json!({"response": {
        "shipmentNumber": shipment_number(&moved),
        "orderNumber": moved,
        "newDate": new.to_string(),
        "message": "The date has been changed.",
    }}))
}

/// One condition of a search.
struct Condition<'c> {
    field: &'c str,
    operator: &'c str,
    values: [&'c str; 2],
}

impl Condition<'_> {
    fn is_met(&self, record: &Record) -> Result<bool, Refusal> {
        let of = |pointer: &str| text(&record.body, pointer).to_owned();
        let actual = match self.field {
            "SHIP_DATE" => record.day.to_string(),
            "STATUS" => record.status.named().0.to_string(),
            "ORDER_NUMBER" => record.order_number.clone(),
            "SHIPMENT_NUMBER" => record.shipment_number.clone(),
            "MANIFEST_NUMBER" => record.manifest.clone(),
            "SHIPPER_REFERENCE" => of("/shipment/shipperReference"),
            "CONSIGNEE_REFERENCE" => of("/shipment/consigneeReference"),
            _ => {
                return Err(refused_field(
                    "FWD-401",
                    "The field is not known.",
                    "criteriaField",
                ));
            }
        };
        let [first, second] = self.values;
        // Days in this form, and numbers of one length, compare as texts.
        match self.operator {
            "EQ" | "EQUALS" | "=" => Ok(actual == first),
            "BTWN" => Ok(actual.as_str() >= first && actual.as_str() <= second),
            "GT" | ">" => Ok(actual.as_str() > first),
            "LT" | "<" => Ok(actual.as_str() < first),
            "LIKE" | "CONTAINS" => Ok(actual.contains(first)),
            _ => Err(refused_field(
                "FWD-401",
                "The operator is not known.",
                "criteriaOperator",
            )),
        }
    }
}

/// Orders in an answer, as the file bounds them.
const MAX_FOUND: usize = 5_000;

pub(super) fn find(state: &Forwarding, call: &Call<'_>) -> Answer {
    let sent = call.query("criteria");
    let criteria: Value = serde_json::from_str(&sent).unwrap_or_default();
    let account = text(&criteria, "/shipperAccountNumber");
    if account.is_empty() {
        let text = "criteria must be JSON with shipperAccountNumber and criteriaList.";
        return Err(refused_field("FWD-401", text, "criteria"));
    }
    may_use(call, account)?;
    let list = items(criteria.get("criteriaList"));
    if !(1..=12).contains(&list.len()) {
        return Err(refused_field(
            "FWD-402",
            "Invalid length of criteriaList",
            "criteriaList",
        ));
    }
    let conditions: Vec<Condition<'_>> = list
        .iter()
        .map(|condition| Condition {
            field: text(condition, "/criteriaField"),
            operator: text(condition, "/criteriaOperator"),
            values: [
                text(condition, "/criteriaValue"),
                text(condition, "/criteriaValue2"),
            ],
        })
        .collect();
    let found: Result<Vec<Option<Value>>, Refusal> = state
        .records
        .collect(|record| {
            let met = conditions
                .iter()
                .try_fold(record.is_of(account), |all, condition| {
                    Ok(all && condition.is_met(record)?)
                });
            Some(met.map(|is_met| is_met.then(|| shown(record))))
        })
        .into_iter()
        .collect();
    let found: Vec<Value> = found?.into_iter().flatten().take(MAX_FOUND).collect();
    match found.is_empty() {
        true => Err(not_found("No orders were found.")),
        false => answered(&json!({"response": {"orders": found}})),
    }
}

/// An order as a search shows it.
fn shown(record: &Record) -> Value {
    let (code, name) = record.status.named();
    let of = |pointer: &str| text(&record.body, pointer);
    let pieces = items(record.body.pointer("/shipment/items"))
        .iter()
        .map(|item| {
            json!({
                "count": item["count"].as_u64().unwrap_or(1),
                "length": item["length"],
                "width": item["width"],
                "height": item["height"],
                "weight": item["weight"],
            })
        });
    let or_none = |value: &str| match value {
        "" => Value::Null,
        value => json!(value),
    };
    json!({
        "shipmentNumber": record.shipment_number,
        "orderNumber": record.order_number,
        "consignee": record.body["consignee"],
        "shipDate": record.day.to_string(),
        "statusCode": code,
        "status": name,
        "description": or_none(of("/shipment/orderDescription")),
        "manifestNumber": or_none(&record.manifest),
        "shipperReference": or_none(of("/shipment/shipperReference")),
        "consigneeReference": or_none(of("/shipment/consigneeReference")),
        "isMetric": record.body["shipment"]["isMetric"] == true,
        "items": {
            "totalWeight": record.cargo.pounds.max(1.0).round() as u64,
            "weightUnit": "LB",
            "totalPieceCount": record.cargo.pieces.max(1),
            "item": pieces.collect::<Vec<Value>>(),
        },
    })
}
