//! Landed Cost: `POST /api/landedcost/{version}/quotes`.
//!
//! Duties and taxes of a shipment across a border: each commodity has a duty by its HS chapter and value added
//! tax by the country that imports, on its value and its share of the transport cost. Brokerage comes on top. The
//! rates are made up, except that they give the amounts of the example in UPS's file. All sums add up to the cent.

mod request;
pub(crate) mod tariff;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use crate::api::{ApiRequest, ApiResponse, Product, UpsError};
use crate::hot_settings::HotSettings;
use crate::products::field_rules;
use crate::products::request_body::read;
use crate::products::versions::{Api, version as version_of};

use request::{Commodity, Envelope, Quote};

/// The product.
#[derive(Debug)]
pub struct LandedCost {
    hot: Arc<HotSettings>,
}

/// What one commodity costs to import, in hundredths.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    duty: i64,
    vat: i64,
    is_calculable: bool,
}

impl LandedCost {
    pub(crate) const fn new(hot: Arc<HotSettings>) -> Self {
        Self { hot }
    }

    fn quote(&self, call: &ApiRequest<'_>, version: &str) -> Result<ApiResponse, UpsError> {
        version_of(Api::LandedCost, version)?;
        for header in ["transid", "transactionsrc"] {
            let sent = call.header(header).unwrap_or_default();
            if sent.trim().is_empty() {
                return Err(UpsError::bad_request("LC0001", format!("Missing {header}")));
            }
        }
        if call
            .header("accountnumber")
            .is_some_and(|number| call.caller.is_refused(number))
        {
            let text = "The account number belongs to another account";
            return Err(UpsError::bad_request("LC0010", text));
        }
        let envelope: Envelope<'_> = match read(call.body) {
            Ok(envelope) => envelope,
            Err(unread) => return unread.answer(),
        };
        let tree = serde_json::from_slice(call.body).unwrap_or_default();
        field_rules::check(field_rules::LANDED_COST, &tree)?;
        let quote = Quote::of(&envelope, self.hot.current().strict_files)?;
        let costs: Vec<Cost> = quote
            .commodities
            .iter()
            .map(|one| cost(&quote, one))
            .collect();
        if !quote.allows_partial && costs.iter().any(|cost| !cost.is_calculable) {
            let text = "The landed cost of a commodity cannot be calculated: invalid HS code";
            return Err(UpsError::bad_request("LC0009", text));
        }
        Ok(ApiResponse::json(write(&quote, &costs, call).to_string()))
    }
}

/// The duty on the value and the freight, and the tax on all of it.
fn cost(quote: &Quote<'_>, commodity: &Commodity<'_>) -> Cost {
    let Some(code) = &commodity.hs_code else {
        return Cost::default();
    };
    let base = commodity.value + quote.freight_of(commodity);
    let is_own = commodity.origin == quote.import && tariff::is_free_of_duty_at_home(quote.import);
    let duty = match is_own {
        true => 0,
        false => share(base, tariff::duty(code)),
    };
    Cost {
        duty,
        vat: share(base + duty, tariff::value_added_tax(quote.import)),
        is_calculable: true,
    }
}

/// Hundredths of a percent of an amount, rounded to the nearest.
const fn share(amount: i64, rate: i64) -> i64 {
    (amount * rate + 5_000) / 10_000
}

fn write(quote: &Quote<'_>, costs: &[Cost], call: &ApiRequest<'_>) -> Value {
    let duties: i64 = costs.iter().map(|cost| cost.duty).sum();
    let vat: i64 = costs.iter().map(|cost| cost.vat).sum();
    let duty_and_tax = duties + vat;
    let fees = [
        ("DisbursementFee", share(duty_and_tax, tariff::DISBURSEMENT)),
        ("EntryPreparationFee", tariff::ENTRY_PREPARATION),
    ];
    let brokerage: i64 = fees.iter().map(|fee| fee.1).sum();
    let pairs = quote.commodities.iter().zip(costs);
    let items: Vec<Value> = pairs
        .map(|(commodity, cost)| {
            json!({
                "commodityID": commodity.id,
                "hsCode": commodity.hs_code.as_deref().unwrap_or_default(),
                "commodityDuty": decimal(cost.duty),
                "totalCommodityTaxAndFee": decimal(0),
                "commodityVAT": decimal(cost.vat),
                "totalCommodityDutyAndTax": decimal(cost.duty + cost.vat),
                "commodityCurrencyCode": quote.currency,
                "isCalculable": cost.is_calculable,
            })
        })
        .collect();
    let fees = fees.map(|(name, fee)| json!({"chargeName": name, "chargeAmount": decimal(fee)}));
    let now = call.now.to_string();
    let stats = json!({"absLayerTime": "12", "fulfillTime": now, "receiptTime": now});
    json!({
        "shipment": {
            "currencyCode": quote.currency,
            "importCountryCode": quote.import.as_str(),
            "id": quote.id,
            "brokerageFeeItems": fees,
            "totalBrokerageFees": decimal(brokerage),
            "totalDuties": decimal(duties),
            "totalCommodityLevelTaxesAndFees": decimal(0),
            "totalShipmentLevelTaxesAndFees": decimal(0),
            "totalVAT": decimal(vat),
            "totalDutyAndTax": decimal(duty_and_tax),
            "grandTotal": decimal(duty_and_tax + brokerage),
            "shipmentItems": items,
        },
        "alVersion": 1,
        "transID": quote.transaction,
        "perfStats": stats,
    })
}

/// Hundredths as a JSON number. The text of such a number has two decimals at most.
fn decimal(hundredths: i64) -> Value {
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    text.parse::<f64>().map_or(Value::Null, Value::from)
}

impl Product for LandedCost {
    fn answer(&self, call: &ApiRequest<'_>) -> Option<ApiResponse> {
        let &["landedcost", version, "quotes"] = call.segments else {
            return None;
        };
        if call.method != Method::POST {
            return None;
        }
        Some(self.quote(call, version).unwrap_or_else(ApiResponse::from))
    }
}
