//! What one rating call costs inside the mock: parsing, pricing and writing, without HTTP.

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http::{HeaderMap, Method};
use jiff::Timestamp;
use mock_ups::api::{AccountView, ApiRequest, Caller, Environment, Product as _};
use mock_ups::products::rating::{Rating, Tariff};

/// A Shop request as clients send it, with names, addresses and descriptions.
///
/// `rich` asks for itemised and negotiated charges, which triples the answer.
fn request(packages: usize, rich: bool) -> Bytes {
    let (sub_version, options) = if rich {
        (
            r#""SubVersion":"2409","#,
            r#""ShipmentRatingOptions":{"NegotiatedRatesIndicator":""},"#,
        )
    } else {
        ("", "")
    };
    let address = |city: &str, state: &str, zip: &str| {
        format!(
            r#"{{"AddressLine":["1 Long Street","Suite 200"],"City":"{city}",
            "StateProvinceCode":"{state}","PostalCode":"{zip}","CountryCode":"US"}}"#
        )
    };
    let package = r#"{"PackagingType":{"Code":"02","Description":"Package"},
        "Dimensions":{"UnitOfMeasurement":{"Code":"IN","Description":"Inches"},
            "Length":"12","Width":"8","Height":"6"},
        "PackageWeight":{"UnitOfMeasurement":{"Code":"LBS","Description":"Pounds"},
            "Weight":"5.5"}}"#;
    let packages = vec![package; packages].join(",");
    Bytes::from(format!(
        r#"{{"RateRequest":{{"Request":{{"RequestOption":"Shop",{sub_version}
            "TransactionReference":{{"CustomerContext":"order 1234"}}}},
        "PickupType":{{"Code":"01","Description":"Daily Pickup"}},
        "Shipment":{{
            "Shipper":{{"Name":"Acme","ShipperNumber":"A1B2C3","Address":{}}},
            "ShipTo":{{"Name":"Jane Doe","Address":{}}},
            "ShipFrom":{{"Name":"Acme Warehouse","Address":{}}},
            {options}
            "Package":[{packages}]}}}}}}"#,
        address("Durham", "NC", "27703"),
        address("Orlando", "FL", "32821"),
        address("Durham", "NC", "27703"),
    ))
}

fn rating(criterion: &mut Criterion) {
    let tariff = Tariff::bundled("default").expect("the default tariff parses");
    let rating = Rating::new(Arc::new(tariff));
    let account = AccountView {
        number: "A1B2C3".into(),
        negotiated_rates: true,
        discount_per_mille: 250,
    };
    let caller = Caller {
        own_numbers_only: false,
        known_numbers: Arc::default(),
        client_id: "mock-client".into(),
        user: "merchant".into(),
        accounts: [account].into(),
    };
    let headers = HeaderMap::new();
    let now: Timestamp = "2024-03-04T12:00:00Z".parse().expect("a time");
    let shop = "/api/rating/v2409/Shop";
    let timed = "/api/rating/v2409/Shoptimeintransit";
    for (name, path, packages, rich) in [
        ("shop", shop, 1, false),
        ("shop, itemised and negotiated", shop, 1, true),
        (
            "shop, itemised and negotiated, ten packages",
            shop,
            10,
            true,
        ),
        ("shop with time in transit", timed, 1, false),
    ] {
        let body = request(packages, rich);
        let segments: Vec<&str> = path.split('/').skip(2).collect();
        let request = ApiRequest {
            transaction: "ciewssoas0000000000000",
            method: &Method::POST,
            path,
            segments: &segments,
            query: None,
            headers: &headers,
            body: &body,
            caller: &caller,
            environment: Environment::Cie,
            now,
        };
        let answer = rating.answer(&request).expect("rating's path");
        assert!(answer.error.is_none(), "the bench measures a success");
        let sizes = format!("{name} ({} -> {} bytes)", body.len(), answer.body.len());
        criterion.bench_function(&sizes, |bencher| {
            bencher.iter(|| black_box(rating.answer(black_box(&request))));
        });
    }
}

criterion_group!(benches, rating);
criterion_main!(benches);
