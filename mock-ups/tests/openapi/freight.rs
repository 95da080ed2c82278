//! Master shipments: Trade Direct and WorldEase.

use serde_json::{Value, json};

use crate::client::World;
use crate::declared::{MONDAY, Right};
use crate::spec::Spec;

const HEAD: &str = "transId: 4ce27ff5-8e17-4797-a8c1-089796db\r\ntransactionSrc: tests\r\n";

const CLOSEOUT_MISTAKES: &str = r#"
/shipment/shipper/accountNumber | - | 400 00400
/shipment/shipper/accountNumber | "a1b2c3" | 400 00400
/shipment/shipper/accountNumber | "X9Y8Z7" | 400 00403
/shipment/packages/0/numberOfIdenticalUnits | 201 | 400 00400
/shipment/packages/0/handlingUnits/freightClass | 51 | 400 00400
/shipment/packages/0/handlingUnits/type | "BARREL" | 400 00400
/shipment/packages/0/handlingUnits/transportationService/airService | 0 | 422 00422
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_master_shipment_is_closed_out_once_and_then_has_documents() {
    let mut world = World::at(MONDAY).await;
    let spec = Spec::load("TradeDirect");
    let error = (spec.as_ref(), "ErrorResponse");
    let base = "/api/ship/tradedirect/v1/master-shipments";
    let close = |number: &str| {
        let body = json!({"shipment": {"shipper": {"accountNumber": "A1B2C3"}, "packages": [{
            "numberOfIdenticalUnits": 2, "handlingUnits": {"type": "BOXES", "freightClass": 77.5,
            "dimensions": {"length": 48, "width": 40, "height": 36, "unitOfMeasurement": "IN"},
            "packageWeight": {"weight": 10.5, "unitOfMeasurement": "KGS"},
            "transportationService": {"airService": 1, "groundService": 0}}}]}});
        Right::post(format!("{base}/{number}/closeout"), HEAD, body)
    };
    let document = |format: &str| {
        Right::post(
            format!("{base}/documents"),
            HEAD,
            json!({
        "requestedDoc": "BOL", "docFormat": format, "usiNumber": "578299028T",
        "shipperAccountNumber": "A1B2C3"}),
        )
    };
    document("PDF").is_refused(&world, error, (422, "00422"), "not closed out");
    let call = close("578299028T");
    call.refuses(&world, error, CLOSEOUT_MISTAKES);
    let required = "/invoiceLabelResponse/files/0/data /bolLabelResponse/files/0/referenceId /palletLabelResponses/files/1/lblData";
    call.succeeds(&world, (spec.as_ref(), "CloseoutResponse"), required);
    call.is_refused(&world, error, (422, "00422"), "again");
    let mut texts = Vec::new();
    for format in ["ZPL", "EPL", "STARPL", "SPL", "PNG", "PDF", "GIF"] {
        let answer = document(format).succeeds(
            &world,
            (spec.as_ref(), "DocumentResponse"),
            "/documents/bol",
        );
        texts.push(answer["documents"]["bol"].clone());
    }
    assert_ne!(texts[0], texts[5]);
    let delete = |number: &str, below: &str| {
        let mut call = Right::get(format!("{base}/{number}{below}"), HEAD);
        call.method = "DELETE";
        call
    };
    let child = "/child-shipments/1Z999AA10123456784";
    assert_eq!(delete("1234567890", child).send(&world).status, 204);
    delete("1234567890", child).is_refused(&world, error, (404, "00404"), "child");
    let query = "?shipper_account_number=A1B2C3";
    assert_eq!(delete("1234567890", query).send(&world).status, 204);
    delete("1234567890", query).is_refused(&world, error, (404, "00404"), "deleted");
    delete("1234567890", "").is_refused(&world, error, (400, "00400"), "no account");
    delete("12345", query).is_refused(&world, error, (400, "00400"), "number");
    close("1234567890").is_refused(&world, error, (404, "00404"), "deleted");
    call.has_manners(&world, "v1", (400, "00400"));
    world.mock.reset();
    world.acquire();
    call.succeeds(&world, (None, ""), required);
}

const WORLDEASE_MISTAKES: &str = r#"
/shipperAccountNumber | - | 400 WE0400
/shipperAccountNumber | "X9Y8Z7" | 400 WE0403
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_worldease_shipment_is_closed_out_or_deleted() {
    let world = World::at(MONDAY).await;
    let spec = Spec::load("WorldEaseShipmentManagement");
    let error = (spec.as_ref(), "ErrorResponse");
    let body = json!({"shipperAccountNumber": "A1B2C3"});
    let close = |number: &str| {
        Right::post(
            format!("/api/ship/v1/master-shipment/closeout/{number}"),
            HEAD,
            body.clone(),
        )
    };
    let delete = |path: &str, body: Value| {
        let mut call = Right::post(format!("/api/ship/v1/{path}"), HEAD, body);
        call.method = "DELETE";
        call
    };
    let child = "child-shipment/12345678901/1Z999AA10123456784";
    let deleted = (spec.as_ref(), "deleteResponse");
    delete(child, Value::Null).succeeds(&world, deleted, "/code /message");
    delete(child, Value::Null).is_refused(&world, error, (404, "WE0404"), "child");
    let answer = close("12345678901").send(&world);
    assert_eq!(answer.status, 202, "{}", answer.body);
    if let Some(spec) = &spec {
        spec.check("PostResponse", &answer.json());
    }
    assert_eq!(answer.json()["label"]["lblNmbr"], "12345678901");
    close("12345678901").is_refused(&world, error, (400, "WE0409"), "again");
    let master = "master-shipment/98765432109";
    delete(master, body.clone()).succeeds(&world, deleted, "/code");
    close("98765432109").is_refused(&world, error, (404, "WE0404"), "deleted");
    close("123").is_refused(&world, error, (400, "WE0400"), "number");
    let call = close("11111111111");
    call.refuses(&world, error, WORLDEASE_MISTAKES);
    let mut short = call.clone();
    short.head = "transId: t1\r\ntransactionSrc: tests\r\n";
    short.is_refused(&world, error, (400, "WE0400"), "transId");
    call.has_manners(&world, "v1", (400, "WE0400"));
}
