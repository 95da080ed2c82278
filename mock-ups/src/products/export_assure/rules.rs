//! The made-up rules of the evaluations.

use serde_json::{Value, json};

use crate::products::contract::Call;

/// Words that say nothing about goods.
const VAGUE: [&str; 10] = [
    "accessories",
    "equipment",
    "gift",
    "goods",
    "items",
    "merchandise",
    "parts",
    "samples",
    "stuff",
    "various",
];

/// Words for what UPS carries nowhere.
const PROHIBITED: [&str; 5] = [
    "ammunition",
    "banknotes",
    "fireworks",
    "human remains",
    "ivory",
];

/// Words, what controls them, and its code.
const CONTROLS: [(&str, &str, &str, &str); 5] = [
    ("battery", "Export", "Dangerous Goods", "DG"),
    ("food", "Import", "Food Safety", "FDA"),
    ("medicine", "Import", "Medical Products", "FDA"),
    ("leather", "Import", "Protected Species", "CITES"),
    ("wood", "Import", "Plant Health", "APHIS"),
];

/// Above this value a power of attorney is needed, whatever the currency.
const POWER_OF_ATTORNEY: f64 = 2_500.0;
/// Gifts above this value are no gifts to customs.
const GIFT_VALUE: f64 = 100.0;
/// Gifts above this weight are looked at.
const GIFT_WEIGHT: f64 = 20.0;

/// Whether a description is good enough.
pub(super) fn guidance(description: &str) -> Value {
    let lower = description.to_lowercase();
    let found = VAGUE.iter().find(|word| {
        let mut words = lower.split(|character: char| !character.is_alphabetic());
        words.any(|part| part == **word)
    });
    match found {
        Some(word) => json!({
            "isMatched": true,
            "matchedKeyword": word,
            "sourceListName": "Vague terms",
            "message": format!("Replace \"{word}\" by what the goods are, what they are made of and what they are for."),
        }),
        None => json!({"isMatched": false}),
    }
}

fn text<'v>(item: &'v Value, name: &str) -> &'v str {
    item[name].as_str().unwrap_or_default()
}

/// One item with what was asked for.
pub(super) fn item(item: &Value, import: &str, describes: bool, has_rules: bool) -> Value {
    let description = text(item, "description");
    let mut out = json!({"commodityId": text(item, "commodityId"), "description": description});
    if let Some(code) = item.get("hsCode") {
        out["hsCode"] = code.clone();
    }
    if describes {
        out["descriptionGuidance"] = guidance(description);
    }
    if has_rules {
        let lower = description.to_lowercase();
        let is_prohibited = PROHIBITED.iter().any(|word| lower.contains(word));
        let found = CONTROLS.iter().filter(|(word, ..)| lower.contains(word));
        let outputs: Vec<Value> = found.map(|control| output(control, import)).collect();
        out["importExportCompliance"] = json!({
            "isUpsProhibited": is_prohibited,
            "upsProhibitedMessage": is_prohibited.then_some("UPS does not carry these goods."),
            "isTranslatedIndicator": false,
            "complianceOutput": outputs,
        });
    }
    out
}

fn output(&(word, category, control, code): &(&str, &str, &str, &str), import: &str) -> Value {
    json!({
        "categoryType": category,
        "controlTypes": [{
            "controlType": control,
            "controlTypeCode": code,
            "isRequired": "Maybe",
            "controlTypeMessage": format!("Goods with {word} can need a document to {import}."),
            "controlDetails": [{
                "controlDetailName": control,
                "controlDetailDescription": format!("Ask {code} before you ship. This rule is the mock's."),
            }],
        }],
    })
}

/// Whether an item of the answer is to be looked at.
pub(super) fn has_warning(item: &Value) -> bool {
    let rules = &item["importExportCompliance"];
    let outputs = rules["complianceOutput"].as_array();
    rules["isUpsProhibited"] == true || outputs.is_some_and(|outputs| !outputs.is_empty())
}

fn value(call: &Call<'_>) -> f64 {
    let items = call.items("/shipment/shipmentItems").iter();
    let values = items.map(|item| item["amountValue"].as_f64().unwrap_or(0.0));
    (values.sum::<f64>() * 100.0).round() / 100.0
}

/// The rules for the shipment as a whole.
pub(super) fn compliance(call: &Call<'_>, has_warnings: bool) -> Value {
    let value = value(call);
    let is_gift = call.text("/shipment/shipmentType") == "GIFT";
    let weight = call.body["shipment"]["grossWeight"].as_f64().unwrap_or(0.0);
    let is_over_value = is_gift && value > GIFT_VALUE;
    let is_over_weight = is_gift && weight > GIFT_WEIGHT;
    let first = &call.items("/shipment/shipmentItems")[0];
    let mut out = json!({
        "shipmentValue": value,
        "shipmentCurrencyCode": text(first, "currencyCode"),
        "hasShipmentWarnings": is_over_value || is_over_weight,
        "hasCommodityWarnings": has_warnings,
        "isShipmentOverGiftValueThreshold": is_over_value,
        "isShipmentOverGiftWeightThreshold": is_over_weight,
    });
    let mut add = |is: bool, name: &str, message: &str| {
        if is {
            out[name] = json!(message);
        }
    };
    add(
        has_warnings,
        "commodityWarningsMessage",
        "One of the items needs attention.",
    );
    let text = "The value is too high for a gift.";
    add(is_over_value, "shipmentOverGiftValueThresholdMessage", text);
    let text = "The weight is too high for a gift.";
    add(
        is_over_weight,
        "shipmentOverGiftWeightThresholdMessage",
        text,
    );
    out
}

/// Who needs a power of attorney; nothing when it is not known who they are.
pub(super) fn power_of_attorney(call: &Call<'_>) -> Option<Value> {
    let is_known = |who: &str| {
        let of = |member: &str| !call.text(&format!("/shipment/{who}{member}")).is_empty();
        of("AccountNumber") || of("Name") && of("City") && of("Zipcode")
    };
    if !is_known("importer") || !is_known("exporter") {
        return None;
    }
    let is_required = value(call) > POWER_OF_ATTORNEY;
    let mut out = json!({
        "importerPoaRequiredFlag": is_required,
        "exporterPoaRequiredFlag": is_required,
        "exporterOnlineFormFlag": is_required,
    });
    if is_required {
        for who in ["importer", "exporter"] {
            out[format!("{who}EvaluationCriteria")] = json!("Value");
            out[format!("{who}PoaOnFileIndicator")] = json!("No");
        }
    }
    Some(out)
}
