//! Guaranteed Landed Cost: `POST /api/brokerage/{version}/content/glc/request-quote`.
//!
//! The total of duties, taxes and the guarantee for a shipment, for the shipper and, in another currency, for the
//! buyer. The rates are made up; the value added tax is that of Landed Cost.

use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::api::{ApiRequest, ApiResponse, Product};
use crate::places::{Code2, region};
use crate::products::context::ProductContext;
use crate::products::contract::ledger::{Ledger, digest};
use crate::products::contract::refusal::{Codes, answered, refused_field};
use crate::products::contract::{Answer, Call, Contract, Declared, Operation, Refusal, State};
use crate::products::landed_cost::tariff::value_added_tax;
use crate::products::versions::Api;

/// The quotes, for their numbers.
#[derive(Default)]
struct Quotes(Ledger<()>);

impl State for Quotes {
    fn reset(&self) {
        self.0.clear();
    }
}

const MEMBERS: &str = "
@money
  value* number
  currencyCode* upper 3
@address
  name text ..35
  addressLine1* text ..35
  addressLine2 text ..35
  postalCode text 5..9
  city text ..30
  countryCode* text ..2
  stateProvinceCode text ..2
buyerCurrencyCode upper 3
shipperCurrencyCode* upper 3
serviceLevelCode one-of 01|02|03|07|08|11|12|13|17|54|65|M2|M3|M4|M5|M6|M7|71|72|74|75|82|83|84|85|86|96
referenceNumber text ..512
shipperAccountNumber* alphanumeric 6
shipment* object
  importCountryCode* upper 2
  importProvince code 2
  shipDate iso-date
  exportCountryCode* upper 2
  transModes one-of DOM_AIR|DOM_OCEAN|DOM_RAIL|DOM_TRUCK|INT_AIR|INT_OCEAN|INT_RAIL|INT_TRUCK
  transportCost object @money
  insuranceCost object @money
  shipmentType text
  shipperAddress* object @address
  shipToAddress* object @address
    residentialAddressIndicator flag
  shipmentItems* list 1..99
    grossWeight object
      value integer
      unitOfMeasure one-of kg|lb|oz|KG|LB|OZ
    unitPrice* object @money
    quantity* object
      value* integer 0..
      unitOfMeasure* text
    partNumber* text ..35
    description text ..150
    originCountryCode* alphanumeric 2
    dimension object
      length* number
      width* number
      height* number
      unitOfMeasure* one-of in|cm|IN|CM
";

static CONTRACT: Contract<Quotes> = Contract {
    first: "brokerage",
    api: Api::GlobalCheckout,
    operations: &[Operation {
        method: Method::POST,
        path: "brokerage/{version}/content/glc/request-quote",
        parameters: "
            header transId* text 1..
            header transactionSrc* text 1..
        ",
        body: Some(MEMBERS),
        answer: quote,
    }],
    is_lenient: false,
    refuse,
};

/// The product.
pub(crate) fn product(context: &ProductContext) -> Box<dyn Product> {
    Box::new(Declared::new(&CONTRACT, context, Quotes::default()))
}

fn refuse(_: &ApiRequest<'_>, refusal: &Refusal) -> ApiResponse {
    refusal.with_field(Codes {
        missing: "105.300",
        invalid: "105.301",
        length: "105.302",
        unreadable: "105.303",
    })
}

/// Hundredths of a percent.
const DUTY: f64 = 500.0;
const GUARANTEE: f64 = 150.0;
/// How long a quote holds.
const LIFE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What one dollar is in a currency; the rates are made up.
const RATES: [(&str, f64); 8] = [
    ("USD", 1.0),
    ("EUR", 0.92),
    ("GBP", 0.79),
    ("CAD", 1.36),
    ("AUD", 1.52),
    ("MXN", 17.1),
    ("JPY", 150.0),
    ("CHF", 0.88),
];

/// How many dollars one unit is.
fn rate(currency: &str, field: &'static str) -> Result<f64, Refusal> {
    let known = RATES.iter().find(|(code, _)| *code == currency);
    let text = "The mock knows no rate of this currency";
    known
        .map(|(_, rate)| *rate)
        .ok_or_else(|| refused_field("105.310", text, field))
}

fn quote(state: &Quotes, call: &Call<'_>) -> Answer {
    let account = call.text("/shipperAccountNumber");
    if call.request.caller.is_refused(account) {
        let text = "The account number belongs to another account";
        return Err(refused_field("105.311", text, "shipperAccountNumber"));
    }
    let country = |pointer: &str, field| {
        let code = Code2::parse(call.text(pointer)).filter(|code| region(*code).is_some());
        code.ok_or_else(|| refused_field("105.312", "The country is not known", field))
    };
    let import = country("/shipment/importCountryCode", "shipment.importCountryCode")?;
    let export = country("/shipment/exportCountryCode", "shipment.exportCountryCode")?;
    if import == export {
        let text = "A shipment within one country has no landed cost";
        return Err(refused_field("105.313", text, "shipment.importCountryCode"));
    }
    let dollars = value(call)?;
    let duty = dollars * DUTY / 10_000.0;
    let tax = (dollars + duty) * value_added_tax(import) as f64 / 10_000.0;
    let total = (duty + tax) * (1.0 + GUARANTEE / 10_000.0);
    let mut totals = vec![entry(
        "Shipper",
        total,
        call.text("/shipperCurrencyCode"),
        "shipperCurrencyCode",
    )?];
    let buyer = call.text("/buyerCurrencyCode");
    if !buyer.is_empty() {
        totals.push(entry("Buyer", total, buyer, "buyerCurrencyCode")?);
    }
    let number = state.0.next_number();
    let now = call.request.now;
    let expires = now.saturating_add(LIFE).unwrap_or(Timestamp::MAX);
    let mut body = json!({
        "quoteId": digest(&format!("{account} {number} {}", call.body), 32),
        "quoteCreationTimestamp": now.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string(),
        "quoteExpirationDate": expires.strftime("%Y-%m-%d").to_string(),
        "gcTotal": totals,
    });
    if let Some(reference) = call.body.get("referenceNumber") {
        body["referenceNumber"] = reference.clone();
    }
    answered(&body)
}

/// The value of the goods with their way, in dollars.
fn value(call: &Call<'_>) -> Result<f64, Refusal> {
    let dollars = |money: &Value| -> Result<f64, Refusal> {
        let currency = money["currencyCode"].as_str().unwrap_or_default();
        let rate = rate(currency, "currencyCode")?;
        Ok(money["value"].as_f64().unwrap_or(0.0) / rate)
    };
    let mut sum = 0.0;
    for item in call.items("/shipment/shipmentItems") {
        let count = item["quantity"]["value"].as_f64().unwrap_or(0.0);
        sum += dollars(&item["unitPrice"])? * count;
    }
    for way in ["/shipment/transportCost", "/shipment/insuranceCost"] {
        if let Some(cost) = call.body.pointer(way) {
            sum += dollars(cost)?;
        }
    }
    match sum.is_finite() && (0.0..1e12).contains(&sum) {
        true => Ok(sum),
        false => Err(refused_field(
            "105.314",
            "The value is out of range",
            "shipment.shipmentItems",
        )),
    }
}

fn entry(kind: &str, dollars: f64, currency: &str, field: &'static str) -> Result<Value, Refusal> {
    let amount = (dollars * rate(currency, field)? * 100.0).round() / 100.0;
    Ok(json!({"type": kind, "value": amount, "currencyCode": currency}))
}
