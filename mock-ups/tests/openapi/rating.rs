//! Rating.

use serde_json::{Value, json};

use crate::client::World;
use crate::spec::Spec;

fn request(from: (&str, &str, &str), to: (&str, &str, &str), unit: &str) -> Value {
    let size = if unit == "LBS" { "IN" } else { "CM" };
    let package = json!({
        "PackagingType": {"Code": "02", "Description": "Box"},
        "Dimensions": {"UnitOfMeasurement": {"Code": size, "Description": "Size"},
            "Length": "20", "Width": "15", "Height": "10"},
        "PackageWeight": {"UnitOfMeasurement": {"Code": unit, "Description": "Weight"},
            "Weight": "12.5"},
        "PackageServiceOptions": {"DeclaredValue": {"CurrencyCode": "USD", "MonetaryValue": "500"}},
    });
    let address = |(country, state, postal): (&str, &str, &str)| {
        let mut address = json!({"AddressLine": ["1 Street"], "CountryCode": country,
            "PostalCode": postal});
        if !state.is_empty() {
            address["StateProvinceCode"] = json!(state);
        }
        address
    };
    json!({"RateRequest": {
        "Request": {"SubVersion": "2409", "TransactionReference": {"CustomerContext": "c"}},
        "Shipment": {
            "Shipper": {"ShipperNumber": "A1B2C3", "Address": address(from)},
            "ShipTo": {"Address": address(to)},
            "Package": [package, package],
            "ShipmentRatingOptions": {"NegotiatedRatesIndicator": "", "RateChartIndicator": ""},
            "RatingMethodRequestedIndicator": "",
            "TaxInformationIndicator": "",
            "InvoiceLineTotal": {"CurrencyCode": "USD", "MonetaryValue": "100"},
            "ShipmentTotalWeight": {"UnitOfMeasurement": {"Code": unit}, "Weight": "10"},
        }
    }})
}

type Place = (&'static str, &'static str, &'static str);

const NORTH_CAROLINA: Place = ("US", "NC", "27703");

/// From, to, unit, services to ask for one by one.
#[rustfmt::skip]
const LANES: [(Place, Place, &str, &[&str]); 9] = [
    (NORTH_CAROLINA, ("US", "FL", "32821"), "LBS", &["03", "01", "93"]),
    (NORTH_CAROLINA, ("PR", "", "00901"), "LBS", &["02"]),
    (NORTH_CAROLINA, ("CA", "ON", "M5V2T6"), "LBS", &["11", "65"]),
    (NORTH_CAROLINA, ("JP", "", "100-0001"), "LBS", &["07", "72"]),
    (("CA", "ON", "M5V 2T6"), ("CA", "QC", "H2X 1Y4"), "KGS", &["11", "13", "70"]),
    (("DE", "", "10115"), ("FR", "", "75001"), "KGS", &["11", "65"]),
    (("PL", "", "00-001"), ("PL", "", "30-002"), "KGS", &["82", "11"]),
    (("MX", "", "01000"), ("US", "TX", "78701"), "KGS", &["08"]),
    (("GB", "", "SW1A 1AA"), ("US", "NY", "10001"), "KGS", &["65"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn rating_answers_validate() {
    let Some(spec) = Spec::load("Rating") else {
        return;
    };
    let world = World::start().await;
    for (from, to, unit, services) in LANES {
        let mut body = request(from, to, unit);
        let check = |path: &str, body: &Value| {
            let path = format!("/api/rating/v2409/{path}");
            let answer = world.call("POST", &path, &body.to_string());
            assert_eq!(answer.status, 200, "{from:?} {to:?} {}", answer.body);
            spec.check("RATEResponseWrapper", &answer.json());
        };
        check("Shop", &body);
        check("Shoptimeintransit", &body);
        check("Shop?additionalinfo=timeintransit", &body);
        for service in services {
            body["RateRequest"]["Shipment"]["Service"] = json!({"Code": service});
            check("Ratetimeintransit", &body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rating_errors_validate_and_are_echoed_in_headers() {
    let Some(spec) = Spec::load("Rating") else {
        return;
    };
    let world = World::start().await;
    let body = request(NORTH_CAROLINA, ("US", "VA", "78756"), "LBS").to_string();
    let answer = world.call("POST", "/api/rating/v2409/Shop", &body);
    assert_eq!(answer.status, 400);
    assert_eq!(answer.code(), "111285");
    spec.check("ErrorResponse", &answer.json());
    let head = answer.head.to_ascii_lowercase();
    for header in [
        "apierrorcode: 111285",
        "errorcode: 111285",
        "apierrormsg: the postal code",
    ] {
        assert!(head.contains(header), "{header} in {head}");
    }
}
