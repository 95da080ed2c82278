//! What the answer looks like: by version, by option, by what was asked.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{by, cents, of_service, package, rated, rating, request, send, usual, with};

#[test]
fn shop_answers_in_the_live_writing_style() {
    let answer = send(&rating("default"), "v2409/Shop", usual().to_string());
    let text = std::str::from_utf8(&answer.body).expect("text");
    assert!(text.starts_with(concat!(
        r#"{"RateResponse":{"Response":{"ResponseStatus":{"Code":"1", "Description":"Success"}, "#,
        r#""Alert":[{"Code":"110971", "#
    )));
    assert!(!text.contains("null") && !text.contains('\n') && !text.contains(": "));
}

#[test]
fn rate_shape_follows_the_version() {
    let rating = rating("default");
    let shape = |version: &str| {
        let answer = rated(&rating, &format!("{version}/Rate"), &by(usual(), "03"));
        let shipment = &answer["RateResponse"]["RatedShipment"];
        let first = if shipment.is_array() {
            &shipment[0]
        } else {
            shipment
        };
        (
            shipment.is_array(),
            first["RatedPackage"].is_array(),
            first["RatedShipmentAlert"].is_array(),
        )
    };
    assert_eq!(shape("v2409"), (true, true, true));
    assert_eq!(shape("v2403"), (false, true, true));
    for old in ["v1", "v1601", "1701", "v1807", "v2205", "2205"] {
        assert_eq!(shape(old), (false, false, false), "{old}");
    }
}

#[test]
fn path_wins_over_the_request_option_of_the_body() {
    let rating = rating("default");
    let mut body = usual();
    body["RateRequest"]["Request"]["RequestOption"] = json!("Rate");
    let answer = rated(&rating, "v2205/shop", &body);
    assert!(
        answer["RateResponse"]["RatedShipment"]
            .as_array()
            .expect("many")
            .len()
            >= 6
    );
}

#[test]
fn itemised_charges_need_a_sub_version() {
    let rating = rating("default");
    let mut body = by(usual(), "03");
    let itemised = |body: &Value| {
        let answer = rated(&rating, "v2409/Rate", body);
        let rated = of_service(&answer, "03");
        (
            rated["RatedPackage"][0]["ItemizedCharges"].is_array(),
            rated["Zone"].is_string(),
        )
    };
    assert_eq!(itemised(&body), (true, true));
    body["RateRequest"]["Request"]["SubVersion"] = json!("v2205");
    assert_eq!(itemised(&body), (true, false));
    body["RateRequest"]["Request"] = json!({});
    assert_eq!(itemised(&body), (false, false));
}

#[test]
fn numbers_objects_and_unknown_members_are_accepted() {
    let rating = rating("default");
    let plain = rated(&rating, "v2409/Rate", &by(usual(), "03"));
    let mut odd = by(usual(), "3");
    let shipment = &mut odd["RateRequest"]["Shipment"];
    shipment["Shipper"]["Address"]["PostalCode"] = json!(27703);
    shipment["Package"] = json!([{
        "PackagingType": {"Code": 2},
        "PackageWeight": {"UnitOfMeasurement": [{"Code": "lbs"}], "Weight": 5, "Extra": null},
    }]);
    shipment["Nonsense"] = json!({"deep": [1, 2, {"x": null}]});
    shipment["ShipTo"]["Address"]["AddressLine"] = json!("one line");
    assert_eq!(rated(&rating, "v2409/Rate", &odd), plain);
}

#[test]
fn negotiated_rates_need_indicator_shipper_number_state_and_agreement() {
    let rating = rating("default");
    let asks = json!({"NegotiatedRatesIndicator": ""});
    let negotiated = |body: &Value| {
        let answer = rated(&rating, "v2409/Rate", &by(body.clone(), "03"));
        let codes = |list: &Value| {
            let alerts = list.as_array().expect("a list");
            alerts.iter().any(|alert| alert["Code"] == "120900")
        };
        let rated = of_service(&answer, "03").clone();
        let alerted = codes(&answer["RateResponse"]["Response"]["Alert"]);
        assert_eq!(alerted, codes(&rated["RatedShipmentAlert"]));
        (rated["NegotiatedRateCharges"].is_object(), alerted)
    };
    assert_eq!(negotiated(&usual()), (false, false));
    let asked = with(usual(), "/ShipmentRatingOptions", asks.clone());
    assert_eq!(negotiated(&asked), (true, false));
    let other = with(asked.clone(), "/Shipper/ShipperNumber", json!("D4E5F6"));
    assert_eq!(negotiated(&other), (false, true));
    let stranger = with(asked.clone(), "/Shipper/ShipperNumber", json!("X9Y8Z7"));
    assert_eq!(negotiated(&stranger), (false, true));
    // The trap: without a shipper number there is no alert either.
    let mut nobody = asked.clone();
    nobody["RateRequest"]["Shipment"]["Shipper"]
        .as_object_mut()
        .expect("an object")
        .remove("ShipperNumber");
    assert_eq!(negotiated(&nobody), (false, false));
    // Options in the wrong place are not seen.
    let mut misplaced = usual();
    misplaced["RateRequest"]["ShipmentRatingOptions"] = asks;
    assert_eq!(negotiated(&misplaced), (false, false));
}

#[test]
fn negotiated_total_is_below_the_published_one() {
    let body = with(
        usual(),
        "/ShipmentRatingOptions",
        json!({"NegotiatedRatesIndicator": ""}),
    );
    let answer = rated(&rating("default"), "v2409/Shop", &body);
    for rated in answer["RateResponse"]["RatedShipment"]
        .as_array()
        .expect("many")
    {
        let net = cents(&rated["NegotiatedRateCharges"]["TotalCharge"]["MonetaryValue"]);
        let published = cents(&rated["TotalCharges"]["MonetaryValue"]);
        assert!(
            net * 100 < published * 85 && net * 100 > published * 65,
            "{net} {published}"
        );
    }
}

#[test]
fn time_in_transit_counts_business_days_from_the_pickup() {
    let body = with(
        usual(),
        "/DeliveryTimeInformation",
        json!({"PackageBillType": "03", "Pickup": {"Date": "20240308", "Time": "1000"}}),
    );
    for path in [
        "v2409/Shoptimeintransit",
        "v2409/Shop?additionalinfo=timeintransit",
        "v2409/Shop?AdditionalInfo=TimeInTransit",
    ] {
        let answer = rated(&rating("default"), path, &body);
        let transit = &of_service(&answer, "01")["TimeInTransit"];
        let arrival = &transit["ServiceSummary"]["EstimatedArrival"];
        // Friday's parcel arrives on Monday.
        assert_eq!(transit["PickupDate"], "20240308", "{path}");
        assert_eq!(
            arrival["Arrival"],
            json!({"Date": "20240311", "Time": "103000"})
        );
        assert_eq!(arrival["BusinessDaysInTransit"], "1");
        assert_eq!(arrival["DayOfWeek"], "MON");
        assert_eq!(arrival["RestDays"], "2");
        assert_eq!(arrival["TotalTransitDays"], "3");
    }
}

#[test]
fn pickup_far_away_is_moved_to_today_with_an_alert() {
    let body = with(
        usual(),
        "/DeliveryTimeInformation",
        json!({"PackageBillType": "03", "Pickup": {"Date": "20230101"}}),
    );
    let answer = rated(
        &rating("default"),
        "v2409/Ratetimeintransit",
        &by(body, "03"),
    );
    let alerts = answer["RateResponse"]["Response"]["Alert"]
        .as_array()
        .expect("a list");
    assert!(alerts.iter().any(|alert| alert["Code"] == "111730"));
    assert_eq!(
        of_service(&answer, "03")["TimeInTransit"]["PickupDate"],
        "20240304"
    );
}

#[test]
fn guaranteed_delivery_is_absent_for_ground_only() {
    let answer = rated(&rating("default"), "v2409/Shop", &usual());
    assert!(
        of_service(&answer, "03")
            .get("GuaranteedDelivery")
            .is_none()
    );
    assert_eq!(
        of_service(&answer, "14")["GuaranteedDelivery"],
        json!({"BusinessDaysInTransit": "1", "DeliveryByTime": "8:30 A.M."})
    );
}

#[test]
fn shipments_abroad_are_rated_as_a_whole_in_the_currency_of_the_origin() {
    let mut body = usual();
    body["RateRequest"]["Shipment"]["Shipper"]["Address"] =
        json!({"PostalCode": "M5V 2T6", "StateProvinceCode": "ON", "CountryCode": "CA"});
    body["RateRequest"]["Shipment"]["Package"] = json!([package("3"), package("4")]);
    let answer = rated(&rating("default"), "v2403/Rate", &by(body, "11"));
    let rated = of_service(&answer, "11");
    assert_eq!(rated["TotalCharges"]["CurrencyCode"], "CAD");
    assert_ne!(rated["BaseServiceCharge"]["MonetaryValue"], "0.00");
    for parcel in rated["RatedPackage"].as_array().expect("two") {
        assert_eq!(parcel["TotalCharges"]["MonetaryValue"], "0.00");
        assert_eq!(parcel["BillingWeight"]["Weight"], "0.0");
    }
    assert_eq!(rated["BillingWeight"]["Weight"], "7.0");
}

#[test]
fn customer_context_comes_back() {
    let mut body = usual();
    body["RateRequest"]["Request"]["TransactionReference"] = json!({"CustomerContext": "a\"b"});
    let answer = rated(&rating("default"), "v2409/Shop", &body);
    let reference = &answer["RateResponse"]["Response"]["TransactionReference"];
    assert_eq!(reference["CustomerContext"], "a\"b");
    let answer = rated(&rating("default"), "v2409/Shop", &usual());
    assert_eq!(
        answer["RateResponse"]["Response"]["TransactionReference"],
        ""
    );
}

#[test]
fn puerto_rico_is_reached_as_a_place_of_its_own() {
    let body = request(("NC", "27703"), ("PR", "00901"), package("5"));
    let answer = rated(&rating("default"), "v2409/Shop", &body);
    let shipments = answer["RateResponse"]["RatedShipment"]
        .as_array()
        .expect("many");
    let mut codes: Vec<_> = shipments
        .iter()
        .filter_map(|r| r["Service"]["Code"].as_str())
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, ["01", "02", "03", "14"]);
}

#[test]
fn freight_has_no_time_in_transit_but_an_alert() {
    let rating = rating("default");
    let body = with(
        usual(),
        "/InvoiceLineTotal",
        json!({"MonetaryValue": "100"}),
    );
    let answer = rated(&rating, "v2409/Ratetimeintransit", &by(body.clone(), "75"));
    let shipment = of_service(&answer, "75");
    assert!(shipment.get("TimeInTransit").is_none());
    let alerts = shipment["RatedShipmentAlert"].as_array().expect("a list");
    assert!(alerts.iter().any(|alert| alert["Code"] == "111598"));
    let answer = rated(&rating, "v2409/Rate", &by(body, "75"));
    assert!(!answer.to_string().contains("111598"));
}

#[test]
fn heavy_and_long_packages_are_surcharged_with_an_alert() {
    let rating = rating("default");
    let codes = |weight: &str, length: &str| {
        let mut one = package(weight);
        one["Dimensions"] = json!({"UnitOfMeasurement": {"Code": "IN"},
            "Length": length, "Width": "5", "Height": "5"});
        let body = by(with(usual(), "/Package", one), "03");
        let answer = rated(&rating, "v2403/Rate", &body);
        let parcel = &of_service(&answer, "03")["RatedPackage"][0];
        let lines = parcel["ItemizedCharges"].as_array().expect("a list");
        let has = |code: &str| lines.iter().any(|line| line["Code"] == code);
        let alerted = answer.to_string().contains("119001");
        assert_eq!(has("100"), alerted, "{weight} {length}");
        (
            has("100"),
            has("377"),
            parcel["BillingWeight"]["Weight"].clone(),
        )
    };
    assert_eq!(codes("50", "48"), (false, false, json!("50.0")));
    assert_eq!(codes("50.1", "48"), (true, false, json!("51.0")));
    assert_eq!(codes("5", "49"), (true, false, json!("9.0")));
    assert_eq!(codes("5", "97"), (false, true, json!("90.0")));
}

#[test]
fn options_cost_what_the_tariff_says() {
    let rating = rating("default");
    let total = |body: &Value| {
        let answer = rated(&rating, "v2409/Rate", &by(body.clone(), "01"));
        cents(&of_service(&answer, "01")["TotalCharges"]["MonetaryValue"])
    };
    let plain = total(&usual());
    let shipment = |options: Value| total(&with(usual(), "/ShipmentServiceOptions", options));
    let parcel = |options: Value| total(&with(usual(), "/Package/PackageServiceOptions", options));
    let declared = |value: &str| parcel(json!({"DeclaredValue": {"MonetaryValue": value}}));
    assert_eq!(
        shipment(json!({"SaturdayDeliveryIndicator": ""})) - plain,
        1600
    );
    assert_eq!(
        shipment(json!({"SaturdayPickupIndicator": ""})) - plain,
        1600
    );
    assert_eq!(
        shipment(json!({"UPScarbonneutralIndicator": ""})) - plain,
        20
    );
    assert_eq!(
        parcel(json!({"DeliveryConfirmation": {"DCISType": "2"}})) - plain,
        690
    );
    assert_eq!(
        parcel(json!({"DeliveryConfirmation": {"DCISType": "3"}})) - plain,
        830
    );
    assert_eq!(parcel(json!({"COD": {"CODFundsCode": "0"}})) - plain, 2000);
    assert_eq!(declared("100") - plain, 0);
    assert_eq!(declared("100.01") - plain, 495);
    assert_eq!(declared("1000") - plain, 1650);
}

#[test]
fn recordings_decide_what_each_version_shows() {
    let rating = rating("default");
    let members = |value: &Value| -> Vec<String> {
        value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect()
    };
    let body = by(usual(), "03");
    let new = rated(&rating, "v2409/Rate", &body);
    let package = &of_service(&new, "03")["RatedPackage"][0];
    assert_eq!(members(package), ["ItemizedCharges", "Weight"]);
    assert_eq!(package["Weight"], "5.0");

    // Without a sub-version: the residential surcharge and the declared value, and only in v2205.
    let mut plain = with(
        body,
        "/ShipTo/Address/ResidentialAddressIndicator",
        json!(""),
    );
    plain["RateRequest"]["Request"] = json!({});
    let codes = |answer: &Value, pointer: &str| {
        let charges = of_service(answer, "03")
            .pointer(pointer)
            .cloned()
            .unwrap_or_default();
        let lines = charges.as_array().cloned().unwrap_or_else(|| vec![charges]);
        let codes = lines
            .iter()
            .filter_map(|line| line["Code"].as_str().map(str::to_owned));
        codes.collect::<Vec<_>>()
    };
    let old = rated(&rating, "v2205/Rate", &plain);
    assert_eq!(codes(&old, "/ItemizedCharges"), ["270"]);
    assert_eq!(codes(&old, "/RatedPackage/ItemizedCharges"), ["400"]);
    let other = rated(&rating, "v2403/Rate", &plain);
    assert!(codes(&other, "/ItemizedCharges").is_empty());

    // Rate without a service is Shop, in v2205 only.
    let all = rated(&rating, "v2205/Rate", &usual());
    assert!(
        all["RateResponse"]["RatedShipment"]
            .as_array()
            .expect("several")
            .len()
            > 5
    );
}

#[test]
fn indicators_that_are_false_or_null_are_off() {
    let rating = rating("default");
    let asked = |value: Value| {
        let options = json!({"SaturdayDeliveryIndicator": value});
        let body = by(with(usual(), "/ShipmentServiceOptions", options), "03");
        send(&rating, "v2409/Rate", body.to_string()).status
    };
    assert_eq!(asked(json!(false)), 200);
    assert_eq!(asked(json!(null)), 200);
    assert_eq!(asked(json!("")), 400);
    assert_eq!(asked(json!("N")), 400);
}

#[test]
fn base_of_negotiated_rates_is_written_as_the_setting_says() {
    use crate::config::{NegotiatedBase, Settings};
    let hot = Arc::<crate::hot_settings::HotSettings>::default();
    let tariff = Arc::new(super::Tariff::bundled("default").expect("bundled"));
    let rating = super::Rating::with_settings(tariff, Arc::clone(&hot));
    let body = with(
        by(usual(), "03"),
        "/ShipmentRatingOptions",
        json!({"NegotiatedRatesIndicator": ""}),
    );
    for (form, is_shown) in [
        (
            NegotiatedBase::Object,
            Value::is_object as fn(&Value) -> bool,
        ),
        (NegotiatedBase::List, Value::is_array),
        (NegotiatedBase::Absent, Value::is_null),
    ] {
        hot.set(&Settings {
            negotiated_base: form,
            ..Settings::default()
        });
        let answer = rated(&rating, "v2409/Rate", &body);
        let base = &of_service(&answer, "03")["NegotiatedRateCharges"]["BaseServiceCharge"];
        assert!(is_shown(base), "{form:?}: {base}");
    }
}
