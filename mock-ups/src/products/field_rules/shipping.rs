//! Creating a shipment: lengths by UPS's file, each party with codes of its own.
//!
//! On record are 120200 to 120202. The other codes follow their pattern and are guesses.

use super::rule::Must::{BeAtMost, BeOneOf, Exist};
use super::rule::When::Abroad;
use super::rule::{FieldRule, rule};

const SHIPPER_COUNTRY: &str = "ShipmentRequest.Shipment.Shipper.Address.CountryCode";
const SHIP_TO_COUNTRY: &str = "ShipmentRequest.Shipment.ShipTo.Address.CountryCode";

pub(super) const RULES: &[FieldRule] = &[
    // Shipper, ShipTo, ShipFrom: the first broken rule is the answer, so this order is the order of codes.
    rule(
        "ShipmentRequest.Shipment.Shipper.Name",
        BeAtMost(35),
        "120110",
        "Missing or invalid shipper name",
    ),
    rule(
        "ShipmentRequest.Shipment.Shipper.AttentionName",
        BeAtMost(35),
        "120101",
        "Missing or invalid shipper attention name",
    ),
    rule(
        "ShipmentRequest.Shipment.Shipper.Address.AddressLine",
        BeAtMost(35),
        "120102",
        "Missing or invalid shipper address line",
    ),
    rule(
        "ShipmentRequest.Shipment.Shipper.Address.City",
        BeAtMost(30),
        "120105",
        "Missing or invalid shipper city",
    ),
    rule(
        "ShipmentRequest.Shipment.Shipper.Phone.Number",
        BeAtMost(15),
        "120113",
        "Missing or invalid shipper phone number",
    ),
    rule(
        "ShipmentRequest.Shipment.Shipper.Phone.Extension",
        BeAtMost(4),
        "120114",
        "Missing or invalid shipper phone extension",
    ),
    rule(
        "ShipmentRequest.Shipment.Shipper.TaxIdentificationNumber",
        BeAtMost(15),
        "120116",
        "Missing or invalid shipper tax identification number",
    ),
    rule(
        "ShipmentRequest.Shipment.Shipper.EMailAddress",
        BeAtMost(50),
        "120117",
        "Missing or invalid shipper e-mail address",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipTo.Name",
        BeAtMost(35),
        "120200",
        "Missing or invalid ship to name",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipTo.AttentionName",
        BeAtMost(35),
        "120201",
        "Missing or invalid ship to attention name",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipTo.Address.AddressLine",
        BeAtMost(35),
        "120202",
        "Missing or invalid ship to address line",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipTo.Address.City",
        BeAtMost(30),
        "120205",
        "Missing or invalid ship to city",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipTo.Phone.Number",
        BeAtMost(15),
        "120213",
        "Missing or invalid ship to phone number",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipTo.Phone.Extension",
        BeAtMost(4),
        "120214",
        "Missing or invalid ship to phone extension",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipTo.TaxIdentificationNumber",
        BeAtMost(15),
        "120216",
        "Missing or invalid ship to tax identification number",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipTo.EMailAddress",
        BeAtMost(50),
        "120217",
        "Missing or invalid ship to e-mail address",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipFrom.Name",
        BeAtMost(35),
        "120300",
        "Missing or invalid ship from name",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipFrom.AttentionName",
        BeAtMost(35),
        "120301",
        "Missing or invalid ship from attention name",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipFrom.Address.AddressLine",
        BeAtMost(35),
        "120302",
        "Missing or invalid ship from address line",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipFrom.Address.City",
        BeAtMost(30),
        "120305",
        "Missing or invalid ship from city",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipFrom.Phone.Number",
        BeAtMost(15),
        "120313",
        "Missing or invalid ship from phone number",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipFrom.Phone.Extension",
        BeAtMost(4),
        "120314",
        "Missing or invalid ship from phone extension",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipFrom.TaxIdentificationNumber",
        BeAtMost(15),
        "120316",
        "Missing or invalid ship from tax identification number",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipFrom.EMailAddress",
        BeAtMost(50),
        "120317",
        "Missing or invalid ship from e-mail address",
    ),
    rule(
        "ShipmentRequest.Shipment.AlternateDeliveryAddress.Name",
        BeAtMost(35),
        "120320",
        "Missing or invalid alternate delivery name",
    ),
    rule(
        "ShipmentRequest.Shipment.AlternateDeliveryAddress.AttentionName",
        BeAtMost(35),
        "120321",
        "Missing or invalid alternate delivery attention name",
    ),
    rule(
        "ShipmentRequest.Shipment.AlternateDeliveryAddress.Address.AddressLine",
        BeAtMost(35),
        "120322",
        "Missing or invalid alternate delivery address line",
    ),
    rule(
        "ShipmentRequest.Shipment.AlternateDeliveryAddress.Address.City",
        BeAtMost(30),
        "120325",
        "Missing or invalid alternate delivery city",
    ),
    rule(
        "ShipmentRequest.Shipment.Description",
        BeAtMost(50),
        "120512",
        "Missing or invalid shipment description",
    ),
    rule(
        "ShipmentRequest.Shipment.ReferenceNumber.Value",
        BeAtMost(35),
        "120541",
        "Missing or invalid reference number",
    ),
    rule(
        "ShipmentRequest.Shipment.Package.ReferenceNumber.Value",
        BeAtMost(35),
        "120541",
        "Missing or invalid reference number",
    ),
    rule(
        "ShipmentRequest.Shipment.Package.Description",
        BeAtMost(35),
        "120601",
        "Missing or invalid package description",
    ),
    // Presence after length: a call with a text that is too long is told about that first.
    rule(
        "ShipmentRequest.Shipment.Shipper.Name",
        Exist,
        "120110",
        "Missing or invalid shipper name",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipFrom.Name",
        Exist,
        "120300",
        "Missing or invalid ship from name",
    ),
    rule(
        "ShipmentRequest.Shipment.Shipper.Phone",
        Exist,
        "120113",
        "Missing or invalid shipper phone number",
    )
    // Phones are required only across a border, by the field's description.
    .when(Abroad(SHIPPER_COUNTRY, SHIP_TO_COUNTRY)),
    rule(
        "ShipmentRequest.Shipment.Shipper.Phone.Number",
        Exist,
        "120113",
        "Missing or invalid shipper phone number",
    )
    .when(Abroad(SHIPPER_COUNTRY, SHIP_TO_COUNTRY)),
    rule(
        "ShipmentRequest.Shipment.ShipTo.Phone",
        Exist,
        "120213",
        "Missing or invalid ship to phone number",
    )
    .when(Abroad(SHIPPER_COUNTRY, SHIP_TO_COUNTRY)),
    rule(
        "ShipmentRequest.Shipment.ShipTo.Phone.Number",
        Exist,
        "120213",
        "Missing or invalid ship to phone number",
    )
    .when(Abroad(SHIPPER_COUNTRY, SHIP_TO_COUNTRY)),
    rule(
        "ShipmentRequest.Shipment.ReturnService.Code",
        BeOneOf(&[
            "2", "3", "5", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19",
            "20",
        ]),
        "120905",
        "Missing or invalid return service",
    ),
];
