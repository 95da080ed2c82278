//! A request for a quote, as it comes and as it is checked.

use crate::api::UpsError;
use crate::lenient::{Indicator, Many, Opt, Text, members, thousandths};
use crate::places::{self, Code2};

use super::tariff;

/// The body.
#[derive(Debug, Default)]
pub(super) struct Envelope<'a> {
    currency_code: Text<'a>,
    trans_id: Text<'a>,
    allow_partial: Indicator,
    shipment: Opt<Shipment<'a>>,
}

members!('a, Envelope<'a> {
    "currencyCode" => currency_code,
    "transID" => trans_id,
    "allowPartialLandedCostResult" => allow_partial,
    "shipment" => shipment,
});

#[derive(Debug, Default)]
struct Shipment<'a> {
    id: Text<'a>,
    import_country_code: Text<'a>,
    export_country_code: Text<'a>,
    transport_cost: Text<'a>,
    shipment_items: Many<Item<'a>>,
}

members!('a, Shipment<'a> {
    "id" => id,
    "importCountryCode" => import_country_code,
    "exportCountryCode" => export_country_code,
    "transportCost" => transport_cost,
    "shipmentItems" => shipment_items,
});

#[derive(Debug, Default)]
struct Item<'a> {
    commodity_id: Text<'a>,
    price_each: Text<'a>,
    commodity_currency_code: Text<'a>,
    quantity: Text<'a>,
    hs_code: Text<'a>,
    description: Text<'a>,
    origin_country_code: Text<'a>,
}

members!('a, Item<'a> {
    "commodityId" | "commodityID" => commodity_id,
    "priceEach" => price_each,
    "commodityCurrencyCode" => commodity_currency_code,
    "quantity" => quantity,
    "hsCode" => hs_code,
    "description" => description,
    "originCountryCode" => origin_country_code,
});

/// A checked request. Money is in hundredths.
pub(super) struct Quote<'r> {
    pub(super) currency: &'r str,
    pub(super) transaction: &'r str,
    pub(super) id: &'r str,
    pub(super) import: Code2,
    pub(super) allows_partial: bool,
    pub(super) commodities: Vec<Commodity<'r>>,
    freight: i64,
    value: i64,
}

pub(super) struct Commodity<'r> {
    pub(super) id: &'r str,
    pub(super) value: i64,
    pub(super) origin: Code2,
    /// Ten digits; `None` when the code that was sent is none.
    pub(super) hs_code: Option<String>,
}

/// Commodities in one shipment, and what the price of all of them may be, in hundredths.
const MAX_COMMODITIES: usize = 99;
const MAX_VALUE: i64 = 99_999_999_999;

fn invalid(code: &'static str, text: &'static str) -> UpsError {
    UpsError::bad_request(code, text)
}

fn country(text: &Text<'_>) -> Result<Code2, UpsError> {
    let code = Code2::parse(text.as_str()).filter(|code| places::region(*code).is_some());
    code.ok_or_else(|| invalid("LC0004", "Invalid country code"))
}

impl<'r> Quote<'r> {
    /// Checks what the table of fields cannot say. Strictly, UPS's file allows no number above 1.
    pub(super) fn of(envelope: &'r Envelope<'_>, strictly: bool) -> Result<Self, UpsError> {
        let missing = || invalid("LC0002", "Missing shipment");
        let shipment = envelope.shipment.as_ref().ok_or_else(missing)?;
        let items = &shipment.shipment_items.0;
        if items.len() > MAX_COMMODITIES {
            return Err(invalid("LC0003", "More than 99 commodities"));
        }
        let import = country(&shipment.import_country_code)?;
        country(&shipment.export_country_code)?;
        let currency = items
            .first()
            .map_or("", |item| item.commodity_currency_code.as_str());
        let mut commodities = Vec::with_capacity(items.len());
        for item in items {
            if item.commodity_currency_code.as_str() != currency {
                let text = "All commodities must have the same currency code";
                return Err(invalid("LC0005", text));
            }
            commodities.push(Commodity::of(item, strictly)?);
        }
        let value: i64 = commodities.iter().map(|commodity| commodity.value).sum();
        if value > MAX_VALUE {
            return Err(invalid(
                "LC0007",
                "The price of all commodities is too high",
            ));
        }
        let freight = shipment
            .transport_cost
            .present()
            .map_or(Some(0), thousandths);
        let freight = freight.filter(|cost| (0..=MAX_VALUE).contains(cost));
        Ok(Self {
            currency,
            transaction: envelope.trans_id.as_str(),
            id: shipment.id.as_str(),
            import,
            allows_partial: envelope.allow_partial.0,
            commodities,
            freight: freight.ok_or_else(|| invalid("LC0008", "Invalid transport cost"))? / 10,
            value,
        })
    }

    /// The commodity's share of the transport cost, by value.
    pub(super) fn freight_of(&self, commodity: &Commodity<'_>) -> i64 {
        let shared = i128::from(self.freight) * i128::from(commodity.value);
        let share = shared / i128::from(self.value.max(1));
        i64::try_from(share).unwrap_or(self.freight)
    }
}

impl<'r> Commodity<'r> {
    fn of(item: &'r Item<'_>, strictly: bool) -> Result<Self, UpsError> {
        let price = thousandths(item.price_each.as_str()).filter(|price| *price >= 0);
        let price = price.ok_or_else(|| invalid("LC0006", "Invalid price"))?;
        let quantity = item.quantity.as_str().parse::<i64>().ok();
        let quantity = quantity.filter(|quantity| (1..=1_000_000).contains(quantity));
        let quantity = quantity.ok_or_else(|| invalid("LC0006", "Invalid quantity"))?;
        if strictly && (price > 1_000 || quantity > 1) {
            let text = "A number is above the maximum of UPS's file, which is 1";
            return Err(invalid("LC0011", text));
        }
        Ok(Self {
            id: item.commodity_id.as_str(),
            value: price.saturating_mul(quantity) / 10,
            origin: country(&item.origin_country_code)?,
            hs_code: match item.hs_code.present() {
                Some(code) => tariff::ten_digits(code),
                None => Some(tariff::guessed(item.description.as_str())),
            },
        })
    }
}
