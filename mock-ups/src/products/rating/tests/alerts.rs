//! Alerts that change what is charged: another class of address, another payer.

use serde_json::{Value, json};

use super::{by, cents, of_service, package, rated, rating, request, usual, with};

/// The alerts of the one rated shipment, which are those of the answer, too.
fn alerts(answer: &Value) -> Vec<&str> {
    let codes = |list: &'_ Value| -> Vec<String> {
        let alerts = list.as_array().expect("a list").iter();
        alerts.map(|alert| alert["Code"].to_string()).collect()
    };
    let rated = &answer["RateResponse"]["RatedShipment"][0]["RatedShipmentAlert"];
    let all = &answer["RateResponse"]["Response"]["Alert"];
    assert_eq!(codes(rated), codes(all));
    let alerts = rated.as_array().expect("a list").iter();
    alerts.filter_map(|alert| alert["Code"].as_str()).collect()
}

#[test]
fn known_business_that_is_sent_as_a_residence_is_charged_as_a_business() {
    let rating = rating("default");
    let to = |line: &str, residence: bool| {
        let body = request(("NC", "27703"), ("NY", "10118"), package("5"));
        let body = with(body, "/ShipTo/Address/AddressLine", json!([line]));
        let body = with(body, "/ShipTo/Address/City", json!("New York"));
        if residence {
            with(
                body,
                "/ShipTo/Address/ResidentialAddressIndicator",
                json!(""),
            )
        } else {
            body
        }
    };
    let rate = |body: Value| rated(&rating, "v2409/Rate", &by(body, "03"));
    let total = |answer: &Value| cents(&of_service(answer, "03")["TotalCharges"]["MonetaryValue"]);
    let business = rate(to("350 Fifth Avenue", false));
    let corrected = rate(to("350 5th Ave", true));
    let unknown = rate(to("1 Unknown Lane", true));
    assert_eq!(alerts(&business), ["110971"]);
    assert_eq!(alerts(&corrected), ["110971", "110920"]);
    assert_eq!(alerts(&unknown), ["110971"]);
    assert_eq!(total(&corrected), total(&business));
    assert!(total(&unknown) > total(&business));
}

#[test]
fn rates_of_another_payer_need_that_payer_and_the_right_to_them() {
    let rating = rating("default");
    let ask = |payment: Value| {
        let options = json!({"TPFCNegotiatedRatesIndicator": "Y"});
        let body = with(usual(), "/ShipmentRatingOptions", options);
        let charge = json!({"ShipmentCharge": [payment]});
        let body = with(body, "/PaymentDetails", charge);
        rated(&rating, "v2409/Rate", &by(body, "03"))
    };
    let negotiated = |answer: &Value| {
        let rated = of_service(answer, "03");
        rated["NegotiatedRateCharges"].is_object()
    };
    let payer = |kind: &str, account: &str| json!({"Type": "01", kind: {"AccountNumber": account}});

    let own = ask(payer("BillShipper", "A1B2C3"));
    assert_eq!(
        (alerts(&own), negotiated(&own)),
        (vec!["110971", "120910"], false)
    );
    for kind in ["BillThirdParty", "BillReceiver"] {
        let granted = ask(payer(kind, "A1B2C3"));
        assert_eq!(
            (alerts(&granted), negotiated(&granted)),
            (vec!["110971"], true)
        );
        for account in ["D4E5F6", "X9Y8Z7", ""] {
            let refused = ask(payer(kind, account));
            let expected = (vec!["110971", "120911"], false);
            assert_eq!(
                (alerts(&refused), negotiated(&refused)),
                expected,
                "{account}"
            );
        }
    }
}

/// As recorded: some alerts read differently at the shipment.
#[test]
fn changed_pickup_date_has_two_texts() {
    let information = json!({"PackageBillType": "03", "Pickup": {"Date": "20200101"}});
    let body = with(by(usual(), "03"), "/DeliveryTimeInformation", information);
    let answer = rated(&rating("default"), "v2409/Ratetimeintransit", &body);
    let text = |list: &Value| {
        let mut alerts = list.as_array().expect("a list").iter();
        let found = alerts.find(|alert| alert["Code"] == "111730");
        found.expect("the alert")["Description"].clone()
    };
    let response = &answer["RateResponse"];
    assert_eq!(
        text(&response["Response"]["Alert"]),
        "Invalid Date. Changed to today's date"
    );
    let shipment = &response["RatedShipment"][0]["RatedShipmentAlert"];
    assert_eq!(text(shipment), "Invalid Date. Changed the pickup date");
}
