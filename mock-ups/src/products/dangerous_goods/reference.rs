//! What the regulations say of a chemical.

use serde_json::{Value, json};

use super::sample::{CHEMICALS, Chemical, REGULATIONS};
use super::{Stateless, may_use, response};
use crate::products::contract::operation::list;
use crate::products::contract::refusal::{answered, refused};
use crate::products::contract::{Answer, Call};

const ROOT: &str = "ChemicalReferenceDataRequest";

pub(super) fn answer(_: &Stateless, call: &Call<'_>) -> Answer {
    let text = |name: &str| call.text(&format!("/{ROOT}/{name}")).trim();
    may_use(call, text("ShipperNumber"))?;
    let (id, name) = (text("IDNumber"), text("ProperShippingName").to_uppercase());
    if id.is_empty() && name.is_empty() {
        let text = "IDNumber or ProperShippingName is required";
        return Err(refused("9600101", text));
    }
    let is_meant = |chemical: &&Chemical| {
        (id.is_empty() || chemical.id.eq_ignore_ascii_case(id)) && chemical.name.contains(&name)
    };
    let is_old = call.version == 1;
    let found = CHEMICALS.iter().filter(is_meant);
    let found: Vec<Value> = found
        .flat_map(|chemical| REGULATIONS.map(|regulation| data(chemical, regulation, is_old)))
        .collect();
    if found.is_empty() {
        let text = "No chemical record was found. The mock has a sample of a dozen.";
        return Err(refused("9600105", text));
    }
    answered(&json!({"ChemicalReferenceDataResponse": {
        "Response": response(call, ROOT),
        "ChemicalData": list(is_old, found),
    }}))
}

fn data(chemical: &Chemical, regulation: &str, is_old: bool) -> Value {
    let is_adr = regulation == "ADR";
    let mut detail = json!({
        "RegulationSet": regulation,
        "IDNumber": chemical.id,
        "HazardousMaterialsDescription": chemical.name,
        "ClassDivisionNumber": chemical.class,
        "TechnicalNameRequiredIndicator": yes(chemical.needs_technical_name),
        "AdditionalShippingInformationRequiredIndicator": "N",
        "ChemicalType": match regulation {
            "IATA" => "IATA INTERNATIONAL AIR",
            other => other,
        },
    });
    if !chemical.group.is_empty() {
        detail["PackagingGroupType"] = json!(chemical.group);
    }
    if is_adr {
        detail["TransportCategory"] = json!(chemical.category.to_string());
        // One digit in the file: the category stands for its multiplier.
        detail["TransportMultiplierQuantity"] = json!(chemical.category.to_string());
        detail["ChannelTunnelAcceptedIndicator"] = json!(yes(chemical.category > 2));
        if !chemical.tunnel.is_empty() {
            detail["TunnelRestrictionCode"] = json!(chemical.tunnel);
        }
    }
    if regulation == "49CFR" {
        detail["CAToUSShipmentAllowedIndicator"] = json!("Y");
    }
    let limits = chemical.limits_of(regulation).into_iter();
    let limits = limits.map(|(mode, (quantity, instruction))| {
        json!({
            "PackageQuantityLimitTypeCode": mode,
            "Quantity": quantity.to_string(),
            "UOM": chemical.unit,
            "PackagingInstructionCode": instruction,
        })
    });
    json!({
        "ChemicalDetail": detail,
        "ProperShippingNameDetail": {"ProperShippingName": list(is_old, vec![json!(chemical.name)])},
        "PackageQuantityLimitDetail": list(is_old, limits.collect()),
    })
}

const fn yes(is: bool) -> &'static str {
    match is {
        true => "Y",
        false => "N",
    }
}
