//! Recorded answers of the live test environment, to the cent, under the tariff `cie-2024-01`.

use serde_json::json;

use super::{by, cents, of_service, package, rated, rating, request, with};

const TARIFF: &str = "cie-2024-01";

/// The charge with this code in a list of itemised charges.
fn item(charges: &serde_json::Value, code: &str) -> Option<i64> {
    let lines = charges.as_array()?;
    let line = lines.iter().find(|line| line["Code"] == code)?;
    Some(cents(&line["MonetaryValue"]))
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
    let answer = rated(&rating(TARIFF), "v2409/Shop", &body);
    for (service, base, fuel, package_total, residential, total) in [
        ("14", 136_34, 22_81, 165_35, 12_40, 330_70),
        ("01", 106_34, 18_01, 130_55, 12_40, 261_10),
        ("13", 98_10, 16_69, 120_99, 12_40, 241_98),
        ("02", 33_86, 6_41, 46_47, 12_40, 92_94),
        ("12", 25_59, 5_09, 36_88, 12_40, 73_76),
        ("03", 15_33, 3_20, 24_18, 11_30, 48_36),
    ] {
        let rated = of_service(&answer, service);
        assert_eq!(
            cents(&rated["TotalCharges"]["MonetaryValue"]),
            total,
            "{service}"
        );
        assert_eq!(rated["BaseServiceCharge"]["MonetaryValue"], "0.00");
        assert_eq!(rated["BillingWeight"]["Weight"], "10.0");
        assert_eq!(
            item(&rated["ItemizedCharges"], "270"),
            Some(residential),
            "{service}"
        );
        for parcel in rated["RatedPackage"].as_array().expect("two") {
            assert_eq!(
                cents(&parcel["BaseServiceCharge"]["MonetaryValue"]),
                base,
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
                Some(0),
                "{service}"
            );
            assert_eq!(
                cents(&parcel["TotalCharges"]["MonetaryValue"]),
                package_total
            );
            assert_eq!(parcel["BillingWeight"]["Weight"], "5.0");
            assert_eq!(parcel["Weight"], "1");
        }
    }
}

#[test]
fn one_pound_to_a_business_in_georgia_costs_what_was_recorded() {
    let body = request(("MD", "21093"), ("GA", "30005"), package("1"));
    let answer = rated(&rating(TARIFF), "v2409/Shop", &body);
    for (service, base, fuel, total) in [
        ("03", 10_65, 1_84, 12_49),
        ("12", 16_84, 3_41, 20_25),
        ("02", 23_07, 4_67, 27_74),
        ("59", 26_14, 5_29, 31_43),
        ("13", 58_43, 11_83, 70_26),
        ("01", 67_42, 13_65, 81_07),
        ("14", 97_42, 19_73, 117_15),
    ] {
        let rated = of_service(&answer, service);
        let parcel = &rated["RatedPackage"][0];
        assert_eq!(
            cents(&parcel["BaseServiceCharge"]["MonetaryValue"]),
            base,
            "{service}"
        );
        assert_eq!(
            item(&parcel["ItemizedCharges"], "375"),
            Some(fuel),
            "{service}"
        );
        assert_eq!(
            item(&parcel["ItemizedCharges"], "376"),
            Some(0),
            "{service}"
        );
        assert_eq!(
            cents(&rated["TotalCharges"]["MonetaryValue"]),
            total,
            "{service}"
        );
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
    let answer = rated(&rating(TARIFF), "v2409/Rate", &by(body, "13"));
    let rated = of_service(&answer, "13");
    let parcel = &rated["RatedPackage"][0];
    assert_eq!(cents(&parcel["BaseServiceCharge"]["MonetaryValue"]), 60_68);
    assert_eq!(item(&parcel["ItemizedCharges"], "376"), Some(5_85));
    assert_eq!(item(&parcel["ItemizedCharges"], "375"), Some(11_64));
    assert_eq!(item(&rated["ItemizedCharges"], "270"), Some(6_20));
    assert_eq!(cents(&rated["TotalCharges"]["MonetaryValue"]), 84_37);
}

#[test]
fn seven_pounds_by_ground_cost_what_was_recorded() {
    let body = request(("MD", "21093"), ("GA", "30005"), package("7"));
    let answer = rated(&rating(TARIFF), "v2409/Rate", &by(body, "03"));
    let rated = of_service(&answer, "03");
    assert_eq!(
        item(&rated["RatedPackage"][0]["ItemizedCharges"], "375"),
        Some(1_08)
    );
    assert_eq!(cents(&rated["TotalCharges"]["MonetaryValue"]), 15_54);
}

#[test]
fn negotiated_next_day_air_has_the_recorded_fuel() {
    let body = request(("NC", "27703"), ("ME", "04701"), package("10.2"));
    let body = with(
        body,
        "/ShipmentRatingOptions",
        json!({"NegotiatedRatesIndicator": ""}),
    );
    let answer = rated(&rating(TARIFF), "v2409/Rate", &by(body, "01"));
    let rated = of_service(&answer, "01");
    let parcel = &rated["RatedPackage"][0];
    assert_eq!(parcel["BillingWeight"]["Weight"], "11.0");
    assert_eq!(parcel["Weight"], "10.2");
    assert_eq!(item(&parcel["ItemizedCharges"], "375"), Some(16_58));
    assert_eq!(item(&parcel["ItemizedCharges"], "376"), Some(4_90));
    assert_eq!(
        item(&parcel["NegotiatedCharges"]["ItemizedCharges"], "375"),
        Some(5_86)
    );
    let net = cents(&rated["NegotiatedRateCharges"]["TotalCharge"]["MonetaryValue"]);
    assert_eq!(net, 30_59 + 4_90 + 5_86);
}

#[test]
fn extra_small_simple_rate_costs_what_was_recorded() {
    let mut simple = package("0.7");
    simple["SimpleRate"] = json!({"Code": "XS"});
    let body = request(("MD", "21093"), ("GA", "30005"), simple);
    let answer = rated(&rating(TARIFF), "v2409/Rate", &by(body, "03"));
    let rated = of_service(&answer, "03");
    let parcel = &rated["RatedPackage"][0];
    assert_eq!(cents(&rated["TotalCharges"]["MonetaryValue"]), 9_45);
    assert_eq!(rated["BillingWeight"]["Weight"], "0.0");
    assert_eq!(parcel["Weight"], "0.7");
    assert_eq!(item(&parcel["ItemizedCharges"], "553"), Some(0));
    assert_eq!(parcel["SimpleRate"]["Code"], "XS");
}
