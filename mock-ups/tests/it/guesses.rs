//! What nobody outside UPS knows is a setting; each of them does what it says.

use std::time::Duration;

use http::Method;
use mock_ups::{ErrorChange, MockUps, Settings, TransactionPrefix, UnparsableJson};
use serde_json::{Value, json};

use crate::client::{Answer, Call, get, post, shop, token};
use crate::refresh::{REDIRECT, approve, grant, parameter, refresh};

async fn with(change: impl FnOnce(&mut Settings)) -> MockUps {
    let builder = MockUps::builder().settings(change);
    builder.start().await.unwrap()
}

fn text<'a>(body: &'a Value, key: &str) -> &'a str {
    body[key]
        .as_str()
        .unwrap_or_else(|| panic!("no {key} in {body}"))
}

fn message(answer: &Answer) -> Value {
    answer.json()["response"]["errors"][0]["message"].clone()
}

#[tokio::test]
async fn older_access_tokens_live_on_unless_one_token_per_client() {
    for (one, expected) in [(false, 200), (true, 401)] {
        let ups = with(|settings| settings.one_token_per_client = one).await;
        let base = ups.base_url();
        let older = token(&base).await;
        let production = token(&ups.production_base_url()).await;
        let granted = grant(&base).await;
        let newer = token(&base).await;
        assert_eq!(shop(&base, &older).send().await.status, expected);
        assert_eq!(shop(&base, &newer).send().await.status, 200);
        // Neither those of the other environment nor those of a user's grant.
        let production = shop(&ups.production_base_url(), &production).send().await;
        assert_eq!(production.status, 200);
        let granted = shop(&base, text(&granted, "access_token")).send().await;
        assert_eq!(granted.status, 200);
    }
}

#[tokio::test]
async fn grant_ends_sixty_days_after_the_consent_unless_a_refresh_extends_it() {
    let ups = with(|settings| settings.refresh_extends_grant = false).await;
    let base = ups.base_url();
    ups.freeze();
    let tokens = grant(&base).await;
    ups.advance(Duration::from_secs(5_000_000));
    let tokens = refresh(&base, text(&tokens, "refresh_token"))
        .send()
        .await
        .json();
    assert_eq!(text(&tokens, "refresh_token_expires_in"), "183999");
    ups.advance(Duration::from_secs(184_000));
    let refused = refresh(&base, text(&tokens, "refresh_token")).send().await;
    assert_eq!(refused.error(), (400, "10400".to_owned()));
}

#[tokio::test]
async fn refresh_count_counts_or_stays_zero() {
    for (counts, expected) in [(true, "2"), (false, "0")] {
        let ups = with(|settings| {
            settings.legacy_token_shape = true;
            settings.refresh_count_increments = counts;
        })
        .await;
        let base = ups.base_url();
        let mut tokens = grant(&base).await;
        for _ in 0..2 {
            tokens = refresh(&base, text(&tokens, "refresh_token"))
                .send()
                .await
                .json();
        }
        assert_eq!(text(&tokens, "refresh_count"), expected);
    }
}

#[tokio::test]
async fn codes_have_the_set_length_and_work_once_or_more_often() {
    for (once, length, expected) in [(true, 40, 400), (false, 7, 200)] {
        let ups = with(|settings| {
            settings.codes_work_once = once;
            settings.code_length = length;
        })
        .await;
        let base = ups.base_url();
        let code = parameter(&approve(&base, &[]).await, "code").expect("a code");
        assert_eq!(code.len(), usize::from(length));
        let exchange = || {
            post(format!("{base}/security/v1/oauth/token"))
                .basic("mock-client", "mock-secret")
                .form(&[
                    ("grant_type", "authorization_code"),
                    ("code", &code),
                    ("redirect_uri", REDIRECT),
                ])
        };
        assert_eq!(exchange().send().await.status, 200);
        assert_eq!(exchange().send().await.status, expected);
    }
}

#[tokio::test]
async fn refusal_and_foreign_redirects_follow_the_settings() {
    let ups = with(|settings| {
        settings.refused_consent = "user_said_no".to_owned();
        settings.https_redirects_only = false;
    })
    .await;
    let uri = "app.example:/callback";
    assert!(ups.add_redirect_uri("mock-client", uri));
    let refuse = || {
        post(format!("{}/lasso/signin", ups.base_url())).form(&[
            ("client_id", "mock-client"),
            ("redirect_uri", uri),
            ("user", "merchant"),
            ("password", "parcel-1"),
            ("decision", "refuse"),
        ])
    };
    let answer = refuse().send().await;
    assert_eq!(
        answer.header("location"),
        "app.example:/callback?error=user_said_no"
    );
    ups.change_settings(|settings| settings.https_redirects_only = true);
    assert_eq!(refuse().send().await.status, 400);
}

#[tokio::test]
async fn unparsable_json_is_answered_as_set_and_control_characters_as_ever() {
    for (setting, expected) in [
        (UnparsableJson::Empty, 200),
        (UnparsableJson::BadRequest, 400),
    ] {
        let ups = with(|settings| settings.unparsable_json = setting).await;
        let base = ups.base_url();
        let token = token(&base).await;
        for path in [
            "rating/v2409/Shop",
            "shipments/v2409/ship",
            "addressvalidation/v2/1",
        ] {
            let send = |body: &'static str| {
                post(format!("{base}/api/{path}"))
                    .bearer(&token)
                    .body(body)
                    .send()
            };
            let broken = send("{\"RateRequest\":").await;
            assert_eq!(broken.status, expected, "{path}");
            let code = if expected == 200 { "1" } else { "10001" };
            assert_eq!(broken.header("apierrorcode"), code);
            let control = send("{\"a\":\"\\b\"}").await;
            assert_eq!(
                (control.status.as_u16(), control.header("apierrorcode")),
                (200, "1")
            );
        }
    }
}

/// A shipment's id.
async fn ship(base: &str, token: &str) -> String {
    let address = json!({"AddressLine": ["1 Main St"], "City": "Durham", "StateProvinceCode": "NC",
        "PostalCode": "27703", "CountryCode": "US"});
    let body = json!({"ShipmentRequest": {
        "Request": {"RequestOption": "nonvalidate",
            "TransactionReference": {"CustomerContext": "c"}},
        "Shipment": {
            "Shipper": {"Name": "Acme", "ShipperNumber": "A1B2C3", "Address": address},
            "ShipTo": {"Name": "Jane", "Address": address},
            "Service": {"Code": "03"},
            "PaymentInformation": {"ShipmentCharge": {"Type": "01",
                "BillShipper": {"AccountNumber": "A1B2C3"}}},
            "Package": [{"Packaging": {"Code": "02"},
                "PackageWeight": {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "5"}}],
        },
        "LabelSpecification": {"LabelImageFormat": {"Code": "ZPL"},
            "LabelStockSize": {"Height": "6", "Width": "4"}},
    }});
    let url = format!("{base}/api/shipments/v2409/ship");
    let answer = post(url)
        .bearer(token)
        .header("transid", "mine")
        .json(&body)
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let response = &answer.json()["ShipmentResponse"];
    let transaction = &response["Response"]["TransactionReference"]["TransactionIdentifier"];
    assert_eq!(
        transaction,
        answer.header("bkndtransid"),
        "not the client's own"
    );
    let id = &response["ShipmentResults"]["ShipmentIdentificationNumber"];
    id.as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn void_period_is_the_set_one() {
    let ups = with(|settings| {
        settings.void_days = 2;
        settings.access_token_lifetime = 1_000_000;
    })
    .await;
    let base = ups.base_url();
    ups.freeze();
    let token = token(&base).await;
    let (early, late) = (ship(&base, &token).await, ship(&base, &token).await);
    let void = |id: String| {
        let url = format!("{base}/api/shipments/v2409/void/cancel/{id}");
        Call::new(Method::DELETE, url).bearer(&token).send()
    };
    ups.advance(Duration::from_secs(2 * 86_400));
    assert_eq!(void(early).await.status, 200);
    ups.advance(Duration::from_secs(1));
    assert_eq!(void(late).await.error(), (400, "190101".to_owned()));
}

#[tokio::test]
async fn test_environment_tracks_own_shipments_unless_told_not_to() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let token = token(&base).await;
    let id = ship(&base, &token).await;
    let track = |number: &str| {
        get(format!("{base}/api/track/v1/details/{number}"))
            .bearer(&token)
            .header("transid", "t")
            .header("transactionsrc", "s")
            .send()
    };
    assert!(track(&id).await.text().contains("currentStatus"));
    ups.change_settings(|settings| settings.test_shipments_are_tracked = false);
    assert!(track(&id).await.text().contains("TW0001"));
    assert!(
        track("1Z12345E0205271688")
            .await
            .text()
            .contains("currentStatus")
    );
    let reference = get(format!("{base}/api/track/v1/shipment/details/{id}"));
    let reference = reference
        .bearer(&token)
        .header("transid", "t")
        .header("transactionsrc", "s");
    assert!(reference.send().await.text().contains("TW0001"));
}

#[tokio::test]
async fn transaction_ids_begin_as_set_per_environment() {
    let ups = MockUps::start().await.unwrap();
    let transaction = async |base: String| {
        let token = token(&base).await;
        let answer = shop(&base, &token).header("transid", "mine").send().await;
        let transaction = answer.header("bkndtransid").to_owned();
        assert_eq!(transaction.len(), 22);
        transaction
    };
    assert!(transaction(ups.base_url()).await.starts_with("ciewssoas"));
    assert!(
        transaction(ups.production_base_url())
            .await
            .starts_with("0000000")
    );
    ups.change_settings(|settings| {
        settings.transaction_prefix = TransactionPrefix::Iewssoat;
        settings.production_transaction_prefix = TransactionPrefix::Xwssoat;
    });
    assert!(transaction(ups.base_url()).await.starts_with("iewssoat"));
    assert!(
        transaction(ups.production_base_url())
            .await
            .starts_with("xwssoat")
    );
}

#[tokio::test]
async fn errors_change_by_code_or_by_code_and_text() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let token = token(&base).await;
    ups.change_settings(|settings| {
        let mut set = |key: &str, change| settings.errors.0.insert(key.to_owned(), change);
        set("190102", ErrorChange::message("gone"));
        set(
            "10400 Invalid Redirect URL",
            ErrorChange {
                status: Some(401),
                ..ErrorChange::message("Wrong URL")
            },
        );
        set(
            "404",
            ErrorChange {
                status: Some(400),
                code: Some("9".into()),
                message: None,
            },
        );
        set(
            "TV1001",
            ErrorChange {
                code: Some("10410".into()),
                ..ErrorChange::default()
            },
        );
    });
    let url = format!("{base}/api/shipments/v2409/void/cancel/1Z12345E6605272234");
    let void = Call::new(Method::DELETE, url).bearer(&token).send().await;
    assert_eq!(message(&void), "gone");
    assert_eq!(void.header("apierrormsg"), "gone");
    assert_eq!(void.status, 400);

    let unknown = get(format!("{base}/nowhere")).send().await;
    assert_eq!(unknown.error(), (400, "9".to_owned()));
    assert_eq!(message(&unknown), "Not Found");

    let track = get(format!("{base}/api/track/v1/details/1Z12345E0205271688")).bearer(&token);
    assert_eq!(track.send().await.error(), (400, "10410".to_owned()));

    let query = "client_id=mock-client&redirect_uri=https://x.example/&response_type=code";
    let authorize = get(format!("{base}/security/v1/oauth/authorize?{query}"))
        .send()
        .await;
    assert_eq!(authorize.status, 401);
    assert_eq!(message(&authorize), "Wrong URL");
    assert_eq!(authorize.header("errordescription"), "Wrong URL");
    let missing = post(format!("{base}/security/v1/oauth/token")).send().await;
    assert_eq!(missing.error(), (400, "10400".to_owned()));
    assert_eq!(message(&missing), "Invalid/Missing Authorization Header");
}

#[tokio::test]
async fn settings_are_patched_by_the_names_of_the_documents() {
    let ups = MockUps::start().await.unwrap();
    let url = format!("{}/__mock/settings", ups.base_url());
    let patch = |body: Value| Call::new(Method::PATCH, &url).json(&body).send();
    let answer = patch(json!({
        "unparsable_json": "10001", "production_transaction_prefix": "ciewssoas",
        "errors": { "404": "nothing here" },
    }))
    .await;
    assert_eq!(answer.json()["errors"]["404"]["message"], "nothing here");
    let settings = ups.settings();
    assert_eq!(settings.unparsable_json, UnparsableJson::BadRequest);
    assert_eq!(
        settings.production_transaction_prefix,
        TransactionPrefix::Ciewssoas
    );
    for wrong in [
        json!({ "errors": { "404": { "status": 1000 } } }),
        json!({ "transaction_prefix": "other" }),
        json!({ "void_days": -1 }),
    ] {
        assert_eq!(patch(wrong.clone()).await.status, 400, "{wrong}");
    }
}

/// A login's token rates for the accounts of its user; client credentials for any number.
#[tokio::test]
async fn login_rates_for_its_own_shipper_numbers_only_if_so_set() {
    for (refuses, expected) in [(true, 400), (false, 200)] {
        let ups = with(|settings| {
            settings.refuse_foreign_shipper_numbers = refuses;
            settings.refuse_foreign_accounts = refuses;
        })
        .await;
        let base = ups.base_url();
        let login = grant(&base).await;
        let login = text(&login, "access_token");
        assert_eq!(shop(&base, login).send().await.status, 200);
        let foreign = |token: &str| {
            let body = crate::client::shop_body().to_string();
            let body: Value = body.replace("A1B2C3", "X9Y8Z7").parse().expect("JSON");
            post(format!("{base}/api/rating/v2409/Shop"))
                .bearer(token)
                .json(&body)
        };
        let answer = foreign(login).send().await;
        assert_eq!(answer.status, expected);
        if refuses {
            assert_eq!(message(&answer), "Missing or Invalid Shipper Number.");
        }
        let owners = foreign(&token(&base).await).send().await;
        assert_eq!(owners.status, expected);
    }
}

#[tokio::test]
async fn edge_fields_are_on_the_apis_answers_if_asked_for() {
    for asked in [false, true] {
        let ups = with(|settings| settings.edge_fields = asked).await;
        let base = ups.base_url();
        let token = token(&base).await;
        for answer in [
            shop(&base, &token).send().await,
            shop(&base, "no token").send().await,
        ] {
            assert_eq!(answer.headers.contains_key("expires"), asked);
            assert_eq!(
                answer.header("x-request-id").len(),
                if asked { 36 } else { 0 }
            );
            assert_eq!(
                answer.header("content-type"),
                "application/json;charset=UTF-8"
            );
        }
        let twice = async || {
            shop(&base, &token)
                .send()
                .await
                .header("x-request-id")
                .to_owned()
        };
        assert_eq!(twice().await == twice().await, !asked);
    }
}

#[tokio::test]
async fn app_may_be_known_in_one_environment_only() {
    let mut data = mock_ups::SeedData::default();
    data.apps[0].environments = Some(vec![mock_ups::api::Environment::Production]);
    let ups = MockUps::builder().data(data).start().await.unwrap();
    token(&ups.production_base_url()).await;
    let refused = crate::client::token_request(&ups.base_url()).send().await;
    assert_eq!(refused.error(), (401, "10401".to_owned()));
    let query = "client_id=mock-client&redirect_uri=http://127.0.0.1:8081/oauth/callback";
    let authorize = |base: String| {
        get(format!(
            "{base}/security/v1/oauth/authorize?{query}&response_type=code"
        ))
        .send()
    };
    assert_eq!(
        authorize(ups.base_url()).await.error(),
        (401, "10401".to_owned())
    );
    assert_eq!(authorize(ups.production_base_url()).await.status, 302);
}
