//! Whether a shipment of dangerous goods would be accepted.

use serde_json::{Value, json};

use super::sample::{Chemical, by_id};
use super::{Stateless, may_use, response};
use crate::places::{Code2, Continent, continent};
use crate::products::contract::operation::{items, list};
use crate::products::contract::refusal::{answered, refused, refused_field};
use crate::products::contract::{Answer, Call, Refusal};

const ROOT: &str = "AcceptanceAuditPreCheckRequest";

/// The services that fly.
const AIR: [&str; 9] = ["01", "02", "07", "08", "13", "14", "54", "59", "65"];

/// What the members of a regulated substance have to be there for.
const REGULATED: [&str; 8] = [
    "ClassDivisionNumber",
    "IDNumber",
    "Quantity",
    "UOM",
    "PackagingInstructionCode",
    "ProperShippingName",
    "PackagingType",
    "PackagingTypeQuantity",
];

/// The parts of a shipment that its packages are checked against.
struct Shipment<'a> {
    regulation: &'a str,
    is_from_europe: bool,
}

/// What one package gave.
struct Findings {
    result: Value,
    alerts: Vec<Value>,
}

pub(super) fn answer(_: &Stateless, call: &Call<'_>) -> Answer {
    let text = |name: &str| call.text(&format!("/{ROOT}/Shipment/{name}")).trim();
    may_use(call, text("ShipperNumber"))?;
    let service = text("Service/Code");
    let shipment = Shipment {
        regulation: text("RegulationSet"),
        is_from_europe: is_europe(text("ShipFromAddress/CountryCode")),
    };
    let is_to_europe = is_europe(text("ShipToAddress/CountryCode"));
    check_regulation(&shipment, is_to_europe, service)?;
    let is_old = call.version == 1;
    let packages = call.items(&format!("/{ROOT}/Shipment/Package"));
    let checked = packages
        .iter()
        .map(|package| check(&shipment, package, is_old));
    let checked: Vec<Findings> = checked.collect::<Result<_, Refusal>>()?;
    let (results, alerts): (Vec<Value>, Vec<Vec<Value>>) = checked
        .into_iter()
        .map(|findings| (findings.result, findings.alerts))
        .unzip();
    let alerts = alerts.concat();
    let mut response = response(call, ROOT);
    if !alerts.is_empty() {
        response["AlertDetail"] = list(is_old, alerts);
    }
    let mut body = json!({
        "Response": response,
        "ShipperNumber": text("ShipperNumber"),
        "Service": {"Code": service},
        "PackageResults": list(is_old, results),
    });
    if !shipment.regulation.is_empty() {
        body["RegulationSet"] = json!(shipment.regulation);
    }
    answered(&json!({ "AcceptanceAuditPreCheckResponse": body }))
}

fn is_europe(country: &str) -> bool {
    Code2::parse(country).is_some_and(|country| continent(country) == Continent::Europe)
}

/// Whether the regulation set is that of the lane and of the service.
fn check_regulation(
    shipment: &Shipment<'_>,
    is_to_europe: bool,
    service: &str,
) -> Result<(), Refusal> {
    let short = match service.strip_prefix('0') {
        Some(short) if service.len() == 3 => short,
        _ => service,
    };
    let is_air = AIR.contains(&short);
    let fits = match shipment.regulation {
        "ADR" => shipment.is_from_europe && is_to_europe && !is_air,
        "49CFR" => !shipment.is_from_europe && !is_to_europe,
        "IATA" => is_air,
        _ => true,
    };
    let text = "The regulation set does not fit the service and the countries";
    fits.then_some(())
        .ok_or_else(|| refused_field("9600110", text, "RegulationSet"))
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default().trim()
}

fn check(shipment: &Shipment<'_>, package: &Value, is_old: bool) -> Result<Findings, Refusal> {
    let mode = text(package, "TransportationMode");
    let mut alerts = Vec::new();
    let mut results = Vec::new();
    for record in items(package.get("ChemicalRecord")) {
        let level = text(record, "CommodityRegulatedLevelCode");
        let is_regulated = ["LQ", "FR"].contains(&level);
        if level != "EQ" && shipment.regulation.is_empty() {
            return Err(refused("9600111", "Missing RegulationSet"));
        }
        if is_regulated {
            let absent = REGULATED.iter().find(|name| {
                let value = &record[**name];
                value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
            });
            if let Some(absent) = absent {
                return Err(refused(
                    "9600112",
                    format!("Missing {absent} of a regulated chemical"),
                ));
            }
            if mode.is_empty() {
                return Err(refused("9600113", "Missing TransportationMode"));
            }
        }
        let is_all_in_one = !record["AllPackedInOneIndicator"].is_null();
        if is_all_in_one && shipment.regulation == "IATA" && text(package, "QValue").is_empty() {
            return Err(refused("9600114", "Missing QValue"));
        }
        let known = by_id(text(record, "IDNumber"));
        match known {
            Some(known) => check_limit(known, record, (level, mode))?,
            None => alerts.push(unknown(record)),
        }
        results.push(result(shipment, record, known));
    }
    let result = json!({
        "PackageIdentifier": text(package, "PackageIdentifier"),
        // Crews must be able to reach what only cargo aircraft may carry.
        "AccessibleIndicator": if mode == "CAO" { "Y" } else { "N" },
        "EuropeBUIndicator": if shipment.is_from_europe { "Y" } else { "N" },
        "ChemicalRecordResults": list(is_old, results),
    });
    Ok(Findings { result, alerts })
}

/// Whether the class is right and the quantity within the limit.
fn check_limit(
    chemical: &Chemical,
    record: &Value,
    (level, mode): (&str, &str),
) -> Result<(), Refusal> {
    let class = text(record, "ClassDivisionNumber");
    if !class.is_empty() && class != chemical.class {
        let text = format!("{} has the class {}", chemical.id, chemical.class);
        return Err(refused("9600115", text));
    }
    if chemical.needs_technical_name && level == "FR" && text(record, "TechnicalName").is_empty() {
        let text = format!("{} needs a TechnicalName", chemical.id);
        return Err(refused("9600116", text));
    }
    let mode = if level == "LQ" { "LTD QTY" } else { mode };
    if level != "LQ" && level != "FR" {
        return Ok(());
    }
    let Some((most, _)) = chemical.limit(mode) else {
        let text = format!("{} is forbidden as {mode}", chemical.id);
        return Err(refused("9600117", text));
    };
    if quantity(record) > f64::from(most) {
        let text = format!("{} is limited to {most} {}", chemical.id, chemical.unit);
        return Err(refused("9600118", text));
    }
    Ok(())
}

fn quantity(record: &Value) -> f64 {
    let member = &record["Quantity"];
    let sent = member.as_str().and_then(|text| text.trim().parse().ok());
    let number = member.as_f64().or(sent);
    let fits = |number: &f64| number.is_finite() && *number > 0.0;
    number.filter(fits).unwrap_or(0.0)
}

fn unknown(record: &Value) -> Value {
    let identifier = text(record, "ChemicalRecordIdentifier");
    json!({
        "Code": "9600120",
        "Description": "The chemical is not in the mock's sample, so its limits were not checked",
        "ElementLevelInformation": {
            "Level": "C",
            "ElementIdentifier": [{"Code": "C", "Value": identifier}],
        },
    })
}

fn result(shipment: &Shipment<'_>, record: &Value, known: Option<&Chemical>) -> Value {
    let mut result = json!({
        "ChemicalRecordIdentifier": text(record, "ChemicalRecordIdentifier"),
    });
    let Some(chemical) = known.filter(|_| shipment.regulation == "ADR") else {
        return result;
    };
    let pieces = match text(record, "PackagingTypeQuantity").parse::<u32>() {
        Ok(pieces) => f64::from(pieces.max(1)),
        Err(_) => 1.0,
    };
    // Seven characters and four are what the file has room for.
    let units = (quantity(record) * pieces).min(9_999.99);
    let points = (units * f64::from(chemical.multiplier()))
        .min(9_999.0)
        .ceil();
    result["ADRUnits"] = json!(format!("{units:07.2}"));
    result["ADRPoints"] = json!(format!("{points:.0}"));
    result["TransportCategory"] = json!(chemical.category.to_string());
    if !chemical.tunnel.is_empty() {
        result["TunnelRestrictionCode"] = json!(chemical.tunnel);
    }
    result
}
