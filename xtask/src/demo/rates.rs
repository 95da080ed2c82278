//! The rating request of the demo and the table it prints.

use anyhow::{Context as _, Result};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// All services, with days in transit.
pub(crate) const PATH: &str = "/api/rating/v2409/Shop?additionalinfo=timeintransit";

/// A five-pound parcel from New York to Los Angeles.
pub(crate) fn request() -> String {
    let address = |city: &str, state: &str, postal: &str| {
        json!({"AddressLine": ["1 Main Street"], "City": city, "StateProvinceCode": state,
               "PostalCode": postal, "CountryCode": "US"})
    };
    let from = address("New York", "NY", "10001");
    json!({"RateRequest": {
        "Request": {"RequestOption": "Shop"},
        "Shipment": {
            "Shipper": {"Name": "Demo Shipper", "ShipperNumber": "A1B2C3", "Address": from},
            "ShipFrom": {"Name": "Demo Shipper", "Address": from},
            "ShipTo": {"Name": "Demo Customer", "Address": address("Los Angeles", "CA", "90012")},
            "DeliveryTimeInformation": {"PackageBillType": "03"},
            "Package": [{
                "PackagingType": {"Code": "02"},
                "Dimensions": {"UnitOfMeasurement": {"Code": "IN"}, "Length": "10", "Width": "8", "Height": "4"},
                "PackageWeight": {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "5"},
            }],
        },
    }})
    .to_string()
}

/// The services, cheapest first.
pub(crate) fn table(body: &[u8]) -> Result<String> {
    let answer: Value = serde_json::from_slice(body).context("the answer is not JSON")?;
    let shipments = answer["RateResponse"]["RatedShipment"]
        .as_array()
        .context("the answer has no rates")?;
    let mut rows = shipments
        .iter()
        .map(Row::parse)
        .collect::<Result<Vec<_>>>()?;
    rows.sort_by(|a, b| a.price.total_cmp(&b.price));
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_header(["Service", "Code", "Days", "Price"]);
    for row in rows {
        let price = format!("{:.2} {}", row.price, row.currency);
        table.add_row([service_name(&row.code), &row.code, &row.days, &price]);
    }
    for right in [2, 3] {
        table
            .column_mut(right)
            .context("the table has four columns")?
            .set_cell_alignment(CellAlignment::Right);
    }
    Ok(table.to_string())
}

struct Row {
    code: String,
    days: String,
    price: f64,
    currency: String,
}

impl Row {
    fn parse(shipment: &Value) -> Result<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let transit = &shipment["TimeInTransit"]["ServiceSummary"]["EstimatedArrival"];
        // Some services have their days only in the guarantee.
        let days = text(&transit["BusinessDaysInTransit"])
            .or_else(|| text(&shipment["GuaranteedDelivery"]["BusinessDaysInTransit"]))
            .unwrap_or_else(|| "-".to_owned());
        let total = &shipment["TotalCharges"];
        Ok(Self {
            code: text(&shipment["Service"]["Code"]).context("a rate has no service code")?,
            days,
            price: text(&total["MonetaryValue"])
                .context("a rate has no price")?
                .parse()?,
            currency: text(&total["CurrencyCode"]).unwrap_or_default(),
        })
    }
}

fn service_name(code: &str) -> &str {
    match code {
        "01" => "Next Day Air",
        "02" => "2nd Day Air",
        "03" => "Ground",
        "12" => "3 Day Select",
        "13" => "Next Day Air Saver",
        "14" => "Next Day Air Early",
        "59" => "2nd Day Air A.M.",
        other => other,
    }
}

/// The same request as a command to copy.
pub(crate) fn curl(apps: SocketAddr) -> String {
    format!(
        "curl -s 'http://{apps}{PATH}' -H 'Content-Type: application/json' -d '{}'",
        request()
    )
}
