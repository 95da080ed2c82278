//! The utilities for dangerous goods.

use serde_json::{Value, json};

use crate::client::World;
use crate::declared::{MONDAY, Right};
use crate::spec::Spec;

const HEAD: &str = "transId: t1\r\ntransactionSrc: tests\r\n";
const REFERENCE: &str = "/api/dangerousgoods/v2409/chemicalreferencedata";
const AUDIT: &str = "/api/dangerousgoods/v2/acceptanceauditprecheck";

fn reference(members: &Value) -> Right {
    let mut request = json!({"Request": {"TransactionReference": {"CustomerContext": "mine"}},
        "ShipperNumber": "A1B2C3"});
    let members = members.as_object().expect("members").clone();
    request.as_object_mut().expect("an object").extend(members);
    Right::post(
        REFERENCE,
        HEAD,
        json!({ "ChemicalReferenceDataRequest": request }),
    )
}

fn audit(country: &str, service: &str, regulation: &str, record: &Value) -> Right {
    let address = json!({"AddressLine": "1 Street", "City": "Town", "CountryCode": country});
    Right::post(
        AUDIT,
        HEAD,
        json!({"AcceptanceAuditPreCheckRequest": {
            "Request": {"TransactionReference": {"CustomerContext": "mine"}},
            "Shipment": {
                "ShipperNumber": "A1B2C3", "ShipFromAddress": address, "ShipToAddress": address,
                "Service": {"Code": service}, "RegulationSet": regulation,
                "Package": [{
                    "PackageIdentifier": "12", "TransportationMode": "GND",
                    "PackageWeight": {"Weight": "12", "UnitOfMeasurement": {"Code": "KGS"}},
                    "ChemicalRecord": [record],
                }],
            },
        }}),
    )
}

fn paint() -> Value {
    json!({"ChemicalRecordIdentifier": "1", "ClassDivisionNumber": "3", "IDNumber": "UN1263",
        "PackagingGroupType": "III", "Quantity": "10", "UOM": "L",
        "PackagingInstructionCode": "P001", "ProperShippingName": "PAINT",
        "PackagingType": "Can", "PackagingTypeQuantity": "4",
        "CommodityRegulatedLevelCode": "FR"})
}

const REFERENCE_MISTAKES: &str = r#"
/ChemicalReferenceDataRequest | - | 400 9600101
/ChemicalReferenceDataRequest/Request | - | 400 9600101
/ChemicalReferenceDataRequest/ShipperNumber | - | 400 9600101
/ChemicalReferenceDataRequest/ShipperNumber | "A1B2" | 400 9600103
/ChemicalReferenceDataRequest/ShipperNumber | "X9Y8Z7" | 400 9600104
/ChemicalReferenceDataRequest/IDNumber | "UN12630" | 400 9600103
/ChemicalReferenceDataRequest/IDNumber | "UN9999" | 400 9600105
/ChemicalReferenceDataRequest/IDNumber | - | 400 9600101
"#;

#[tokio::test(flavor = "multi_thread")]
async fn chemicals_are_found_by_number_and_by_name() {
    let world = World::at(MONDAY).await;
    let spec = Spec::load("DangerousGoods");
    let schema = (spec.as_ref(), "DANGEROUSGOODSUTILITYResponseWrapper");
    let error = (spec.as_ref(), "ErrorResponse");
    let required = "/ChemicalReferenceDataResponse/Response/ResponseStatus/Code \
                    /ChemicalReferenceDataResponse/Response/ResponseStatus/Description \
                    /ChemicalReferenceDataResponse/ChemicalData/0/ProperShippingNameDetail/ProperShippingName/0";
    let call = reference(&json!({"IDNumber": "UN1263"}));
    let answer = call.succeeds(&world, schema, required);
    let data = &answer["ChemicalReferenceDataResponse"]["ChemicalData"];
    assert_eq!(data.as_array().map(Vec::len), Some(3));
    assert_eq!(data[0]["ChemicalDetail"]["ClassDivisionNumber"], "3");
    let named = reference(&json!({"ProperShippingName": "lithium"}));
    let answer = named.succeeds(&world, schema, required);
    let data = &answer["ChemicalReferenceDataResponse"]["ChemicalData"];
    assert_eq!(data.as_array().map(Vec::len), Some(6));
    call.refuses(&world, error, REFERENCE_MISTAKES);
    call.has_manners(&world, "v2409", (200, ""));
    let number = r#"/ChemicalReferenceDataRequest/ShipperNumber | 123456 | 400 9600102"#;
    let mut numeric = call.clone();
    numeric.body["ChemicalReferenceDataRequest"]["ShipperNumber"] = json!(123_456);
    numeric.succeeds(&world, schema, required);
    world
        .mock
        .change_settings(|settings| settings.strict_files = true);
    call.refuses(&world, error, number);
}

const AUDIT_MISTAKES: &str = r#"
/AcceptanceAuditPreCheckRequest/Shipment | - | 400 9600101
/AcceptanceAuditPreCheckRequest/Shipment/ShipToAddress/CountryCode | - | 400 9600101
/AcceptanceAuditPreCheckRequest/Shipment/ShipToAddress/City | x*31 | 400 9600103
/AcceptanceAuditPreCheckRequest/Shipment/RegulationSet | "MARS" | 400 9600102
/AcceptanceAuditPreCheckRequest/Shipment/RegulationSet | "ADR" | 400 9600110
/AcceptanceAuditPreCheckRequest/Shipment/RegulationSet | - | 400 9600111
/AcceptanceAuditPreCheckRequest/Shipment/ShipperNumber | "X9Y8Z7" | 400 9600104
/AcceptanceAuditPreCheckRequest/Shipment/Package | [] | 400 9600101
/AcceptanceAuditPreCheckRequest/Shipment/Package/0/PackageIdentifier | - | 400 9600101
/AcceptanceAuditPreCheckRequest/Shipment/Package/0/PackageWeight/UnitOfMeasurement/Code | "OZS" | 400 9600102
/AcceptanceAuditPreCheckRequest/Shipment/Package/0/TransportationMode | - | 400 9600113
/AcceptanceAuditPreCheckRequest/Shipment/Package/0/ChemicalRecord/0/CommodityRegulatedLevelCode | "XX" | 400 9600102
/AcceptanceAuditPreCheckRequest/Shipment/Package/0/ChemicalRecord/0/ProperShippingName | - | 400 9600112
/AcceptanceAuditPreCheckRequest/Shipment/Package/0/ChemicalRecord/0/ClassDivisionNumber | "8" | 400 9600115
/AcceptanceAuditPreCheckRequest/Shipment/Package/0/ChemicalRecord/0/Quantity | "451" | 400 9600118
"#;

#[tokio::test(flavor = "multi_thread")]
async fn shipments_are_checked_before_they_are_shipped() {
    let world = World::at(MONDAY).await;
    let spec = Spec::load("DangerousGoods");
    let schema = (spec.as_ref(), "DANGEROUSGOODSUTILITYAPCResponseWrapper");
    let error = (spec.as_ref(), "ErrorResponse");
    let required = "/AcceptanceAuditPreCheckResponse/Response/ResponseStatus/Code /AcceptanceAuditPreCheckResponse/PackageResults/0/PackageIdentifier";
    let result = |call: &Right| {
        let answer = call.succeeds(&world, schema, required);
        let packages = &answer["AcceptanceAuditPreCheckResponse"]["PackageResults"];
        packages[0]["ChemicalRecordResults"][0].clone()
    };
    let call = audit("US", "003", "49CFR", &paint());
    assert_eq!(result(&call)["ADRPoints"], Value::Null);
    // Ten litres in four cans, category 3: one point a litre.
    let points = result(&audit("DE", "011", "ADR", &paint()));
    assert_eq!(
        (&points["ADRPoints"], &points["ADRUnits"]),
        (&json!("40"), &json!("0040.00"))
    );
    let mut unknown = paint();
    unknown["IDNumber"] = json!("UN0001");
    let answer = audit("US", "003", "49CFR", &unknown).succeeds(&world, schema, required);
    let alerts = &answer["AcceptanceAuditPreCheckResponse"]["Response"]["AlertDetail"];
    assert_eq!(alerts[0]["ElementLevelInformation"]["Level"], "C");
    call.refuses(&world, error, AUDIT_MISTAKES);
    let mut all_in_one = paint();
    all_in_one["AllPackedInOneIndicator"] = json!("");
    let flown = audit("US", "001", "IATA", &all_in_one);
    flown.is_refused(&world, error, (400, "9600114"), "QValue");
    call.has_manners(&world, "v2", (200, ""));
}
