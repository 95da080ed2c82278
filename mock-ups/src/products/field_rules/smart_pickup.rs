//! A Smart Pickup: what UPS's file requires. The codes are guesses.

use super::rule::Must::{BeAtMost, BeOneOf, Exist};
use super::rule::{FieldRule, rule};

pub(super) const RULES: &[FieldRule] = &[
    rule(
        "PickupTriggerGWNRequest",
        Exist,
        "9510122",
        "Missing PickupTriggerGWNRequest",
    ),
    rule(
        "PickupTriggerGWNRequest.AccountNumber",
        Exist,
        "9510117",
        "Missing or invalid account number",
    ),
    rule(
        "PickupTriggerGWNRequest.AccountNumber",
        BeAtMost(6),
        "9510117",
        "Missing or invalid account number",
    ),
    rule(
        "PickupTriggerGWNRequest.ServiceDateOption",
        Exist,
        "9510123",
        "Missing or invalid service date option",
    ),
    rule(
        "PickupTriggerGWNRequest.ServiceDateOption",
        BeOneOf(&["01", "02"]),
        "9510123",
        "Missing or invalid service date option",
    ),
];
