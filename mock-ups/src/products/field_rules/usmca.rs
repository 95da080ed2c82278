//! The certificate of origin of the USMCA, NAFTA's successor: form 04 (Shipping.yaml). All codes are guesses.

use super::rule::Must::{BeOneOf, Exist};
use super::rule::When::Holds;
use super::rule::{FieldRule, rule};

const FORM_TYPE: &str =
    "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.FormType";
const USMCA: &str = "04";

pub(super) const RULES: &[FieldRule] = &[
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Product.NetCostCode",
        BeOneOf(&["NC", "ND", "NO"]),
        "128042",
        "Missing or invalid net cost code",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Product.PreferenceCriteria",
        BeOneOf(&["A", "B", "C", "D", "E", "F"]),
        "128044",
        "Missing or invalid preference criterion",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Product.ProducerInfo",
        // The file's examples write them without the blank.
        BeOneOf(&[
            "Yes", "No [1]", "No [2]", "No [3]", "No[1]", "No[2]", "No[3]",
        ]),
        "128043",
        "Missing or invalid producer information",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.Producer.Option",
        BeOneOf(&["01", "02", "03", "04"]),
        "128045",
        "Missing or invalid producer option",
    ),
];

pub(super) const REQUIRED: &[FieldRule] = &[
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts",
        Exist,
        "128040",
        "The USMCA certificate needs its contacts",
    )
    .when(Holds(FORM_TYPE, USMCA)),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.Producer",
        Exist,
        "128040",
        "The USMCA certificate needs its contacts",
    )
    .when(Holds(FORM_TYPE, USMCA)),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.SoldTo",
        Exist,
        "128040",
        "The USMCA certificate needs its contacts",
    )
    .when(Holds(FORM_TYPE, USMCA)),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.BlanketPeriod",
        Exist,
        "128041",
        "Missing or invalid blanket period",
    )
    .when(Holds(FORM_TYPE, USMCA)),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.BlanketPeriod.BeginDate",
        Exist,
        "128041",
        "Missing or invalid blanket period",
    )
    .when(Holds(FORM_TYPE, USMCA)),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.BlanketPeriod.EndDate",
        Exist,
        "128041",
        "Missing or invalid blanket period",
    )
    .when(Holds(FORM_TYPE, USMCA)),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Product.CommodityCode",
        Exist,
        "128021",
        "Missing or invalid commodity code",
    )
    .when(Holds(FORM_TYPE, USMCA)),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Product.NetCostCode",
        Exist,
        "128042",
        "Missing or invalid net cost code",
    )
    .when(Holds(FORM_TYPE, USMCA)),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Product.ProducerInfo",
        Exist,
        "128043",
        "Missing or invalid producer information",
    )
    .when(Holds(FORM_TYPE, USMCA)),
];
