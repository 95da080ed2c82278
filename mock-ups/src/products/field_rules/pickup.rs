//! Creating a pickup: what UPS's file requires, and its lengths and values. The codes are guesses.

use super::rule::Must::{BeAtMost, BeCount, BeCountry, BeOneOf, BeTime, Exist};
use super::rule::{FieldRule, rule};

pub(super) const RULES: &[FieldRule] = &[
    rule(
        "PickupCreationRequest.PickupDateInfo.ReadyTime",
        Exist,
        "9510104",
        "Missing or invalid ready time",
    ),
    rule(
        "PickupCreationRequest.PickupDateInfo.ReadyTime",
        BeTime,
        "9510104",
        "Missing or invalid ready time",
    ),
    rule(
        "PickupCreationRequest.PickupDateInfo.CloseTime",
        Exist,
        "9510105",
        "Missing or invalid close time",
    ),
    rule(
        "PickupCreationRequest.PickupDateInfo.CloseTime",
        BeTime,
        "9510105",
        "Missing or invalid close time",
    ),
    rule(
        "PickupCreationRequest.PickupAddress",
        Exist,
        "9510106",
        "Missing or invalid pickup address",
    ),
    rule(
        "PickupCreationRequest.PickupAddress.CompanyName",
        Exist,
        "9510107",
        "Missing or invalid company name",
    ),
    rule(
        "PickupCreationRequest.PickupAddress.CompanyName",
        BeAtMost(27),
        "9510107",
        "Missing or invalid company name",
    ),
    rule(
        "PickupCreationRequest.PickupAddress.ContactName",
        Exist,
        "9510108",
        "Missing or invalid contact name",
    ),
    rule(
        "PickupCreationRequest.PickupAddress.ContactName",
        BeAtMost(22),
        "9510108",
        "Missing or invalid contact name",
    ),
    rule(
        "PickupCreationRequest.PickupAddress.AddressLine",
        Exist,
        "9510109",
        "Missing or invalid address line",
    ),
    rule(
        "PickupCreationRequest.PickupAddress.AddressLine",
        BeAtMost(73),
        "9510109",
        "Missing or invalid address line",
    ),
    rule(
        "PickupCreationRequest.PickupAddress.City",
        Exist,
        "9510110",
        "Missing or invalid city",
    ),
    rule(
        "PickupCreationRequest.PickupAddress.City",
        BeAtMost(50),
        "9510110",
        "Missing or invalid city",
    ),
    rule(
        "PickupCreationRequest.PickupAddress.PostalCode",
        BeAtMost(8),
        "9510111",
        "Missing or invalid postal code",
    ),
    rule(
        "PickupCreationRequest.PickupAddress.CountryCode",
        Exist,
        "9510112",
        "Missing or invalid country code",
    ),
    rule(
        "PickupCreationRequest.PickupAddress.CountryCode",
        BeCountry,
        "9510112",
        "Missing or invalid country code",
    ),
    rule(
        "PickupCreationRequest.PickupAddress.Phone",
        Exist,
        "9510113",
        "Missing or invalid phone number",
    ),
    rule(
        "PickupCreationRequest.PickupAddress.Phone.Number",
        Exist,
        "9510113",
        "Missing or invalid phone number",
    ),
    rule(
        "PickupCreationRequest.PickupAddress.Phone.Number",
        BeAtMost(25),
        "9510113",
        "Missing or invalid phone number",
    ),
    rule(
        "PickupCreationRequest.PickupPiece",
        Exist,
        "9510114",
        "Missing or invalid pickup piece",
    ),
    rule(
        "PickupCreationRequest.PickupPiece.DestinationCountryCode",
        BeCountry,
        "9510124",
        "Missing or invalid destination country code",
    ),
    rule(
        "PickupCreationRequest.PickupPiece.ContainerCode",
        BeOneOf(&["01", "02", "03"]),
        "9510125",
        "Missing or invalid container code",
    ),
    rule(
        "PickupCreationRequest.PickupPiece.Quantity",
        BeAtMost(3),
        "9510126",
        "Missing or invalid quantity",
    ),
    rule(
        "PickupCreationRequest.PickupPiece.Quantity",
        BeCount,
        "9510126",
        "Missing or invalid quantity",
    ),
    rule(
        "PickupCreationRequest.PaymentMethod",
        BeOneOf(&["00", "01", "03", "04", "05", "06", "07"]),
        "9510127",
        "Missing or invalid payment method",
    ),
    rule(
        "PickupCreationRequest.SpecialInstruction",
        BeAtMost(57),
        "9510128",
        "Missing or invalid special instruction",
    ),
];
