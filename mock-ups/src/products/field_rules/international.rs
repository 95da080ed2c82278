//! International forms of a shipment: which there are, lengths by UPS's file, each contact with codes of its own.
//!
//! All codes are guesses.

use super::rule::Must::{BeAtMost, BeCurrency, BeOneOf, Exist};
use super::rule::When::Beside;
use super::rule::{FieldRule, rule};

pub(super) const RULES: &[FieldRule] = &[
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.FormType",
        Exist,
        "128001",
        "Missing or invalid international form type",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.FormType",
        BeOneOf(&["01", "03", "04", "05", "06", "07", "08", "09", "10", "11"]),
        "128001",
        "Missing or invalid international form type",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Product",
        Exist,
        "128010",
        "At least one product is required for the international form",
    )
    // 01 is the invoice, which lists products; other forms need none.
    .when(Beside("FormType", "01")),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.CurrencyCode",
        BeCurrency,
        "128012",
        "Missing or invalid currency code",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.InvoiceNumber",
        BeAtMost(35),
        "128013",
        "Missing or invalid invoice number",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.PurchaseOrderNumber",
        BeAtMost(35),
        "128014",
        "Missing or invalid purchase order number",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.ReasonForExport",
        BeAtMost(20),
        "128015",
        "Missing or invalid reason for export",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Comments",
        BeAtMost(150),
        "128016",
        "Missing or invalid comments",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.DeclarationStatement",
        BeAtMost(550),
        "128017",
        "Missing or invalid declaration statement",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Product.Description",
        BeAtMost(35),
        "128020",
        "Missing or invalid product description",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Product.CommodityCode",
        BeAtMost(15),
        "128021",
        "Missing or invalid commodity code",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Product.PartNumber",
        BeAtMost(35),
        "128022",
        "Missing or invalid part number",
    ),
    // The contacts, in the order of the file.
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.ForwardAgent.CompanyName",
        BeAtMost(35),
        "128100",
        "Missing or invalid forward agent name",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.ForwardAgent.Address.AddressLine",
        BeAtMost(35),
        "128102",
        "Missing or invalid forward agent address line",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.ForwardAgent.Address.City",
        BeAtMost(30),
        "128105",
        "Missing or invalid forward agent city",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.UltimateConsignee.CompanyName",
        BeAtMost(35),
        "128110",
        "Missing or invalid ultimate consignee name",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.UltimateConsignee.Address.AddressLine",
        BeAtMost(35),
        "128112",
        "Missing or invalid ultimate consignee address line",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.UltimateConsignee.Address.City",
        BeAtMost(30),
        "128115",
        "Missing or invalid ultimate consignee city",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.IntermediateConsignee.CompanyName",
        BeAtMost(35),
        "128120",
        "Missing or invalid intermediate consignee name",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.IntermediateConsignee.Address.AddressLine",
        BeAtMost(35),
        "128122",
        "Missing or invalid intermediate consignee address line",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.IntermediateConsignee.Address.City",
        BeAtMost(30),
        "128125",
        "Missing or invalid intermediate consignee city",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.Producer.CompanyName",
        BeAtMost(35),
        "128130",
        "Missing or invalid producer name",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.Producer.AttentionName",
        BeAtMost(35),
        "128131",
        "Missing or invalid producer attention name",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.Producer.Address.AddressLine",
        BeAtMost(35),
        "128132",
        "Missing or invalid producer address line",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.Producer.Address.City",
        BeAtMost(30),
        "128135",
        "Missing or invalid producer city",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.Producer.Phone.Number",
        BeAtMost(15),
        "128138",
        "Missing or invalid producer phone number",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.SoldTo.Name",
        BeAtMost(35),
        "128140",
        "Missing or invalid sold to name",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.SoldTo.AttentionName",
        BeAtMost(35),
        "128141",
        "Missing or invalid sold to attention name",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.SoldTo.Address.AddressLine",
        BeAtMost(35),
        "128142",
        "Missing or invalid sold to address line",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.SoldTo.Address.City",
        BeAtMost(30),
        "128145",
        "Missing or invalid sold to city",
    ),
    rule(
        "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.Contacts.SoldTo.Phone.Number",
        BeAtMost(15),
        "128148",
        "Missing or invalid sold to phone number",
    ),
];
