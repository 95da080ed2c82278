//! A quote of Landed Cost: what UPS's file requires. The codes are guesses.
//!
//! `alversion` is required by the file and absent from its own example, so it is not asked for.

use super::rule::Must::{BeAtMost, BeCurrency, Exist};
use super::rule::{FieldRule, rule};

pub(super) const RULES: &[FieldRule] = &[
    rule("transID", Exist, "LC0002", "Missing transID"),
    rule("currencyCode", Exist, "LC0002", "Missing currencyCode"),
    rule("currencyCode", BeCurrency, "LC0012", "Invalid currencyCode"),
    rule("shipment", Exist, "LC0002", "Missing shipment"),
    rule("shipment.id", Exist, "LC0002", "Missing shipment id"),
    rule(
        "shipment.importCountryCode",
        Exist,
        "LC0002",
        "Missing importCountryCode",
    ),
    rule(
        "shipment.exportCountryCode",
        Exist,
        "LC0002",
        "Missing exportCountryCode",
    ),
    rule(
        "shipment.shipmentItems",
        Exist,
        "LC0002",
        "Missing shipmentItems",
    ),
    rule(
        "shipment.shipmentItems.commodityId",
        Exist,
        "LC0002",
        "Missing commodityId",
    ),
    rule(
        "shipment.shipmentItems.priceEach",
        Exist,
        "LC0002",
        "Missing priceEach",
    ),
    rule(
        "shipment.shipmentItems.quantity",
        Exist,
        "LC0002",
        "Missing quantity",
    ),
    rule("shipment.shipmentItems.UOM", Exist, "LC0002", "Missing UOM"),
    rule(
        "shipment.shipmentItems.originCountryCode",
        Exist,
        "LC0002",
        "Missing originCountryCode",
    ),
    rule(
        "shipment.shipmentItems.commodityCurrencyCode",
        BeCurrency,
        "LC0012",
        "Invalid commodityCurrencyCode",
    ),
    rule("transID", BeAtMost(50), "LC0013", "A member is too long"),
    rule(
        "shipment.id",
        BeAtMost(100),
        "LC0013",
        "A member is too long",
    ),
    rule(
        "shipment.shipmentItems.commodityId",
        BeAtMost(100),
        "LC0013",
        "A member is too long",
    ),
    rule(
        "shipment.shipmentItems.hsCode",
        BeAtMost(40),
        "LC0013",
        "A member is too long",
    ),
    rule(
        "shipment.shipmentItems.description",
        BeAtMost(150),
        "LC0013",
        "A member is too long",
    ),
];
