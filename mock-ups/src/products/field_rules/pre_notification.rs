//! A pre-notification of dangerous goods: what UPS's file requires. The codes are guesses.

use super::rule::Must::{BeAtMost, BeOneOf, Exist};
use super::rule::{FieldRule, rule};

/// The regulations that the file names.
const REGULATIONS: &[&str] = &["ADR", "49CFR", "IATA"];

pub(super) const RULES: &[FieldRule] = &[
    rule(
        "PreNotificationRequest",
        Exist,
        "9600001",
        "Missing PreNotificationRequest",
    ),
    rule(
        "PreNotificationRequest.Shipment",
        Exist,
        "9600001",
        "Missing shipment",
    ),
    rule(
        "PreNotificationRequest.Shipment.ShipperNumber",
        Exist,
        "9600001",
        "Missing ShipperNumber",
    ),
    rule(
        "PreNotificationRequest.Shipment.ShipmentIdentificationNumber",
        Exist,
        "9600001",
        "Missing ShipmentIdentificationNumber",
    ),
    rule(
        "PreNotificationRequest.Shipment.PickupDate",
        Exist,
        "9600001",
        "Missing PickupDate",
    ),
    rule(
        "PreNotificationRequest.Shipment.RegulationSet",
        Exist,
        "9600001",
        "Missing RegulationSet",
    ),
    rule(
        "PreNotificationRequest.Shipment.Package",
        Exist,
        "9600001",
        "Missing Package",
    ),
    rule(
        "PreNotificationRequest.Shipment.ShipToAddress",
        Exist,
        "9600001",
        "Missing ShipToAddress",
    ),
    rule(
        "PreNotificationRequest.Shipment.ShipFromAddress",
        Exist,
        "9600001",
        "Missing ShipFromAddress",
    ),
    rule(
        "PreNotificationRequest.Shipment.Service",
        Exist,
        "9600001",
        "Missing Service",
    ),
    rule(
        "PreNotificationRequest.Shipment.ShipToAddress.AddressLine",
        Exist,
        "9600001",
        "Missing ShipToAddress AddressLine",
    ),
    rule(
        "PreNotificationRequest.Shipment.ShipToAddress.CountryCode",
        Exist,
        "9600001",
        "Missing ShipToAddress CountryCode",
    ),
    rule(
        "PreNotificationRequest.Shipment.ShipToAddress.AddressLine",
        BeAtMost(35),
        "9600008",
        "A member is too long",
    ),
    rule(
        "PreNotificationRequest.Shipment.ShipFromAddress.AddressLine",
        Exist,
        "9600001",
        "Missing ShipFromAddress AddressLine",
    ),
    rule(
        "PreNotificationRequest.Shipment.ShipFromAddress.CountryCode",
        Exist,
        "9600001",
        "Missing ShipFromAddress CountryCode",
    ),
    rule(
        "PreNotificationRequest.Shipment.ShipFromAddress.AddressLine",
        BeAtMost(35),
        "9600008",
        "A member is too long",
    ),
    rule(
        "PreNotificationRequest.Shipment.Service.Code",
        Exist,
        "9600001",
        "Missing Service Code",
    ),
    rule(
        "PreNotificationRequest.Shipment.RegulationSet",
        BeOneOf(REGULATIONS),
        "9600007",
        "Invalid regulation set",
    ),
    rule(
        "PreNotificationRequest.Shipment.Package.TrackingNumber",
        Exist,
        "9600001",
        "Missing package TrackingNumber",
    ),
    rule(
        "PreNotificationRequest.Shipment.Package.PackageWeight",
        Exist,
        "9600001",
        "Missing package PackageWeight",
    ),
    rule(
        "PreNotificationRequest.Shipment.Package.ChemicalRecord",
        Exist,
        "9600001",
        "Missing package ChemicalRecord",
    ),
    rule(
        "PreNotificationRequest.Shipment.Package.PackageWeight.UnitOfMeasurement",
        Exist,
        "9600001",
        "Missing package weight unit",
    ),
    rule(
        "PreNotificationRequest.Shipment.Package.PackageWeight.Weight",
        Exist,
        "9600001",
        "Missing package weight",
    ),
    rule(
        "PreNotificationRequest.Shipment.Package.ChemicalRecord.CommodityRegulatedLevelCode",
        Exist,
        "9600001",
        "Missing CommodityRegulatedLevelCode",
    ),
    rule(
        "PreNotificationRequest.Shipment.Package.ChemicalRecord.ClassDivisionNumber",
        BeAtMost(7),
        "9600008",
        "A member is too long",
    ),
    rule(
        "PreNotificationRequest.Shipment.Package.ChemicalRecord.IDNumber",
        BeAtMost(6),
        "9600008",
        "A member is too long",
    ),
    rule(
        "PreNotificationRequest.Shipment.Package.ChemicalRecord.PackagingGroupType",
        BeAtMost(5),
        "9600008",
        "A member is too long",
    ),
    rule(
        "PreNotificationRequest.Shipment.Package.ChemicalRecord.Quantity",
        BeAtMost(5),
        "9600008",
        "A member is too long",
    ),
    rule(
        "PreNotificationRequest.Shipment.Package.ChemicalRecord.EmergencyPhone",
        BeAtMost(25),
        "9600008",
        "A member is too long",
    ),
    rule(
        "PreNotificationRequest.Shipment.Package.ChemicalRecord.EmergencyContact",
        BeAtMost(35),
        "9600008",
        "A member is too long",
    ),
    rule(
        "PreNotificationRequest.Shipment.Package.ChemicalRecord.ProperShippingName",
        BeAtMost(150),
        "9600008",
        "A member is too long",
    ),
    rule(
        "PreNotificationRequest.Shipment.Package.ChemicalRecord.TechnicalName",
        BeAtMost(200),
        "9600008",
        "A member is too long",
    ),
];
