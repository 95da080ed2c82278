//! Recorded answers of the live test environment, to the cent, under the tariff `cie-2024-01`.

use serde_json::json;

use super::{by, of_service, package, rated, rating, request, with};

const TARIFF: &str = "cie-2024-01";

/// The charge with this code in a list of itemised charges.
fn item<'v>(charges: &'v serde_json::Value, code: &str) -> Option<&'v str> {
    let lines = charges.as_array()?;
    let line = lines.iter().find(|line| line["Code"] == code)?;
    line["MonetaryValue"].as_str()
}

#[test]
fn two_packages_to_a_residence_in_florida_cost_what_was_recorded() {
    let sized = json!({
        "PackagingType": {"Code": "02"},
        "Dimensions": {"UnitOfMeasurement": {"Code": "IN"},
            "Length": "7.874", "Width": "5.906", "Height": "11.811"},
        "PackageWeight": {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "1"},
    });
    let body = request(("NC", "27703"), ("FL", "32821"), json!([sized, sized]));
    let body = with(
        body,
        "/ShipTo/Address/ResidentialAddressIndicator",
        json!(""),
    );
    let answer = rated(&rating(TARIFF), "v2403/Shop", &body);
    for (service, base, fuel, package_total, residential, total) in [
        ("14", "136.34", "22.81", "165.35", "12.40", "330.70"),
        ("01", "106.34", "18.01", "130.55", "12.40", "261.10"),
        ("13", "98.10", "16.69", "120.99", "12.40", "241.98"),
        ("02", "33.86", "6.41", "46.47", "12.40", "92.94"),
        ("12", "25.59", "5.09", "36.88", "12.40", "73.76"),
        ("03", "15.33", "3.20", "24.18", "11.30", "48.36"),
    ] {
        let rated = of_service(&answer, service);
        assert_eq!(rated["TotalCharges"]["MonetaryValue"], total, "{service}");
        assert_eq!(rated["BaseServiceCharge"]["MonetaryValue"], "0.00");
        assert_eq!(rated["BillingWeight"]["Weight"], "10.0");
        assert_eq!(
            item(&rated["ItemizedCharges"], "270"),
            Some(residential),
            "{service}"
        );
        for parcel in rated["RatedPackage"].as_array().expect("two") {
            assert_eq!(
                parcel["BaseServiceCharge"]["MonetaryValue"], base,
                "{service}"
            );
            assert_eq!(
                item(&parcel["ItemizedCharges"], "375"),
                Some(fuel),
                "{service}"
            );
            assert_eq!(item(&parcel["ItemizedCharges"], "270"), None, "{service}");
            assert_eq!(
                item(&parcel["ItemizedCharges"], "400"),
                Some("0.00"),
                "{service}"
            );
            assert_eq!(parcel["TotalCharges"]["MonetaryValue"], package_total);
            assert_eq!(parcel["BillingWeight"]["Weight"], "5.0");
            assert_eq!(parcel["Weight"], "1.0");
        }
    }
}

#[test]
fn one_pound_to_a_business_in_georgia_costs_what_was_recorded() {
    let body = request(("MD", "21093"), ("GA", "30005"), package("1"));
    let answer = rated(&rating(TARIFF), "v2403/Shop", &body);
    for (service, base, fuel, total) in [
        ("03", "10.65", "1.84", "12.49"),
        ("12", "16.84", "3.41", "20.25"),
        ("02", "23.07", "4.67", "27.74"),
        ("59", "26.14", "5.29", "31.43"),
        ("13", "58.43", "11.83", "70.26"),
        ("01", "67.42", "13.65", "81.07"),
        ("14", "97.42", "19.73", "117.15"),
    ] {
        let rated = of_service(&answer, service);
        let parcel = &rated["RatedPackage"][0];
        assert_eq!(
            parcel["BaseServiceCharge"]["MonetaryValue"], base,
            "{service}"
        );
        assert_eq!(
            item(&parcel["ItemizedCharges"], "375"),
            Some(fuel),
            "{service}"
        );
        assert_eq!(
            item(&parcel["ItemizedCharges"], "376"),
            Some("0.00"),
            "{service}"
        );
        assert_eq!(rated["TotalCharges"]["MonetaryValue"], total, "{service}");
    }
}

#[test]
fn next_day_saver_to_a_rural_residence_costs_what_was_recorded() {
    let body = request(("NV", "89502"), ("CA", "94110"), package("5"));
    let body = with(
        body,
        "/ShipTo/Address/ResidentialAddressIndicator",
        json!(""),
    );
    let answer = rated(&rating(TARIFF), "v2403/Rate", &by(body, "13"));
    let rated = of_service(&answer, "13");
    let parcel = &rated["RatedPackage"][0];
    assert_eq!(parcel["BaseServiceCharge"]["MonetaryValue"], "60.68");
    assert_eq!(item(&parcel["ItemizedCharges"], "376"), Some("5.85"));
    assert_eq!(item(&parcel["ItemizedCharges"], "375"), Some("11.64"));
    assert_eq!(item(&rated["ItemizedCharges"], "270"), Some("6.20"));
    assert_eq!(rated["TotalCharges"]["MonetaryValue"], "84.37");
}

#[test]
fn seven_pounds_by_ground_cost_what_was_recorded() {
    let body = request(("MD", "21093"), ("GA", "30005"), package("7"));
    let answer = rated(&rating(TARIFF), "v2403/Rate", &by(body, "03"));
    let rated = of_service(&answer, "03");
    assert_eq!(
        item(&rated["RatedPackage"][0]["ItemizedCharges"], "375"),
        Some("1.08")
    );
    assert_eq!(rated["TotalCharges"]["MonetaryValue"], "15.54");
}

#[test]
fn negotiated_next_day_air_has_the_recorded_fuel() {
    let body = request(("NC", "27703"), ("ME", "04701"), package("10.2"));
    let body = with(
        body,
        "/ShipmentRatingOptions",
        json!({"NegotiatedRatesIndicator": ""}),
    );
    let answer = rated(&rating(TARIFF), "v2403/Rate", &by(body, "01"));
    let rated = of_service(&answer, "01");
    let parcel = &rated["RatedPackage"][0];
    assert_eq!(parcel["BillingWeight"]["Weight"], "11.0");
    assert_eq!(parcel["Weight"], "10.2");
    assert_eq!(item(&parcel["ItemizedCharges"], "375"), Some("16.58"));
    assert_eq!(item(&parcel["ItemizedCharges"], "376"), Some("4.90"));
    assert_eq!(
        item(&parcel["NegotiatedCharges"]["ItemizedCharges"], "375"),
        Some("5.86")
    );
    let net = &rated["NegotiatedRateCharges"]["TotalCharge"]["MonetaryValue"];
    // Base, delivery area and fuel.
    assert_eq!(net, "41.35");
}

#[test]
fn extra_small_simple_rate_costs_what_was_recorded() {
    let mut simple = package("0.7");
    simple["SimpleRate"] = json!({"Code": "XS"});
    let body = request(("MD", "21093"), ("GA", "30005"), simple);
    let answer = rated(&rating(TARIFF), "v2403/Rate", &by(body, "03"));
    let rated = of_service(&answer, "03");
    let parcel = &rated["RatedPackage"][0];
    assert_eq!(rated["TotalCharges"]["MonetaryValue"], "9.45");
    assert_eq!(rated["BillingWeight"]["Weight"], "0.0");
    assert_eq!(parcel["Weight"], "0.7");
    assert_eq!(item(&parcel["ItemizedCharges"], "553"), Some("0.00"));
    assert_eq!(parcel["SimpleRate"]["Code"], "XS");
}
