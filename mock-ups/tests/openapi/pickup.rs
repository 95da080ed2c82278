//! Pickup and paperless documents.

use serde_json::json;

use crate::client::World;
use crate::spec::Spec;

#[tokio::test(flavor = "multi_thread")]
async fn pickup_answers_validate() {
    let Some(spec) = Spec::load("Pickup") else {
        return;
    };
    let world = World::start().await;
    let mut day = world.mock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let rate = json!({"PickupRateRequest": {}}).to_string();
    let answer = world.call("POST", "/api/shipments/v2409/pickup/oncall", &rate);
    assert_eq!(answer.status, 200, "{}", answer.body);
    spec.check("PICKUPResponseWrapper", &answer.json());

    // One of the next days is a business day.
    let created = loop {
        day = day.tomorrow().expect("there is one");
        let body = json!({"PickupCreationRequest": {
            "Shipper": {"Account": {"AccountNumber": "A1B2C3", "AccountCountryCode": "US"}},
            "PickupDateInfo": {"PickupDate": day.strftime("%Y%m%d").to_string(),
                "ReadyTime": "1000", "CloseTime": "1700"},
            "PickupAddress": {"CompanyName": "Shop", "ContactName": "Jane",
                "AddressLine": "1 Main Street", "City": "New York", "StateProvince": "NY",
                "PostalCode": "10001", "CountryCode": "US", "Phone": {"Number": "2125550100"}},
            "PickupPiece": [{"ServiceCode": "003", "Quantity": "1"}]}});
        let answer = world.call(
            "POST",
            "/api/pickupcreation/v2409/pickup",
            &body.to_string(),
        );
        if answer.status == 200 {
            break answer.json();
        }
        assert_eq!(answer.code(), "9510103", "{}", answer.body);
    };
    spec.check("PICKUPCreationResponseWrapper", &created);
    let number = created["PickupCreationResponse"]["PRN"]
        .as_str()
        .expect("a number");

    let body = json!({"PickupTriggerGWNRequest": {"Request": {}, "AccountNumber": "A1B2C3",
        "ServiceDateOption": "02"}});
    let path = "/api/pickupcreation/v2409/pickup";
    let smart = world.call("POST", path, &body.to_string());
    assert_eq!(smart.status, 200, "{}", smart.body);
    spec.check("PICKUPTriggerGWNResponseWrapper", &smart.json());

    let head = "AccountNumber: A1B2C3\r\n";
    let path = "/api/shipments/v2409/pickup/oncall";
    let answer = world.call_with("GET", path, head, "");
    assert_eq!(answer.status, 200, "{}", answer.body);
    spec.check("PICKUPPendingResponseWrapper", &answer.json());

    let head = format!("Prn: {number}\r\n");
    let path = "/api/shipments/v2409/pickup/02";
    let answer = world.call_with("DELETE", path, &head, "");
    assert_eq!(answer.status, 200, "{}", answer.body);
    spec.check("PICKUPCancelResponseWrapper", &answer.json());
    let answer = world.call_with("DELETE", path, &head, "");
    assert_eq!(answer.status, 400);
    spec.check("ErrorResponse", &answer.json());

    let answer = world.call("GET", "/api/pickup/v2409/countries/US", "");
    spec.check("PICKUPPolDivResponseWrapper", &answer.json());
    let answer = world.call("POST", "/api/pickup/v2409/servicecenterlocations", "{}");
    spec.check("PICKUPServCenterResponseWrapper", &answer.json());
}

#[tokio::test(flavor = "multi_thread")]
async fn paperless_answers_validate() {
    let Some(spec) = Spec::load("Paperless") else {
        return;
    };
    let world = World::start().await;
    let head = "ShipperNumber: A1B2C3\r\n";
    let body = json!({"UploadRequest": {"Request": {"TransactionReference":
        {"CustomerContext": "c"}}, "UserCreatedForm": [{"UserCreatedFormFile": "aGk="}]}});
    let path = "/api/paperlessdocuments/v2/upload";
    let answer = world.call_with("POST", path, head, &body.to_string());
    assert_eq!(answer.status, 200, "{}", answer.body);
    let uploaded = answer.json();
    spec.check("PAPERLESSDOCUMENTUploadResponseWrapper", &uploaded);
    let document = &uploaded["UploadResponse"]["FormsHistoryDocumentID"]["DocumentID"][0];

    let body = json!({"PushToImageRepositoryRequest": {"ShipmentIdentifier": "1Z"}});
    let path = "/api/paperlessdocuments/v2/image";
    let answer = world.call_with("POST", path, head, &body.to_string());
    spec.check("PAPERLESSDOCUMENTResponseWrapper", &answer.json());

    let head = format!(
        "{head}DocumentId: {}\r\n",
        document.as_str().expect("an id")
    );
    let path = "/api/paperlessdocuments/v2/DocumentId/ShipperNumber";
    let answer = world.call_with("DELETE", path, &head, "");
    assert_eq!(answer.status, 200, "{}", answer.body);
    spec.check("PAPERLESSDOCUMENTDeleteResponseWrapper", &answer.json());
    let answer = world.call_with("DELETE", path, &head, "");
    assert_eq!(answer.status, 400);
    spec.check("ErrorResponse", &answer.json());
}
