//! Carriers that want a second credential on some operations.

use super::{
    rows::{AMAZON_RESTRICTED, USPS, USPS_WITHOUT_LABELS},
    world::Carrier,
};
use bytes::Bytes;
use http::Request;
use mock_carrier::Fault;
use serde_json::Value;
use tests::Answer;

const PAYMENT: &str = "x-payment-authorization-token";

/// Asks for a label, with a payment authorization of the app's own.
async fn label(carrier: &Carrier) -> Answer {
    let request = Request::post("/usps/labels/v3/label")
        .header("content-type", "application/json")
        .header(PAYMENT, "of-the-app")
        .body(Bytes::from("{}"));
    carrier.world.app.send(request.expect("a request")).await
}

/// What an operator sees of the slot.
async fn slot(carrier: &Carrier) -> Value {
    let command = ["token", "show", "parcels", "--json"];
    let done = carrier.gateway().waybill("", &command).await;
    let mut view: Value = serde_json::from_str(&done.stdout).expect("JSON");
    view["slots"][0].take()
}

/// What the doctor says of the slot.
async fn diagnosed(carrier: &Carrier) -> Value {
    let command = ["doctor", "parcels", "--json"];
    let done = carrier.gateway().waybill("", &command).await;
    let mut report: Value = serde_json::from_str(&done.stdout).expect("JSON");
    let checks = report["checks"].as_array_mut().expect("a list");
    let found = checks
        .iter_mut()
        .find(|check| check["name"] == "slot payment");
    found.expect("a check of the slot").take()
}

#[tokio::test]
async fn doctor_names_a_slot_that_failed_and_what_to_do() {
    let carrier = Carrier::start(&USPS).await;
    let check = diagnosed(&carrier).await;
    assert_eq!(check["verdict"], "ok", "{check}");
    let carrier = Carrier::with(&USPS, |mock| mock.secret("crid", "87654321")).await;
    let check = diagnosed(&carrier).await;
    assert_eq!(check["verdict"], "failure", "{check}");
    for (key, words) in [
        ("message", "labels.create"),
        ("message", "crid is enrolled"),
        ("remedy", "waybill token renew parcels"),
    ] {
        let said = check[key].as_str().unwrap_or_default();
        assert!(said.contains(words), "{key}: {check}");
    }
}

#[tokio::test]
async fn slot_that_the_account_does_not_ask_for_is_no_failure() {
    let carrier = Carrier::start(&USPS_WITHOUT_LABELS).await;
    let check = diagnosed(&carrier).await;
    assert_eq!(check["verdict"], "skipped", "{check}");
    assert!(carrier.mock.requests_to("payment").is_empty());
    let form = carrier.mock.requests_to("token");
    assert!(form[0].body.starts_with(b"grant_type="), "{form:?}");
}

#[tokio::test]
async fn label_carries_the_payment_authorization_and_a_price_does_not() {
    let carrier = Carrier::start(&USPS).await;
    let answer = label(&carrier).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(carrier.call().await.status(), 200);
    let labels = carrier.mock.requests_to("labels");
    assert_eq!(labels[0].headers.get_all(PAYMENT).iter().count(), 1);
    assert!(labels[0].field(PAYMENT).starts_with("usps-payment-"));
    assert_eq!(carrier.mock.requests_to("prices")[0].field(PAYMENT), "");
    let slot = slot(&carrier).await;
    assert!(
        slot["name"] == "payment" && slot["usable_until"].is_string(),
        "{slot}"
    );
    // One for all labels.
    assert_eq!(label(&carrier).await.status(), 200);
    assert_eq!(carrier.mock.requests_to("payment").len(), 1);
}

#[tokio::test]
async fn refused_roles_fail_labels_only_and_say_whose_turn_it_is() {
    let carrier = Carrier::with(&USPS, |mock| mock.secret("crid", "87654321")).await;
    assert_eq!(carrier.call().await.status(), 200);
    let answer = label(&carrier).await;
    assert_eq!(answer.status(), 503, "{}", answer.text());
    assert_eq!(answer.field("waybill-error"), "misconfigured");
    for words in ["labels.create", "slot payment", "crid is enrolled"] {
        assert!(answer.text().contains(words), "{words}: {}", answer.text());
    }
    assert!(carrier.mock.requests_to("labels").is_empty());
    let slot = slot(&carrier).await;
    let message = slot["message"].as_str().unwrap_or_default();
    assert!(message.contains("crid is enrolled"), "{slot}");
    assert_eq!(carrier.mock.requests_to("payment").len(), 1);
}

#[tokio::test]
async fn odd_payment_answer_leaves_prices_alone() {
    for fault in [Fault::Html(403), Fault::Reset] {
        let carrier = Carrier::start(&USPS).await;
        carrier.mock.set_fault("payment", Some(fault));
        // The gateway may have obtained both at its start.
        carrier.mock.forget_tokens();
        assert_eq!(carrier.call().await.status(), 200, "{fault:?}");
        let answer = label(&carrier).await;
        assert_eq!(
            answer.field("waybill-error"),
            "token_unavailable",
            "{fault:?}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn payment_authorization_that_is_refused_is_renewed_once() {
    let carrier = Carrier::start(&USPS).await;
    assert_eq!(label(&carrier).await.status(), 200);
    carrier.mock.forget_tokens();
    let answer = label(&carrier).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(carrier.mock.requests_to("payment").len(), 2);
}

#[tokio::test]
async fn restricted_data_token_stands_in_for_the_access_token() {
    let carrier = Carrier::start(&AMAZON_RESTRICTED).await;
    let answer = carrier.call().await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let seen = &carrier.mock.requests_to("address")[0];
    let tokens: Vec<_> = seen.headers.get_all("x-amz-access-token").iter().collect();
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    assert!(
        seen.field("x-amz-access-token")
            .starts_with("amazon-shipping-restricted-")
    );
}
