//! Shipments into the European Union: what customs ask since 2026 (Shipping.yaml, "EU Inbound").
//!
//! All codes are guesses, and so is from when on UPS refuses a shipment that lacks a required member: [`REQUIRED`]
//! holds with `strict_files` only.

use super::rule::Must::{BeAtMost, BeCountry, BeOneOf, Exist};
use super::rule::When::NoItem;
use super::rule::{FieldRule, rule};

/// A business, a consumer, or neither.
const PARTY_TYPES: &[&str] = &["01", "02", "NA"];

/// `ProductIDTypeCode` of an identifier that is no merchant's or manufacturer's own.
const STANDARDIZED: &str = "0300";

pub(super) const RULES: &[FieldRule] = &[
    rule(
        "ShipmentRequest.Shipment.ShipperType",
        BeOneOf(PARTY_TYPES),
        "120960",
        "Missing or invalid shipper type",
    ),
    rule(
        "ShipmentRequest.Shipment.ConsigneeType",
        BeOneOf(PARTY_TYPES),
        "120961",
        "Missing or invalid consignee type",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.EUDeMinimisIndicator",
        BeOneOf(&["Y", "N"]),
        "120962",
        "Missing or invalid EU de minimis indicator",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipFrom.VendorInfo.VendorCollectIDTypeCode",
        // 0358 is deprecated, which is not refused.
        BeOneOf(&[
            "0000", "0356", "0357", "0358", "0359", "1051", "1052", "1053", "1054",
        ]),
        "120963",
        "Missing or invalid vendor collect ID type code",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipFrom.VendorInfo.VendorCollectIDNumber",
        BeAtMost(35),
        "120964",
        "Missing or invalid vendor collect ID number",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipFrom.VendorInfo.ConsigneeType",
        BeOneOf(PARTY_TYPES),
        "120961",
        "Missing or invalid consignee type",
    ),
    // Beside another type of number UPS's file calls the contact "not applicable", which is not refused.
    rule(
        "ShipmentRequest.Shipment.ShipFrom.VendorInfo.IOSSContact.Address.AddressLine",
        BeAtMost(35),
        "120965",
        "Missing or invalid IOSS contact address",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipFrom.VendorInfo.IOSSContact.Address.City",
        BeAtMost(30),
        "120965",
        "Missing or invalid IOSS contact address",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipFrom.VendorInfo.IOSSContact.Address.PostalCode",
        BeAtMost(9),
        "120965",
        "Missing or invalid IOSS contact address",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipFrom.VendorInfo.IOSSContact.Address.CountryCode",
        BeCountry,
        "120965",
        "Missing or invalid IOSS contact address",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Product.ProductIdentifier.ProductIDTypeCode",
        BeOneOf(&["0100", "0200", STANDARDIZED]),
        "128024",
        "Missing or invalid product identifier",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Product.CommodityFieldSpecialConditionCode",
        BeOneOf(&["01"]),
        "128025",
        "Missing or invalid commodity special condition code",
    ),
];

/// For a parcel that enters the Union from outside of it.
pub(super) const REQUIRED: &[FieldRule] = &[
    rule(
        "ShipmentRequest.Shipment.ShipperType",
        Exist,
        "120960",
        "Missing or invalid shipper type",
    ),
    rule(
        "ShipmentRequest.Shipment.ConsigneeType",
        Exist,
        "120961",
        "Missing or invalid consignee type",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions",
        Exist,
        "120962",
        "Missing or invalid EU de minimis indicator",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.EUDeMinimisIndicator",
        Exist,
        "120962",
        "Missing or invalid EU de minimis indicator",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Product.ProductIdentifier",
        Exist,
        "128024",
        "Missing or invalid product identifier",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Product.CommodityFieldSpecialConditionCode",
        Exist,
        "128025",
        "Missing or invalid commodity special condition code",
    )
    .when(NoItem("ProductIdentifier", "ProductIDTypeCode", STANDARDIZED)),
];
