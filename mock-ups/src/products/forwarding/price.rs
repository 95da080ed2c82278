//! What a shipment costs, by service, weight, size and distance. The amounts are made up.

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::calendar;
use crate::products::contract::Call;
use crate::products::contract::operation::items;
use crate::products::contract::shape::day;

/// Code, name, business days, price of a pound in hundredths, whether it is guaranteed.
pub(super) struct Service {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) days: u32,
    per_pound: i64,
    guaranteed: bool,
}

const fn service(
    code: &'static str,
    name: &'static str,
    days: u32,
    per_pound: i64,
    guaranteed: bool,
) -> Service {
    Service {
        code,
        name,
        days,
        per_pound,
        guaranteed,
    }
}

pub(super) static SERVICES: [Service; 9] = [
    service("AMG", "UPS NEXT DAY AIR FREIGHT", 1, 310, true),
    service("AM", "UPS NEXT DAY AIR FREIGHT NGS", 1, 290, false),
    service("D2G", "UPS 2ND DAY AIR FREIGHT", 2, 190, true),
    service("D2", "UPS 2ND DAY AIR FREIGHT NGS", 2, 175, false),
    service("DFG", "UPS 3 DAY FREIGHT", 3, 120, true),
    service("DF", "UPS 3 DAY FREIGHT NGS", 3, 105, false),
    service("CX", "UPS EXPRESS FREIGHT", 3, 420, true),
    service("CA", "UPS AIR FREIGHT DIRECT", 4, 330, false),
    service("EC", "UPS AIR FREIGHT CONSOLIDATED", 6, 240, false),
];

/// The services that cross a border.
pub(super) const ABROAD: [&str; 3] = ["CX", "CA", "EC"];

const MINIMUM_POUNDS: f64 = 10.0;
const FUEL_PER_CENT: i64 = 18;

/// A service by its code; codes with further letters are kinds of the three international ones.
pub(super) fn by_code(code: &str) -> &'static Service {
    let exact = SERVICES.iter().find(|service| service.code == code);
    let kind = || {
        SERVICES
            .iter()
            .find(|service| code.starts_with(service.code))
    };
    // All codes of the file that are left are kinds of three-day freight.
    exact.or_else(kind).unwrap_or(&SERVICES[5])
}

/// What is shipped.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cargo {
    pub(super) pieces: u64,
    pub(super) pounds: f64,
    dimensional: f64,
}

impl Cargo {
    /// The sums over items with count, size and weight.
    pub(super) fn of(list: Option<&Value>, is_metric: bool) -> Self {
        let mut cargo = Self::default();
        for item in items(list) {
            let number = |name: &str| item[name].as_f64().unwrap_or(0.0);
            cargo.add(
                item["count"].as_u64().unwrap_or(1),
                number("weight"),
                number("length") * number("width") * number("height"),
                is_metric,
            );
        }
        cargo
    }

    pub(super) fn add(&mut self, count: u64, weight: f64, volume: f64, is_metric: bool) {
        let (pounds, inches) = if is_metric {
            (2.204_62, 0.061_024)
        } else {
            (1.0, 1.0)
        };
        let pieces = count as f64;
        self.pieces = self.pieces.saturating_add(count);
        self.pounds += weight * pounds * pieces;
        // 194 cubic inches count as a pound.
        self.dimensional += volume * inches * pieces / 194.0;
    }

    pub(super) fn billable(&self) -> f64 {
        let most = self.pounds.max(self.dimensional).max(MINIMUM_POUNDS);
        most.ceil().min(1e9)
    }
}

/// The charges of a service: freight and fuel, in hundredths.
pub(super) fn charges(service: &Service, cargo: &Cargo) -> [(&'static str, &'static str, i64); 2] {
    let freight = service.per_pound * cargo.billable() as i64;
    [
        ("FRT", "Air Freight Shipping", freight),
        ("FSC", "Fuel Surcharge", freight * FUEL_PER_CENT / 100),
    ]
}

pub(super) fn total(service: &Service, cargo: &Cargo) -> i64 {
    charges(service, cargo).iter().map(|charge| charge.2).sum()
}

pub(super) fn amount(hundredths: i64) -> f64 {
    hundredths as f64 / 100.0
}

pub(super) fn money(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// The day of the pickup: the one that is wanted, or today, if UPS works then.
pub(super) fn pickup_day(call: &Call<'_>, wanted: &str) -> Date {
    let today = jiff::tz::TimeZone::UTC.to_datetime(call.request.now).date();
    calendar::business_day_from(day(wanted).unwrap_or(today).max(today))
}

/// One entry of an answer with rates.
pub(super) fn rate(service: &Service, cargo: &Cargo, pickup: Date, currency: &str) -> Value {
    let arrival = calendar::travel(pickup, service.days).arrival;
    let charges = charges(service, cargo).map(|(code, description, hundredths)| {
        json!({
            "role": "Carrier",
            "code": code,
            "description": description,
            "amount": amount(hundredths),
            "currencyCode": currency,
            "includedInd": "N",
        })
    });
    let weight = cargo.billable();
    json!({
        "serviceType": service.code,
        "guaranteedDelivery": service.guaranteed,
        "deliveryTime": format!("{arrival}T17:00:00Z"),
        "holdAtAirportTime": format!("{arrival}T09:00:00Z"),
        "totalCharge": {
            "amount": money(total(service, cargo)),
            "currencyCode": currency,
            "includedInd": "N",
        },
        "billableWeight": weight,
        "weightUnit": "LBS",
        "dimensionalWeight": (cargo.dimensional * 10.0).round() / 10.0,
        "minimumBillableWeightApplied": weight <= MINIMUM_POUNDS,
        "contractRate": false,
        "charges": charges,
    })
}

/// The currency that is asked for, or dollars.
pub(super) fn currency<'c>(call: &'c Call<'_>, pointer: &str) -> &'c str {
    match call.text(pointer) {
        currency if currency.len() == 3 => currency,
        _ => "USD",
    }
}

/// Whether the parties are in different countries.
pub(super) fn is_abroad(body: &Value) -> bool {
    let country = |party: &str| {
        let member = body.pointer(&format!("/{party}/countryCode"));
        let code = member.and_then(Value::as_str).unwrap_or_default();
        code.to_ascii_uppercase()
    };
    country("shipper") != country("consignee")
}
