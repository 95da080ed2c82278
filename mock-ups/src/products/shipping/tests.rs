//! Shipments from creation to void.

mod strict_files;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use super::Shipping;
use super::number::check_digit;
use super::store::Shipments;
use crate::api::Product as _;
use crate::products::rating::Tariff;
use crate::testing::Call;

const SHIP: &str = "/api/shipments/v2409/ship";

fn shipping() -> Shipping {
    let tariff = Arc::new(Tariff::bundled("default").expect("bundled"));
    Shipping::new(tariff, Arc::<Shipments>::default(), 1, Arc::default())
}

fn request(packages: usize) -> Value {
    let address = |state: &str, city: &str, zip: &str| {
        json!({"AddressLine": ["1 Street"], "City": city, "StateProvinceCode": state,
            "PostalCode": zip, "CountryCode": "US"})
    };
    let package = json!({
        "Packaging": {"Code": "02"},
        "PackageWeight": {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "5"},
        "ReferenceNumber": {"Value": "order 7"},
    });
    json!({"ShipmentRequest": {
        "Request": {"SubVersion": "2409"},
        "Shipment": {
            "Shipper": {"Name": "Acme", "ShipperNumber": "A1B2C3",
                "Address": address("NC", "Durham", "27703")},
            "ShipTo": {"Name": "Jane", "Address": address("FL", "Orlando", "32821")},
            "Service": {"Code": "03"},
            "PaymentInformation": {"ShipmentCharge": {"Type": "01",
                "BillShipper": {"AccountNumber": "A1B2C3"}}},
            "Package": vec![package; packages],
        },
        "LabelSpecification": {"LabelImageFormat": {"Code": "GIF"}},
    }})
}

fn results(answer: &Value) -> &Value {
    &answer["ShipmentResponse"]["ShipmentResults"]
}

fn id(answer: &Value) -> String {
    let id = &results(answer)["ShipmentIdentificationNumber"];
    id.as_str().expect("an id").to_owned()
}

fn void(path: &str) -> Call {
    Call::new(
        Method::DELETE,
        &format!("/api/shipments/v2409/void/cancel/{path}"),
    )
}

fn recover(body: &Value) -> Call {
    let body = json!({"LabelRecoveryRequest": body});
    Call::post("/api/labels/v2409/recovery", &body)
}

#[test]
fn created_packages_have_numbers_with_a_right_digit_and_labels_that_are_images() {
    let shipping = shipping();
    let answer = Call::post(SHIP, &request(3)).json(&shipping);
    let packages = results(&answer)["PackageResults"]
        .as_array()
        .expect("three");
    assert_eq!(packages.len(), 3);
    let mut numbers = Vec::new();
    for package in packages {
        let number = package["TrackingNumber"]
            .as_str()
            .expect("a number")
            .to_owned();
        assert!(number.starts_with("1ZA1B2C303"), "{number}");
        assert_eq!(check_digit(&number[2..17]), number.chars().last());
        let image = package["ShippingLabel"]["GraphicImage"]
            .as_str()
            .expect("an image");
        assert!(
            STANDARD
                .decode(image)
                .expect("base64")
                .starts_with(b"GIF89a")
        );
        numbers.push(number);
    }
    assert_eq!(id(&answer), numbers[0]);
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 3);
    assert!(results(&answer).get("LabelURL").is_none());
    let mut linked = request(1);
    linked["ShipmentRequest"]["Shipment"]["ShipmentServiceOptions"] =
        json!({"LabelLinksIndicator": ""});
    let answer = Call::post(SHIP, &linked).json(&shipping);
    let url = results(&answer)["LabelURL"].as_str().expect("a link");
    assert!(
        url.contains(&id(&answer)) && url.contains("cie=true"),
        "{url}"
    );
}

#[test]
fn third_party_who_pays_brings_its_own_rates() {
    let shipping = shipping();
    let negotiated = |account: &str| {
        let mut body = request(1);
        let shipment = &mut body["ShipmentRequest"]["Shipment"];
        shipment["Shipper"]["ShipperNumber"] = json!("D4E5F6");
        shipment["ShipmentRatingOptions"] = json!({"TPFCNegotiatedRatesIndicator": "Y"});
        let payer = json!({"Type": "01", "BillThirdParty": {"AccountNumber": account}});
        shipment["PaymentInformation"] = json!({"ShipmentCharge": [payer]});
        let answer = Call::post(SHIP, &body).json(&shipping);
        results(&answer)["NegotiatedRateCharges"].is_object()
    };
    assert!(negotiated("A1B2C3"));
    assert!(!negotiated("D4E5F6"));
}

#[test]
fn one_package_is_an_object_in_old_versions() {
    let shipping = shipping();
    let old = Call::post("/api/shipments/v1/ship", &request(1)).json(&shipping);
    assert!(results(&old)["PackageResults"].is_object());
    let new = Call::post(SHIP, &request(1)).json(&shipping);
    assert!(results(&new)["PackageResults"].is_array());
}

#[test]
fn shipping_and_rating_charge_the_same() {
    let shipping = shipping();
    let answer = Call::post(SHIP, &request(2)).json(&shipping);
    let rating = crate::products::rating::Rating::new(Arc::clone(&shipping.tariff));
    let mut body = request(2);
    let shipment = body["ShipmentRequest"].take();
    let rated = Call::post("/api/rating/v2403/Rate", &json!({"RateRequest": shipment}));
    let rated = rated.json(&rating);
    let rated = &rated["RateResponse"]["RatedShipment"];
    let charges = &results(&answer)["ShipmentCharges"];
    assert_eq!(charges["TotalCharges"], rated["TotalCharges"]);
    assert_eq!(charges["ItemizedCharges"], rated["ItemizedCharges"]);
    let package = &results(&answer)["PackageResults"][0];
    assert_eq!(
        package["BaseServiceCharge"],
        rated["RatedPackage"][0]["BaseServiceCharge"]
    );
}

#[test]
fn each_mistake_has_its_code() {
    let shipping = shipping();
    let refuse = |pointer: &str, value: Value| {
        let mut body = request(1);
        *body.pointer_mut(pointer).expect("it is there") = value;
        Call::post(SHIP, &body).refusal(&shipping)
    };
    let shipment = |rest: &str| format!("/ShipmentRequest/Shipment{rest}");
    for (code, pointer, value) in [
        ("120100", shipment("/Shipper/ShipperNumber"), json!("")),
        ("120200", shipment("/ShipTo/Name"), json!("")),
        ("120200", shipment("/ShipTo/Name"), json!("x".repeat(36))),
        (
            "120202",
            shipment("/ShipTo/Address/AddressLine"),
            json!(["x".repeat(36)]),
        ),
        (
            "120205",
            shipment("/ShipTo/Address/City"),
            json!("x".repeat(31)),
        ),
        ("120110", shipment("/Shipper/Name"), json!("x".repeat(36))),
        (
            "120541",
            shipment("/Package/0/ReferenceNumber/Value"),
            json!("x".repeat(36)),
        ),
        ("120202", shipment("/ShipTo/Address/AddressLine"), json!([])),
        ("120205", shipment("/ShipTo/Address/City"), json!("")),
        ("120412", shipment("/PaymentInformation"), json!({})),
        (
            "120416",
            shipment("/PaymentInformation/ShipmentCharge/BillShipper/AccountNumber"),
            json!("ZZZZZZ"),
        ),
        ("120500", shipment("/Service"), json!({})),
        ("121100", shipment("/Service/Code"), json!("82")),
        ("121210", shipment("/Service/Code"), json!("07")),
        ("120002", shipment("/Package"), json!([])),
        (
            "121285",
            shipment("/ShipTo/Address/PostalCode"),
            json!("78756"),
        ),
        (
            "120701",
            "/ShipmentRequest/LabelSpecification/LabelImageFormat/Code".to_owned(),
            json!("BMP"),
        ),
    ] {
        assert_eq!(refuse(&pointer, value), (400, code.to_owned()), "{pointer}");
    }
    let mut body = request(1);
    body["ShipmentRequest"]["Request"]["RequestOption"] = json!("validate");
    body["ShipmentRequest"]["Shipment"]["ShipTo"]["Address"]["PostalCode"] = json!("78756");
    assert_eq!(Call::post(SHIP, &body).refusal(&shipping).1, "120802");
    let broken = Call::new(Method::POST, SHIP).body(r#"{"a":"\b"}"#);
    let answer = broken.send(&shipping).expect("shipping's path");
    assert!(answer.status == 200 && answer.body.is_empty());
}

#[test]
fn void_works_once_within_its_time_and_package_by_package() {
    let shipping = shipping();
    let first = id(&Call::post(SHIP, &request(1)).json(&shipping));
    let second = Call::post(SHIP, &request(2)).json(&shipping);
    let package = results(&second)["PackageResults"][1]["TrackingNumber"].clone();
    let package = package.as_str().expect("a number");
    let second = id(&second);

    let answer = void(&first).json(&shipping);
    let status = &answer["VoidShipmentResponse"]["SummaryResult"]["Status"];
    assert_eq!(*status, json!({"Code": "1", "Description": "Voided"}));
    assert_eq!(void(&first).refusal(&shipping).1, "190117");
    assert_eq!(void("1Z999AA10123456784").refusal(&shipping).1, "190102");
    let sample = void("1Z2220060294314162?trackingnumber=1Z2220060291994175");
    sample.json(&shipping);
    assert_eq!(void(package).refusal(&shipping).1, "190102");
    assert_eq!(void("shipment").refusal(&shipping).1, "190100");

    for query in [
        format!("trackingnumber={first}"),
        "trackingnumber=1Z".to_owned(),
    ] {
        assert_eq!(
            void(&format!("{second}?{query}")).refusal(&shipping).1,
            "190109"
        );
    }
    let list = format!("{second}?trackingnumber=%5B%22{package}%22%5D");
    let answer = void(&list).json(&shipping);
    let result = &answer["VoidShipmentResponse"]["PackageLevelResults"][0];
    assert_eq!(result["TrackingNumber"], package);
    assert_eq!(
        result["Status"],
        json!({"Code": "1", "Description": "Voided"})
    );
    let again = void(&list).json(&shipping);
    let again = &again["VoidShipmentResponse"];
    let status = &again["PackageLevelResults"][0]["Status"];
    assert_eq!(
        *status,
        json!({"Code": "1", "Description": "Already Voided"})
    );
    assert_eq!(
        again["SummaryResult"]["Status"]["Description"],
        "Partially Voided"
    );
    let old = Call::new(
        Method::DELETE,
        &format!("/api/shipments/v1/void/cancel/{list}"),
    );
    let old = old.json(&shipping);
    assert!(old["VoidShipmentResponse"]["PackageLevelResult"].is_object());
    assert_eq!(
        void(&second)
            .at("2024-04-15T12:00:00Z")
            .refusal(&shipping)
            .1,
        "190101"
    );
    void(&second).at("2024-03-05T12:00:00Z").json(&shipping);
}

#[test]
fn labels_are_recovered_by_number_or_reference_until_the_void() {
    let shipping = shipping();
    let created = Call::post(SHIP, &request(2)).json(&shipping);
    let id = id(&created);
    let second = results(&created)["PackageResults"][1]["TrackingNumber"].clone();
    let labels = |body: &Value| {
        let answer = recover(body).json(&shipping);
        let labels = answer["LabelRecoveryResponse"]["LabelResults"].clone();
        labels.as_array().expect("a list").clone()
    };
    let all = labels(&json!({"TrackingNumber": id}));
    assert_eq!(all.len(), 2);
    assert_eq!(
        all[0]["LabelImage"]["GraphicImage"],
        results(&created)["PackageResults"][0]["ShippingLabel"]["GraphicImage"]
    );
    assert_eq!(labels(&json!({"TrackingNumber": second})).len(), 1);
    let by_reference = json!({"ReferenceValues": {"ReferenceNumber": {"Value": "order 7"},
        "ShipperNumber": "A1B2C3"}});
    assert_eq!(labels(&by_reference).len(), 2);

    let code = |body: &Value| recover(body).refusal(&shipping).1;
    assert_eq!(code(&json!({})), "300005");
    assert_eq!(code(&json!({"TrackingNumber": "1Z"})), "300014");
    assert_eq!(
        code(&json!({"TrackingNumber": "1Z999AA10123456784"})),
        "300007"
    );
    Call::post(SHIP, &request(1)).json(&shipping);
    assert_eq!(code(&by_reference), "300001");
    void(&id).json(&shipping);
    assert_eq!(code(&json!({"TrackingNumber": id})), "300033");
}

#[test]
fn the_same_seed_gives_the_same_numbers_and_reset_forgets() {
    let (one, two) = (shipping(), shipping());
    let number = |shipping: &Shipping| id(&Call::post(SHIP, &request(1)).json(shipping));
    let first = number(&one);
    assert_eq!(first, number(&two));
    assert_ne!(first, number(&one));
    one.reset();
    assert_eq!(void(&first).refusal(&one).1, "190102");
    assert_eq!(first, number(&one));
}

/// A shipment to Canada by service 11, with a phone on both sides.
fn abroad() -> Value {
    let mut body = request(1);
    let shipment = &mut body["ShipmentRequest"]["Shipment"];
    shipment["Description"] = json!("Books");
    shipment["Service"]["Code"] = json!("11");
    shipment["Shipper"]["Phone"] = json!({"Number": "5555550100"});
    shipment["ShipTo"]["Phone"] = json!({"Number": "5555550101"});
    shipment["ShipTo"]["Address"] = json!({"AddressLine": "1 Street", "City": "Toronto",
        "StateProvinceCode": "ON", "PostalCode": "M5V2T6", "CountryCode": "CA"});
    body
}

#[test]
fn results_follow_what_was_asked_for() {
    let shipping = shipping();
    let mut forms = abroad();
    let options =
        json!({"InternationalForms": {"FormType": "01", "Product": [{"Description": "Book"}]}});
    forms["ShipmentRequest"]["Shipment"]["ShipmentServiceOptions"] = options;
    let answer = Call::post(SHIP, &forms).json(&shipping);
    let form = &results(&answer)["Form"];
    assert_eq!(form["Code"], "01");
    let image = form["Image"]["GraphicImage"].as_str().expect("a PDF");
    assert!(STANDARD.decode(image).expect("base64").starts_with(b"%PDF"));
    forms["ShipmentRequest"]["Shipment"]["ShipmentServiceOptions"] =
        json!({"InternationalForms": {"FormType": "07"}});
    let answer = Call::post(SHIP, &forms).json(&shipping);
    let form = results(&answer)["Form"].as_object().expect("a form");
    assert_eq!(form.keys().collect::<Vec<_>>(), ["FormGroupId"]);

    let mut back = request(1);
    back["ShipmentRequest"]["Shipment"]["ReturnService"] = json!({"Code": "9"});
    let answer = Call::post(SHIP, &back).json(&shipping);
    assert!(results(&answer)["PackageResults"][0]["ShippingReceipt"].is_object());
    assert!(
        results(&answer)["ShipmentCharges"]["ItemizedCharges"]
            .to_string()
            .contains("\"250\"")
    );

    let mut saver = request(1);
    saver["ShipmentRequest"]["Shipment"]["Service"]["Code"] = json!("93");
    saver["ShipmentRequest"]["Shipment"]["RatingMethodRequestedIndicator"] = json!("");
    saver["ShipmentRequest"]["LabelSpecification"]["LabelImageFormat"]["Code"] = json!("PNG");
    let answer = Call::post(SHIP, &saver).json(&shipping);
    let package = &results(&answer)["PackageResults"][0];
    assert!(
        package["TrackingNumber"]
            .as_str()
            .expect("a number")
            .contains("YW")
    );
    assert_eq!(package["USPSPICNumber"].as_str().expect("digits").len(), 26);
    assert!(package["ShippingLabel"]["HTMLImage"].is_string());
    assert!(
        package
            .get("ItemizedCharges")
            .is_none_or(|charges| !charges.to_string().contains("EVS"))
    );
    assert_eq!(results(&answer)["RatingMethod"], "02");
}

#[test]
fn mistakes_of_their_kind_are_refused() {
    let shipping = shipping();
    let code = |body: &Value| Call::post(SHIP, body).refusal(&shipping).1;
    let mut silent = abroad();
    silent["ShipmentRequest"]["Shipment"]["ShipTo"]["Phone"] = json!(null);
    assert_eq!(code(&silent), "120213");
    let mut empty = abroad();
    empty["ShipmentRequest"]["Shipment"]["ShipmentServiceOptions"] =
        json!({"InternationalForms": {"FormType": ["01"], "Product": []}});
    assert_eq!(code(&empty), "128010");
    let mut service = request(1);
    service["ShipmentRequest"]["Shipment"]["ReturnService"] = json!({"Code": "99"});
    assert_eq!(code(&service), "120905");
    let mut misspelt = request(1);
    misspelt["ShipmentRequest"]["Shipment"]["ShipTo"]["Address"]["City"] = json!("Orlanod");
    let path = format!("{SHIP}?additionaladdressvalidation=city");
    assert_eq!(Call::post(&path, &misspelt).refusal(&shipping).1, "120802");
    Call::post(SHIP, &misspelt).json(&shipping);
    let mut foreign = request(1);
    let shipment = &mut foreign["ShipmentRequest"]["Shipment"];
    shipment["Shipper"]["ShipperNumber"] = json!("X9Y8Z7");
    shipment["PaymentInformation"]["ShipmentCharge"]["BillShipper"]["AccountNumber"] =
        json!("X9Y8Z7");
    assert_eq!(code(&foreign), "120100");
}

#[test]
fn labels_are_recovered_for_a_list_of_numbers_and_for_120_days() {
    let shipping = shipping();
    let created = Call::post(SHIP, &request(3)).json(&shipping);
    let number =
        |index: usize| results(&created)["PackageResults"][index]["TrackingNumber"].clone();
    let body = json!({"LabelRecoveryRequest": {"TrackingNumbers": [number(0), number(2)]}});
    let call = |now: &str| Call::post("/api/labels/v2603/recovery", &body).at(now);
    let answer = call("2024-03-05T12:00:00Z").json(&shipping);
    let labels = answer["LabelRecoveryResponse"]["LabelResults"]
        .as_array()
        .expect("two");
    assert_eq!(labels.len(), 2);
    assert_eq!(call("2024-07-05T12:00:00Z").refusal(&shipping).1, "300007");
    let old = Call::post("/api/labels/v1/recovery", &body);
    assert_eq!(old.refusal(&shipping).1, "300005");
}
