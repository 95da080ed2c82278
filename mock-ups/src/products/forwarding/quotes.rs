//! Quotes: made, shown, and booked once within seven days.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::price::{self, Cargo};
use super::records::{Forwarding, Quote, Record, Status, may_use, text};
use crate::products::contract::operation::items;
use crate::products::contract::refusal::{answered, refused};
use crate::products::contract::shape::day;
use crate::products::contract::{Answer, Call, Refusal};

/// How long a quote holds.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Quote {
    fn valid_till(&self) -> Timestamp {
        self.created_at
            .saturating_add(LIFE)
            .unwrap_or(Timestamp::MAX)
    }

    const fn status(&self) -> &'static str {
        match self.booked {
            Some(_) => "ShipmentInitiated",
            None => "ShipmentPending",
        }
    }

    /// The members that both answers have.
    fn summary(&self) -> Value {
        let currency = text(&self.body, "/quoteData/currencyCode");
        let total = price::amount(price::total(self.service, &self.cargo));
        let charges = price::charges(self.service, &self.cargo);
        let charges = charges.map(|(code, _, hundredths)| {
            json!({
                "chargeType": code,
                "chargeAmount": price::amount(hundredths),
                "currency": currency,
            })
        });
        let payer = text(&self.body, "/quoteData/paymentTerm/type");
        json!({
            "quoteId": self.id,
            "status": self.status(),
            "serviceType": self.service.code,
            "transitTime": self.service.days,
            "serviceLine": "Air",
            "serviceGroup": if price::ABROAD.contains(&self.service.code) { "IAF" } else { "NAAF" },
            "confirmationId": self.confirmation,
            "createDate": self.created_at.to_string(),
            "netTotal": total,
            "validTill": self.valid_till().to_string(),
            "pricingDetail": {
                "rateType": "Market",
                "currencyCode": currency,
                "actualTotalPrice": total,
                "netTotalPrice": total,
            },
            "estimateChargableWeight": self.cargo.billable(),
            "estimateChargableWeightUnit": "lb",
            "chargeDetails": [{"shipmentPartyType": payer, "charges": charges}],
        })
    }
}

pub(super) fn create(state: &Forwarding, call: &Call<'_>) -> Answer {
    for party in call.items("/shipmentPartyDetail") {
        may_use(call, text(party, "/accountNumber"))?;
    }
    let mut cargo = Cargo::default();
    for item in call.items("/shipmentDetails/cargoItems") {
        let number = |pointer: &str| item.pointer(pointer).and_then(Value::as_f64).unwrap_or(0.0);
        let size = ["length", "width", "height"];
        let volume: f64 = size
            .map(|side| number(&format!("/dimensions/{side}")))
            .iter()
            .product();
        let unit = text(item, "/weight/unitOfMeasurement");
        let is_metric = unit.to_ascii_uppercase().starts_with('K');
        let count = item["quantity"].as_u64().unwrap_or(1);
        cargo.add(count, number("/weight/weight"), volume, is_metric);
    }
    let number = state.quotes.next_number();
    let quote = Quote {
        id: format!("AEA{number:08}"),
        confirmation: format!("{:09}", 326_250_000 + number),
        user: call.request.caller.user.to_string(),
        created_at: call.request.now,
        service: price::by_code(call.text("/quoteData/serviceType")),
        cargo,
        booked: None,
        body: kept(&call.body),
    };
    let port = |end: &str| {
        let code = text(&call.body, &format!("/routing/{end}/portCode"));
        json!({"code": code, "name": code})
    };
    let mut summary = quote.summary();
    summary["originPort"] = port("origin");
    summary["destinationPort"] = port("destination");
    summary["nonConformalReasons"] = json!([]);
    let id = quote.id.clone();
    state.quotes.insert(&id, quote);
    answered(&json!({"response": {"quoteSummary": summary}}))
}

/// What is kept of a request: the terms, and the two parties as an order has them.
fn kept(body: &Value) -> Value {
    let party = |kind: &str| {
        let mut parties = items(body.get("shipmentPartyDetail")).iter();
        let party = parties.find(|party| party["type"] == kind);
        let of = |pointer: &str| party.map_or("", |party| text(party, pointer));
        json!({
            "account": of("/accountNumber"),
            "company": of("/address/companyName1"),
            "address1": of("/address/addressLine1"),
            "city": of("/address/city"),
            "state": of("/address/stateCode"),
            "postalCode": of("/address/postalCode"),
            "countryCode": of("/address/countryCode"),
        })
    };
    let term = |name: &str| text(body, &format!("/quoteData/{name}"));
    json!({
        "quoteData": {
            "currencyCode": term("currencyCode"),
            "movementTypeCode": term("movementTypeCode"),
            "incoTermType": term("incoTermType"),
            "paymentTerm": {"type": term("paymentTerm/type")},
        },
        "shipper": party("SHPR"),
        "consignee": party("CONS"),
        "shipment": {},
    })
}

/// Does something with a quote of the caller's.
fn with_quote<R>(
    state: &Forwarding,
    call: &Call<'_>,
    id: &str,
    action: impl FnOnce(&mut Quote) -> Result<R, Refusal>,
) -> Result<R, Refusal> {
    let found = state.quotes.with(id, |quote| {
        (quote.user == *call.request.caller.user).then(|| action(quote))
    });
    found
        .flatten()
        .ok_or_else(|| refused("FWD-414", "The quote was not found."))?
}

pub(super) fn show(state: &Forwarding, call: &Call<'_>) -> Answer {
    let is_air = call.query("request_type").eq_ignore_ascii_case("Air");
    if !is_air {
        return Err(refused("FWD-414", "The quote was not found."));
    }
    let quote = with_quote(state, call, &call.query("quote_id"), |quote| {
        Ok(quote.clone())
    })?;
    let mut summary = quote.summary();
    let member = |pointer: &str| text(&quote.body, pointer);
    summary["movementTypeCode"] = json!(member("/quoteData/movementTypeCode"));
    summary["incoTermType"] = json!(member("/quoteData/incoTermType"));
    if let Some(number) = &quote.booked {
        summary["shipmentNumber"] = json!(number);
    }
    answered(&json!({"response": {"quoteSummary": summary}}))
}

pub(super) fn book(state: &Forwarding, call: &Call<'_>) -> Answer {
    let now = call.request.now;
    let number = format!("91{:08}", state.records.next_number());
    let id = call.text("/quoteId");
    let quote = with_quote(state, call, id, |quote| {
        if quote.booked.is_some() {
            return Err(refused("FWD-415", "The quote has already been booked."));
        }
        if quote.valid_till() < now {
            return Err(refused("FWD-416", "The quote has expired."));
        }
        quote.booked = Some(number.clone());
        Ok(quote.clone())
    })?;
    let wanted = day(call.text("/pickupDetails/date"));
    let record = Record {
        shipment_number: number.clone(),
        order_number: format!("{number}001"),
        account: text(&quote.body, "/shipper/account").to_ascii_uppercase(),
        status: Status::Submitted,
        day: wanted.unwrap_or_else(|| price::pickup_day(call, "")),
        created_at: now,
        manifest: String::new(),
        cargo: quote.cargo,
        service: quote.service,
        body: quote.body.clone(),
    };
    state.records.insert(&number, record);
    answered(&json!({"response": {"quoteBookSummary": {
        "quoteId": quote.id,
        "status": quote.status(),
        "shipmentNumber": number,
        "confirmationId": quote.confirmation,
        "bookingReference": format!("{:0>12}", &number[4..]),
        "createDate": now.to_string(),
    }}}))
}
