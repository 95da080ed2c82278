//! What crosses a border: Guaranteed Landed Cost, Export Assure, Description Guidance, Customs Detail.

use serde_json::{Value, json};

use crate::client::World;
use crate::declared::{MONDAY, Right};
use crate::spec::Spec;

const HEAD: &str = "transId: t1\r\ntransactionSrc: tests\r\nAccept: application/json\r\n";

fn quote() -> Right {
    let address = json!({"addressLine1": "100 main street", "countryCode": "US"});
    let money = |value: f64| json!({"value": value, "currencyCode": "USD"});
    Right::post(
        "/api/brokerage/v1/content/glc/request-quote",
        HEAD,
        json!({
            "shipperCurrencyCode": "USD", "buyerCurrencyCode": "EUR", "shipperAccountNumber": "A1B2C3",
            "referenceNumber": "mine",
            "shipment": {"importCountryCode": "DE", "exportCountryCode": "US",
                "shipperAddress": address, "shipToAddress": address, "transportCost": money(10.0),
                "shipmentItems": [{"unitPrice": money(20.5), "partNumber": "ABC",
                    "quantity": {"value": 4, "unitOfMeasure": "EA"}, "originCountryCode": "US"}]},
        }),
    )
}

const QUOTE_MISTAKES: &str = r#"
/shipperCurrencyCode | - | 400 105.300
/shipperCurrencyCode | "usd" | 400 105.301
/shipperCurrencyCode | "XXX" | 400 105.310
/shipperAccountNumber | "X9Y8Z7" | 400 105.311
/shipment/importCountryCode | "US" | 400 105.313
/shipment/importCountryCode | "XX" | 400 105.312
/shipment/transModes | "BOAT" | 400 105.301
/shipment/shipperAddress/addressLine1 | x*36 | 400 105.302
/shipment/shipmentItems | [] | 400 105.300
/shipment/shipmentItems/0/quantity/value | "4" | 400 105.301
/shipment/shipmentItems/0/partNumber | - | 400 105.300
"#;

#[tokio::test(flavor = "multi_thread")]
async fn guaranteed_landed_cost_adds_up_in_both_currencies() {
    let world = World::at(MONDAY).await;
    let spec = Spec::load("GlobalCheckout");
    let schema = (spec.as_ref(), "BSIS_v1_QuoteResponse");
    let required = "/quoteId /quoteCreationTimestamp /quoteExpirationDate /gcTotal/0/value /gcTotal/0/currencyCode /gcTotal/0/type";
    let call = quote();
    let total = |call: &Right, index: usize| {
        let answer = call.succeeds(&world, schema, required);
        answer["gcTotal"][index]["value"]
            .as_f64()
            .expect("a number")
    };
    // 92 of goods and way: 4.60 duty, 19 % tax on both, and 1.5 % of that for the guarantee.
    assert_eq!(total(&call, 0), 23.3);
    assert_eq!(total(&call, 1), 21.43);
    let mut more = call.clone();
    more.body["shipment"]["shipmentItems"][0]["quantity"]["value"] = json!(8);
    assert!(total(&more, 0) > total(&call, 0));
    let first = call.send(&world).json();
    assert_eq!(first["referenceNumber"], "mine");
    assert_ne!(first["quoteId"], call.send(&world).json()["quoteId"]);
    call.refuses(
        &world,
        (spec.as_ref(), "BSIS_v1_ErrorResponse"),
        QUOTE_MISTAKES,
    );
    call.has_manners(&world, "v1", (400, "105.303"));
}

fn assure(kind: &str, description: &str) -> Right {
    Right::post(
        "/api/brokerage/v1/importexport/exportassure",
        HEAD,
        json!({
            "transID": "mine", "evaluateDescriptions": true, "evaluatePoaRequirements": true,
            "evaluateImportExportRequirements": true,
            "shipment": {"id": "one", "importCountryCode": "DE", "exportCountryCode": "US",
                "shipmentType": kind, "grossWeight": 3.5, "grossWeightUnit": "KG",
                "importerAccountNumber": "123456", "exporterAccountNumber": "A1B2C3",
                "shipmentItems": [{"commodityId": "1", "description": description,
                    "originCountryCode": "US", "amountValue": 3000.0, "currencyCode": "USD",
                    "quantity": 2, "UOM": "Each"}]},
        }),
    )
}

const ASSURE_MISTAKES: &str = r#"
/transID | - | 400 EA-300
/transID | x*51 | 400 EA-302
/shipment/shipmentType | "LOAN" | 400 EA-301
/shipment/importCountryCode | "US" | 400 EA-311
/evaluateDescriptions | "yes" | 400 EA-301
/shipment/shipmentItems/0/UOM | "Heap" | 400 EA-301
/shipment/shipmentItems/0/quantity | 0 | 400 EA-301
/shipment/shipmentItems/0/description | - | 400 EA-300
"#;

#[tokio::test(flavor = "multi_thread")]
async fn export_assure_evaluates_what_is_asked_for() {
    let world = World::at(MONDAY).await;
    let spec = Spec::load("UPSExportAssure");
    let schema = (spec.as_ref(), "ExportAssureResponse");
    let required = "/transID /shipment/id /shipment/hasCommodityWarnings /shipment/shipmentItems/0/commodityId /shipment/shipmentItems/0/description /perfStats/absLayerTime";
    let gift = assure("GIFT", "leather parts").succeeds(&world, schema, required);
    let item = &gift["shipment"]["shipmentItems"][0];
    assert_eq!(item["descriptionGuidance"]["matchedKeyword"], "parts");
    let rules = &gift["shipment"]["importExportCompliance"];
    assert_eq!(rules["isShipmentOverGiftValueThreshold"], true);
    assert_eq!(rules["shipmentValue"], 3000.0);
    assert_eq!(
        gift["shipment"]["poaCompliance"]["importerPoaRequiredFlag"],
        true
    );
    assert_eq!(gift["shipment"]["hasCommodityWarnings"], true);
    let call = assure("COMM", "cotton shirts");
    let plain = call.succeeds(&world, schema, required);
    assert_eq!(plain["shipment"]["hasCommodityWarnings"], false);
    let mut unknown = call.clone();
    unknown.body["shipment"]["importerAccountNumber"] = Value::Null;
    let answer = unknown.send(&world);
    assert_eq!(answer.status, 207, "{}", answer.body);
    if let Some(spec) = &spec {
        spec.check("ExportAssurePartialResponse", &answer.json());
    }
    call.refuses(&world, (spec.as_ref(), "ErrorResponse"), ASSURE_MISTAKES);
    call.has_manners(&world, "v1", (400, "EA-303"));
}

const ANSWER_MISTAKES: &str = r#"
/questions | - | 400 IDG-400
/questions/0/selected | "0" | 400 IDG-401
/questions/0/selected | 99 | 400 IDG-411
/questions/0/id | "colour" | 400 IDG-410
"#;

const FEEDBACK_MISTAKES: &str = "
/sentiment | - | 400 IDG-400
";

const START_MISTAKES: &str = r#"
/importCountryCode | - | 400 IDG-400
/importCountryCode | "PL" | 400 IDG-401
/commodityDescription | "123" | 422 IDG-422
"#;

#[tokio::test(flavor = "multi_thread")]
async fn description_guidance_asks_until_nothing_is_open() {
    let world = World::at(MONDAY).await;
    let spec = Spec::load("InteractiveDescriptionGuidance");
    let schema = (spec.as_ref(), "InteractiveResponse");
    let error = (spec.as_ref(), "CustomErrorResponse");
    let path = "/api/export-assure/v1/interactive";
    let body = json!({"importCountryCode": "US", "commodityDescription": "Plastic bottles"});
    let call = Right::post(path, HEAD, body);
    let required = "/newProductDescription /session/id /questions/0/id /questions/0/question /questions/0/options";
    let first = call.succeeds(&world, schema, required);
    // The description says the material.
    assert_eq!(
        first["session"]["historyDesc"][0],
        json!({"id": "material", "selected": 0, "assumed": true})
    );
    let session = first["session"]["id"].as_str().expect("a text");
    let open = first["questions"].as_array().expect("a list").iter();
    let chosen: Vec<Value> = open
        .map(|question| json!({"id": question["id"], "selected": 0}))
        .collect();
    let next = Right::post(
        format!("{path}/{session}"),
        HEAD,
        json!({ "questions": chosen }),
    );
    let last = next.succeeds(&world, schema, "/newProductDescription /session/id");
    assert_eq!(last["noMoreQuestions"], true);
    assert_eq!(
        last["newProductDescription"],
        "Plastic bottles, for household use, new"
    );
    next.refuses(&world, error, ANSWER_MISTAKES);
    let feedback = json!({"id": "material", "sentiment": true});
    let feedback = Right::post(format!("{path}/feedback/{session}"), HEAD, feedback);
    assert_eq!(feedback.send(&world).status, 204);
    feedback.refuses(&world, error, FEEDBACK_MISTAKES);
    let gone = Right::post(format!("{path}/0"), HEAD, json!({"questions": []}));
    gone.is_refused(&world, error, (422, "IDG-404"), "session");
    call.refuses(&world, error, START_MISTAKES);
    call.has_manners(&world, "v1", (400, "IDG-403"));
}

const CUSTOMS_MISTAKES: &str = r#"
/actionType | - | 400 105.001
/actionType | "delete" | 400 105.002
/shipperNumber | "X9Y8Z7" | 400 105.010
/trackingNumber | - | 400 105.011
/trackingNumber | "1Z" | 400 105.002
/products/0/productMetaData/0/fields/0/fieldKey | "Nothing" | 400 105.002
/products/0/productMetaData/0/fields/1/fieldValue | "India" | 400 105.012
/products/0/productMetaData/0/fields/1/fieldKey | "ProCod" | 400 105.013
/products/0/productMetaData/0/fields | [] | 400 105.001
/products/0/productDescription | x*106 | 400 105.003
"#;

#[tokio::test(flavor = "multi_thread")]
async fn customs_detail_gives_fields_and_checks_values_for_them() {
    let world = World::at(MONDAY).await;
    let spec = Spec::load("CustomsDetailV2");
    let error = (spec.as_ref(), "CustomDetailsErrorResponsev2");
    let path = "/api/trade/compliance/v2/content/fields/customs-detail";
    let get = Right::get(
        format!("{path}?import_country_code=US&commodity_codes=300490,610910"),
        HEAD,
    );
    let schema = (spec.as_ref(), "CustomDetailsGetFieldsSuccessResponsev2");
    let required = "/commodityCodes/0/commodityCode /commodityCodes/0/regulations/0/regulation /fieldGroups/0/groupKey /fieldGroups/0/fields/0/sectionKey";
    let answer = get.succeeds(&world, schema, required);
    assert_eq!(answer["fieldGroups"].as_array().map(Vec::len), Some(1));
    let none = Right::get(format!("{path}?import_country_code=DE"), HEAD);
    assert_eq!(
        none.succeeds(&world, schema, ""),
        json!({"commodityCodes": []})
    );
    for query in [
        "import_country_code=us",
        "shipment_type=Loan",
        "locale=english",
        "shipment_value=x",
    ] {
        let wrong = Right::get(format!("{path}?{query}"), HEAD);
        assert_eq!(wrong.send(&world).status, 422, "{query}");
    }
    let fields: Vec<Value> = [("ManNam", "Acme"), ("ManCou", "IN")]
        .iter()
        .map(|(key, value)| json!({"fieldKey": key, "fieldValue": value}))
        .collect();
    let call = Right::post(
        path,
        HEAD,
        json!({"actionType": "save", "shipperNumber": "A1B2C3",
        "trackingNumber": "1Z1234567891234560", "products": [{"productId": "1",
        "productDescription": "Pills", "productMetaData": [{"groupKey": "US-IMP-FDA", "fields": fields}]}]}),
    );
    assert_eq!(call.send(&world).status, 204, "{}", call.send(&world).body);
    call.refuses(&world, error, CUSTOMS_MISTAKES);
    call.has_manners(&world, "v2", (400, "105.004"));
}
