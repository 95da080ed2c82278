//! Home Healthcare (Shipping.yaml, `HealthcareIdentifier` and `Healthcare`). All codes are guesses.

use super::rule::Must::{BeAtMost, BeOneOf, Exist};
use super::rule::When::Holds;
use super::rule::{FieldRule, rule};

/// What UPS's file lists, from "no program" to "unclassified".
const PROGRAMS: &[&str] = &[
    "000", "001", "002", "003", "004", "006", "007", "008", "009", "010", "011", "012", "013",
    "099",
];

const IDENTIFIER: &str = "ShipmentRequest.Shipment.HealthcareIdentifier";

pub(super) const RULES: &[FieldRule] = &[
    rule(
        IDENTIFIER,
        BeOneOf(&["001"]),
        "120950",
        "Missing or invalid healthcare identifier",
    ),
    rule(
        "ShipmentRequest.Shipment.Package.PackageServiceOptions",
        Exist,
        "120951",
        "Healthcare information is required for each package",
    )
    // The identifier is what makes a shipment one of healthcare, so packages owe nothing without it.
    .when(Holds(IDENTIFIER, "001")),
    rule(
        "ShipmentRequest.Shipment.Package.PackageServiceOptions.Healthcare",
        Exist,
        "120951",
        "Healthcare information is required for each package",
    )
    .when(Holds(IDENTIFIER, "001")),
    rule(
        "ShipmentRequest.Shipment.Package.PackageServiceOptions.Healthcare.ProgramIdentifier",
        BeOneOf(PROGRAMS),
        "120952",
        "Missing or invalid healthcare program",
    ),
    rule(
        "ShipmentRequest.Shipment.Package.PackageServiceOptions.Healthcare.SubAttribute",
        BeAtMost(25),
        "120953",
        "Missing or invalid healthcare attribute",
    ),
    rule(
        "ShipmentRequest.Shipment.Package.PackageServiceOptions.Healthcare.UniqueIdentifier",
        BeAtMost(25),
        "120954",
        "Missing or invalid healthcare unique identifier",
    ),
];
