//! Shipping, void, label recovery.

use serde_json::{Value, json};

use crate::client::World;
use crate::spec::Spec;

pub(crate) fn request(packages: usize, format: &str) -> Value {
    let address = |state: &str, city: &str, zip: &str| {
        json!({"AddressLine": ["1 Street"], "City": city, "StateProvinceCode": state,
            "PostalCode": zip, "CountryCode": "US"})
    };
    let package = json!({
        "Packaging": {"Code": "02"},
        "PackageWeight": {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "5"},
        "ReferenceNumber": [{"Code": "PO", "Value": "order 7"}],
    });
    json!({"ShipmentRequest": {
        "Request": {"SubVersion": "2409", "RequestOption": "nonvalidate",
            "TransactionReference": {"CustomerContext": "c"}},
        "Shipment": {
            "Description": "Goods",
            "Shipper": {"Name": "Acme", "ShipperNumber": "A1B2C3",
                "Address": address("NC", "Durham", "27703")},
            "ShipTo": {"Name": "Jane", "Address": address("FL", "Orlando", "32821")},
            "Service": {"Code": "03"},
            "PaymentInformation": {"ShipmentCharge": {"Type": "01",
                "BillShipper": {"AccountNumber": "A1B2C3"}}},
            "ShipmentRatingOptions": {"NegotiatedRatesIndicator": ""},
            "Package": vec![package; packages],
        },
        "LabelSpecification": {"LabelImageFormat": {"Code": format},
            "LabelStockSize": {"Height": "6", "Width": "4"}},
    }})
}

#[tokio::test(flavor = "multi_thread")]
async fn shipping_answers_validate_from_creation_to_void() {
    let Some(spec) = Spec::load("Shipping") else {
        return;
    };
    let world = World::start().await;
    for format in ["GIF", "PNG", "PDF", "ZPL", "EPL", "SPL"] {
        let body = request(2, format).to_string();
        let answer = world.call("POST", "/api/shipments/v2409/ship", &body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let created = answer.json();
        spec.check("SHIPResponseWrapper", &created);

        let results = &created["ShipmentResponse"]["ShipmentResults"];
        let id = results["ShipmentIdentificationNumber"]
            .as_str()
            .expect("an id");
        let recovery = json!({"LabelRecoveryRequest": {"TrackingNumber": id,
            "LabelSpecification": {"LabelImageFormat": {"Code": format}}}});
        let answer = world.call("POST", "/api/labels/v2409/recovery", &recovery.to_string());
        assert_eq!(answer.status, 200, "{}", answer.body);
        spec.check("LABELRECOVERYResponseWrapper", &answer.json());

        let second = results["PackageResults"][1]["TrackingNumber"]
            .as_str()
            .expect("a number");
        let path = format!("/api/shipments/v2409/void/cancel/{id}?trackingnumber={second}");
        let answer = world.call("DELETE", &path, "");
        assert_eq!(answer.status, 200, "{}", answer.body);
        spec.check("VOIDSHIPMENTResponseWrapper", &answer.json());
        let path = format!("/api/shipments/v2409/void/cancel/{id}");
        let answer = world.call("DELETE", &path, "");
        assert_eq!(answer.status, 200, "{}", answer.body);
        spec.check("VOIDSHIPMENTResponseWrapper", &answer.json());

        let answer = world.call("DELETE", &path, "");
        assert_eq!((answer.status, answer.code().as_str()), (400, "190117"));
        spec.check("ErrorResponse", &answer.json());
    }
}
