//! Customs Detail v2: `/api/trade/compliance/{version}/content/fields/customs-detail`.
//!
//! `GET` says which fields customs want for goods between two countries, `POST` checks or saves values for them. The
//! fields are a sample: two groups of the United States.

mod sample;

use std::collections::HashSet;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{ApiRequest, ApiResponse, Product};
use crate::products::context::ProductContext;
use crate::products::contract::operation::items;
use crate::products::contract::refusal::{Codes, answered, refused_field};
use crate::products::contract::{Answer, Call, Contract, Declared, Operation, Refusal, State};
use crate::products::versions::Api;

use sample::{Field, GROUPS, Group};

struct Stateless;

impl State for Stateless {}

const MEMBERS: &str = "
@group
  groupKey text 1..50
  fields* list 1..
    fieldKey* text 1..50
    regulationSections list 1..
      sectionKey text 1..50
      sectionName text 1..100
    fieldValue* text ..500
shipperNumber alphanumeric 6
actionType* one-of validate|save
trackingNumber tracking-number
invoiceFormGroupId text
shipmentType one-of Gift|Commercial|Sale|Sample|Repair|Return|Other
shipmentWeight integer 0..
shipmentWeightUnit one-of LBS|KGS
shipmentValue integer 0..
shipmentValueCurrency upper 3
userRoles each .. one-of Importer|Exporter
commerceModel one-of B2B|B2C|C2B|C2C
importCountryCode upper 2
exportCountryCode upper 2
shipmentMetaData list 1.. @group
products list 1..
  productId* text 1..50
  productDescription* text 1..105
  lineNumber integer
  commodityCode text 1..15
  productMetaData* list 1.. @group
";

static CONTRACT: Contract<Stateless> = Contract {
    first: "trade",
    api: Api::CustomsDetail,
    operations: &[
        Operation {
            method: Method::GET,
            path: "trade/compliance/{version}/content/fields/customs-detail",
            parameters: "
                header transId* text 1..
                header transactionSrc* text 1..
                query import_country_code upper 2
                query export_country_code upper 2
                query locale locale
                query commodity_codes text 1..2000
                query shipment_type one-of Gift|Commercial|Sale|Sample|Repair|Return|Other
                query shipment_weight integer
                query shipment_weight_unit one-of LBS|KGS
                query shipment_value integer
                query shipment_value_currency upper 3
                query user_roles each .. one-of Importer|Exporter
                query commerce_model one-of B2B|B2C|C2B|C2C
            ",
            body: None,
            answer: get,
        },
        Operation {
            method: Method::POST,
            path: "trade/compliance/{version}/content/fields/customs-detail",
            parameters: "
                header transId* text 1..
                header transactionSrc* text 1..
                header registrationId text
            ",
            body: Some(MEMBERS),
            answer: post,
        },
    ],
    is_lenient: false,
    refuse,
};

/// The product.
pub(crate) fn product(context: &ProductContext) -> Box<dyn Product> {
    Box::new(Declared::new(&CONTRACT, context, Stateless))
}

fn refuse(call: &ApiRequest<'_>, refusal: &Refusal) -> ApiResponse {
    let answer = refusal.with_field(Codes {
        missing: "105.001",
        invalid: "105.002",
        length: "105.003",
        unreadable: "105.004",
    });
    match *call.method {
        // The file has no 400 for a question.
        Method::GET => answer.with_status(StatusCode::UNPROCESSABLE_ENTITY),
        _ => answer,
    }
}

/// Whether a group is asked for: by the countries, and by one of the codes.
fn is_wanted(group: &Group, [import, export]: [&str; 2], codes: &[&str]) -> bool {
    let country = match group.movement {
        "Import" => import,
        _ => export,
    };
    let is_of_code = |code: &&str| {
        group
            .chapters
            .iter()
            .any(|chapter| code.starts_with(chapter))
    };
    (country.is_empty() || country == group.country)
        && (codes.is_empty() || codes.iter().any(is_of_code))
}

fn get(_: &Stateless, call: &Call<'_>) -> Answer {
    let [import, export] =
        ["import_country_code", "export_country_code"].map(|name| call.query(name));
    let sent = call.query("commodity_codes");
    let codes: Vec<&str> = sent
        .split(',')
        .map(str::trim)
        .filter(|code| !code.is_empty())
        .collect();
    let groups = GROUPS
        .iter()
        .filter(|group| is_wanted(group, [&import, &export], &codes));
    let groups: Vec<&Group> = groups.collect();
    let shown = codes.iter().filter_map(|code| {
        let mut regulations = groups
            .iter()
            .filter(|group| is_wanted(group, ["", ""], &[code]))
            .peekable();
        regulations.peek()?;
        let regulations: Vec<Value> = regulations
            .map(|group| json!({"regulation": group.regulation}))
            .collect();
        Some(json!({"commodityCode": code, "regulations": regulations}))
    });
    let mut body = json!({"commodityCodes": shown.collect::<Vec<Value>>()});
    // The file wants at least one group, so no group is no member.
    if !groups.is_empty() {
        body["fieldGroups"] = groups.into_iter().map(Group::shown).collect();
    }
    answered(&body)
}

fn post(_: &Stateless, call: &Call<'_>) -> Answer {
    if call.request.caller.is_refused(call.text("/shipperNumber")) {
        let text = "The shipper number belongs to another account.";
        return Err(refused_field("105.010", text, "shipperNumber"));
    }
    let is_saved = call.text("/actionType") == "save";
    if is_saved
        && call.text("/trackingNumber").is_empty()
        && call.text("/invoiceFormGroupId").is_empty()
    {
        let text = "A tracking number or an invoice is needed to save the values.";
        return Err(refused_field("105.011", text, "trackingNumber"));
    }
    let mut sent: HashSet<(&str, &str)> = HashSet::new();
    let of_products = call.items("/products").iter();
    let of_products = of_products.flat_map(|product| items(product.get("productMetaData")));
    for group in call.items("/shipmentMetaData").iter().chain(of_products) {
        let key = group["groupKey"].as_str().unwrap_or_default();
        let known = GROUPS.iter().find(|known| known.key == key);
        for field in items(group.get("fields")) {
            let name = field["fieldKey"].as_str().unwrap_or_default();
            let value = field["fieldValue"].as_str().unwrap_or_default();
            let groups = GROUPS
                .iter()
                .filter(|group| known.is_none_or(|known| known.key == group.key));
            let found = groups
                .flat_map(|group| group.fields)
                .find(|field| field.key == name);
            check(found, value)?;
            sent.insert((key, name));
        }
    }
    // Values of a group are complete or refused.
    for group in GROUPS
        .iter()
        .filter(|group| sent.iter().any(|(key, _)| *key == group.key))
    {
        let is_absent =
            |field: &&Field| field.is_required && !sent.contains(&(group.key, field.key));
        if group.fields.iter().any(|field| is_absent(&field)) {
            let text = "A required field of the group is missing.";
            return Err(refused_field("105.013", text, "fields"));
        }
    }
    Ok(ApiResponse::json("").with_status(StatusCode::NO_CONTENT))
}

fn check(field: Option<&Field>, value: &str) -> Result<(), Refusal> {
    let text = "Supplied key was not in the correct range.";
    let field = field.ok_or_else(|| refused_field("105.002", text, "fieldKey"))?;
    match field.accepts(value) {
        true => Ok(()),
        false => Err(refused_field("105.012", field.message, "fieldValue")),
    }
}
