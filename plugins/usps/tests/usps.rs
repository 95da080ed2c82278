//! USPS: the token requests, the consent, the payment authorization, what each answer means, the conformance
//! suite, the stand-in.
#![cfg(test)]

use http::Method;
use plugins_conformance::ScriptedResponse;
use plugins_sdk::{
    Class, Credential, Error, Grant, Reason,
    testing::{Expect, Network, Reply, Script, network, post, response},
};
use plugins_testkit::{
    StandIn, answered, answers_have_their_class, code_exchange, conforms, consent_url, fields_of,
    manifest, odd_answers, refusal, slot_failures, slot_of,
};
use plugins_usps::{MANIFEST, PAYMENT, Usps};
use serde_json::{Value, json};
use std::time::Duration;

const TOKEN: &str = r#"{"access_token":"planted-token","token_type":"Bearer","issued_at":1767225600000,"expires_in":28799,"status":"approved","scope":"addresses labels"}"#;
const PAID: &str = r#"{"paymentAuthorizationToken":"planted-payment","roles":[]}"#;

fn config() -> Value {
    json!({"environment": "test", "client_id": "id", "client_secret": "planted-secret"})
}

fn with(pairs: &[(&str, &str)]) -> Value {
    let mut config = config();
    for (key, value) in pairs {
        config[*key] = (*value).into();
    }
    config
}

/// An account that buys labels.
fn paying() -> Value {
    with(&[
        ("crid", "12345678"),
        ("mid", "903000000"),
        ("account_type", "EPS"),
        ("account_number", "1000405525"),
    ])
}

fn consenting() -> Value {
    with(&[("grant", "authorization_code")])
}

fn token_request() -> Expect {
    post("/oauth2/v3/token")
}

fn payment_request() -> Expect {
    post("/payments/v3/payment-authorization")
}

/// The content is this JSON.
fn json_body(expect: Expect, wanted: Value) -> Expect {
    expect.check(move |request| {
        let body: Value = serde_json::from_slice(request.body()).map_err(|e| e.to_string())?;
        if body == wanted {
            return Ok(());
        }
        Err(format!("{wanted} was expected, {body} came"))
    })
}

fn run(script: Script, config: &Value) -> Result<Credential, Error> {
    script.run::<Usps>(&config.to_string())
}

#[test]
fn token_request_is_json_and_on_wish_a_form() {
    let wanted = json!({"grant_type": "client_credentials", "client_id": "id", "client_secret": "planted-secret"});
    let request = json_body(token_request(), wanted)
        .origin("https://apis-tem.usps.com")
        .header("content-type", "application/json")
        .no_header("authorization");
    let script = answered(request, TOKEN);
    let credential = run(script, &config()).expect("a token");
    assert_eq!(
        fields_of(&credential),
        [("authorization".into(), "Bearer planted-token".into())]
    );
    assert_eq!(credential.lifetime(), Some(Duration::from_secs(28_799)));

    let form =
        "grant_type=client_credentials&client_id=id&client_secret=planted-secret&scope=labels";
    let request = token_request()
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let script = answered(request, TOKEN);
    let config = with(&[("token_request", "form"), ("scope", "labels")]);
    let _ = run(script, &config).expect("a token");
}

#[test]
fn account_without_roles_serves_everything_but_labels() {
    let script = answered(token_request(), TOKEN);
    let credential = run(script, &config()).expect("a token");
    let outcome = slot_of(&credential, PAYMENT);
    let error = outcome.as_ref().expect_err("no roles");
    assert_eq!(error.class(), Class::Config);
    assert!(error.message().contains("crid"), "{error}");
}

#[test]
fn roles_bring_the_payment_authorization() {
    let role = |name: &str| {
        json!({"roleName": name, "CRID": "12345678", "MID": "903000000", "manifestMID": "903000000",
            "accountType": "EPS", "accountNumber": "1000405525"})
    };
    let wanted = json!({"roles": [role("PAYER"), role("LABEL_OWNER")]});
    let request =
        json_body(payment_request(), wanted).header("authorization", "Bearer planted-token");
    let script = answered(token_request(), TOKEN);
    let credential = run(script.expect(request).reply(response(200, PAID)), &paying());
    let credential = credential.expect("a token");
    let outcome = slot_of(&credential, PAYMENT);
    let fields = outcome.as_ref().expect("fields");
    let header: Vec<_> = fields.headers().collect();
    assert_eq!(
        header,
        [("x-payment-authorization-token", &b"planted-payment"[..])]
    );
    assert_eq!(fields.lifetime(), Some(Duration::from_secs(50 * 60)));
}

#[test]
fn payer_may_be_another_business_and_pay_by_permit() {
    let mut config = paying();
    for (key, value) in [
        ("account_type", "PERMIT"),
        ("permit_zip", "20260"),
        ("manifest_mid", "903000001"),
        ("payer_crid", "87654321"),
        ("payer_mid", "902000000"),
    ] {
        config[key] = value.into();
    }
    let payer = json!({"roleName": "PAYER", "CRID": "87654321", "MID": "902000000", "manifestMID": "902000000",
        "accountType": "PERMIT", "accountNumber": "1000405525", "permitZIP": "20260"});
    let owner = json!({"roleName": "LABEL_OWNER", "CRID": "12345678", "MID": "903000000", "manifestMID": "903000001"});
    let request = json_body(payment_request(), json!({"roles": [payer, owner]}));
    let script = answered(token_request(), TOKEN);
    let credential = run(script.expect(request).reply(response(200, PAID)), &config);
    assert!(
        credential
            .expect("a token")
            .slot_outcome(PAYMENT)
            .is_some_and(Result::is_ok)
    );
}

#[test]
fn payment_that_fails_leaves_the_token() {
    let refused = r#"{"body":"CRID isn't enrolled planted","roles":[]}"#;
    let html = || response(403, "<html>planted</html>").header("content-type", "text/html");
    let cases: [(Reply, Class); 11] = [
        (response(400, refused), Class::Config),
        (response(404, refused), Class::Config),
        (response(401, "{}"), Class::Rejected),
        (html(), Class::Protocol),
        (response(200, ""), Class::Protocol),
        (response(200, "{}"), Class::Protocol),
        (
            response(200, r#"{"paymentAuthorizationToken":7}"#),
            Class::Protocol,
        ),
        (
            response(429, "{}").header("retry-after", "90"),
            Class::Transient,
        ),
        (response(500, "<html>planted</html>"), Class::Transient),
        (network(Network::Timeout), Class::Transient),
        (network(Network::Connect), Class::Transient),
    ];
    let token = || answered(token_request(), TOKEN);
    let failures = slot_failures::<Usps>(&paying(), token, (PAYMENT, payment_request), cases);
    for (number, error) in failures.iter().enumerate() {
        let wait = error.retry_after().map(|wait| wait.as_secs());
        assert_eq!(wait, (number == 7).then_some(90), "case {number}");
    }
}

/// A login's answer with that refresh token.
fn login(more: &str) -> Reply {
    response(200, TOKEN.replace('}', &format!(",{more}}}")))
}

fn presenting(reply: Reply) -> Script {
    let wanted = json!({"grant_type": "refresh_token", "client_id": "id", "client_secret": "planted-secret",
        "refresh_token": "planted-old"});
    Script::new()
        .reason(Reason::Refresh)
        .state(br#"{"v":1,"refresh_token":"planted-old"}"#)
        .expect(json_body(token_request(), wanted))
        .reply(reply)
}

#[test]
fn code_is_exchanged_for_a_refresh_token_of_seven_days() {
    let wanted = json!({"grant_type": "authorization_code", "client_id": "id", "client_secret": "planted-secret",
        "code": "planted-code", "redirect_uri": "https://waybill.example/consent"});
    let script = code_exchange(
        json_body(token_request(), wanted),
        login(r#""refresh_token":"planted-new","refresh_token_status":"approved""#),
    );
    let credential = run(script, &consenting()).expect("a login");
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    assert_eq!(
        credential.grant_change(),
        Grant::Replaced {
            lifetime: Some(week)
        }
    );
    assert_eq!(
        credential.kept_state(),
        br#"{"v":1,"refresh_token":"planted-new"}"#
    );
}

#[test]
fn refresh_token_is_replaced_kept_or_gone_as_the_answer_says() {
    let new = |more: &str| login(&format!(r#""refresh_token":"planted-new"{more}"#));
    let lifetime = Some(Duration::from_secs(604_799));
    for (reply, grant, state) in [
        (
            new(
                r#","refresh_token_expires_in":604799,"refresh_token_issued_at":1767225600000,"refresh_count":3"#,
            ),
            Grant::Replaced { lifetime },
            "planted-new",
        ),
        (
            new(r#","refresh_token_expires_in":"604799""#),
            Grant::Replaced { lifetime },
            "planted-new",
        ),
        (new(r#","refresh_token_status":"Unknown""#), Grant::Gone, ""),
        (response(200, TOKEN), Grant::Kept, "planted-old"),
        (
            login(r#""refresh_token":"planted-old""#),
            Grant::Kept,
            "planted-old",
        ),
        // An odd lifetime must not cost the login.
        (
            response(
                200,
                r#"{"access_token":"planted-token","token_type":"Bearer","expires_in":0}"#,
            ),
            Grant::Kept,
            "planted-old",
        ),
    ] {
        let credential = run(presenting(reply), &consenting()).expect("a token");
        assert_eq!(credential.grant_change(), grant);
        let kept = String::from_utf8_lossy(credential.kept_state()).into_owned();
        assert!(
            kept.contains(state) && kept.is_empty() == state.is_empty(),
            "{kept}"
        );
    }
}

#[test]
fn refused_refresh_token_needs_a_person_and_a_full_quota_does_not() {
    let dead = r#"{"error":"invalid_refresh_token","refresh_token_status":"Unknown"}"#;
    let error = run(presenting(response(401, dead)), &consenting()).expect_err("refused");
    assert_eq!(error.class(), Class::Interaction);
    assert!(error.is_grant_refused());
    let reply = response(429, "{}").header("retry-after", "1800");
    let error = run(presenting(reply), &consenting()).expect_err("a quota");
    assert_eq!(
        (error.class(), error.retry_after()),
        (Class::Transient, Some(Duration::from_secs(1800)))
    );
    assert!(error.is_grant_unharmed());
    // A server error may come after the token was used up.
    let error = run(presenting(response(500, "{}")), &consenting()).expect_err("trouble");
    assert!(!error.is_grant_unharmed() && !error.is_grant_refused());
    let error = run(Script::new(), &consenting()).expect_err("no login yet");
    assert_eq!(error.class(), Class::Interaction);
}

#[test]
fn consent_begins_at_the_onboarding_portal() {
    let mut config = consenting();
    config["platform"] = "Shop".into();
    let url = consent_url::<Usps>(&config).expect("a URL");
    assert!(
        url.starts_with(
            "https://cop-tem.usps.com/cop-navigator?wf=apis_merchant_user&platform=Shop&"
        ),
        "{url}"
    );
    for part in [
        "client_id=id",
        "state=planted-state",
        "redirect_uri=https%3A%2F%2Fwaybill.example%2Fconsent",
    ] {
        assert!(url.contains(part), "{part}: {url}");
    }
    let error = consent_url::<Usps>(&self::config()).expect_err("client credentials");
    assert_eq!(error.class(), Class::Config);
}

#[test]
fn token_errors_are_read_by_their_codes() {
    let answers = [
        (401, "invalid_client", Class::Rejected),
        (400, "unauthorized_client", Class::Rejected),
        (400, "invalid_request", Class::Config),
        (400, "invalid_scope", Class::Config),
        (400, "a_new_code", Class::Config),
        (503, "invalid_client", Class::Transient),
    ];
    let answers = answers.map(|(status, code, class)| {
        let body = json!({"error": code, "error_description": "planted"}).to_string();
        (format!("{status} {code}"), response(status, body), class)
    });
    answers_have_their_class::<Usps>(&config(), token_request, answers);
    let pending = TOKEN.replace("approved", "revoked");
    let script = Script::new()
        .expect(token_request())
        .reply(response(200, pending));
    assert_eq!(
        run(script, &config()).expect_err("revoked").class(),
        Class::Rejected
    );
}

#[test]
fn odd_answers_are_no_tokens() {
    odd_answers::<Usps>(&config(), token_request, TOKEN, Some("/expires_in"));
}

#[test]
fn mistakes_are_named_as_usps_calls_the_field() {
    for (key, value, called) in [
        ("client_id", "", "Consumer Key"),
        ("client_secret", "planted\n", "Consumer Secret"),
        ("crid", "12A", "Customer Registration ID"),
        ("mid", "12", "Mailer ID"),
        ("manifest_mid", "x", "manifest MID"),
        ("account_number", "EPS-1", "number of the EPS account"),
        ("payer_crid", "x", "CRID of the payer"),
        ("payment_token_minutes", "500", "1 to 480"),
        (
            "origin",
            "https://apis.usps.com/v3",
            "a scheme and a host only",
        ),
        ("authorize_url", "cop", "Customer Onboarding Portal"),
    ] {
        let mut config = paying();
        config[key] = value.into();
        let error = refusal::<Usps>(&config);
        assert!(error.message().contains(called), "{key}: {error}");
        assert_eq!(error.code(), key, "{error}");
    }
    // Half of the roles is a mistake, not a wish.
    for missing in ["crid", "mid", "account_type", "account_number"] {
        let mut config = paying();
        config.as_object_mut().expect("an object").remove(missing);
        assert_eq!(refusal::<Usps>(&config).code(), missing);
    }
}

#[test]
fn manifest_is_sound_and_agrees_with_the_plugin() {
    manifest::is_sound(MANIFEST, env!("CARGO_PKG_NAME"));
    manifest::schema_agrees::<Usps>(
        MANIFEST,
        &paying(),
        &[
            ("token_request", "form".into(), true),
            ("token_request", "xml".into(), false),
            ("account_type", "eps".into(), false),
            ("crid", "12A".into(), false),
            ("payment_token_minutes", 60.into(), true),
            ("payment_token_minutes", 0.into(), false),
            ("environment", "sandbox".into(), false),
        ],
    );
}

#[tokio::test]
async fn conformance_suite_passes_with_and_without_payments() {
    let table = plugins_sdk::static_plugin!(Usps, manifest: MANIFEST);
    let answer = |body: &str| ScriptedResponse {
        status: 200,
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.into(),
    };
    let at_origin = |mut config: Value| {
        config["origin"] = "https://apis-tem.usps.com".into();
        config
    };
    // With a refresh token, so that the suite can log in.
    let login = TOKEN.replace('}', r#","refresh_token":"planted-refresh"}"#);
    conforms(table, &at_origin(config()), vec![answer(&login)]).await;
    conforms(
        table,
        &at_origin(paying()),
        vec![answer(TOKEN), answer(PAID)],
    )
    .await;
}

#[tokio::test]
async fn stand_in_wants_the_payment_authorization_on_labels_only() {
    let table = plugins_sdk::static_plugin!(Usps, manifest: MANIFEST);
    let roles = json!({"crid": "12345678", "mid": "903000000", "account_type": "EPS"});
    let world = StandIn::start(table, &roles).await;
    let issued = world.authorize().await.expect("a token");
    let paid = issued.slots[0]
        .fields
        .as_ref()
        .expect("a payment authorization");
    let both = [&issued.headers[..], &paid[..]].concat();
    let call = async |path: &str, fields: &[_]| {
        let answer = world.call(Method::POST, path, fields, &json!({})).await;
        answer.status.as_u16()
    };
    assert_eq!(
        call("/prices/v3/base-rates/search", &issued.headers).await,
        200
    );
    assert_eq!(call("/labels/v3/label", &issued.headers).await, 401);
    assert_eq!(call("/labels/v3/label", &both).await, 200);
    world.mock.advance(Duration::from_secs(8 * 3600));
    assert_eq!(
        call("/labels/v3/label", &both).await,
        401,
        "both have expired"
    );
}

#[tokio::test]
async fn stand_in_refuses_foreign_roles_and_serves_prices() {
    let table = plugins_sdk::static_plugin!(Usps, manifest: MANIFEST);
    for (key, value) in [("crid", "11111111"), ("account_number", "1")] {
        let mut roles = json!({"crid": "12345678", "mid": "903000000", "account_type": "EPS"});
        roles[key] = value.into();
        let world = StandIn::start(table, &roles).await;
        let issued = world.authorize().await.expect("a token");
        let failure = issued.slots[0].fields.as_ref().expect_err("foreign roles");
        assert_eq!(failure.class, gateway_model::FailureClass::Config, "{key}");
    }
}

#[tokio::test]
async fn stand_in_counts_sixty_tokens_an_hour() {
    let table = plugins_sdk::static_plugin!(Usps, manifest: MANIFEST);
    let world = StandIn::start(table, &json!({})).await;
    for _ in 0..60 {
        world.authorize().await.expect("a token");
    }
    let failure = world.authorize().await.expect_err("the quota is used up");
    assert_eq!(failure.class, gateway_model::FailureClass::Transient);
    let wait = failure.retry_after.expect("the carrier's word");
    assert!(wait > Duration::from_secs(3500), "{wait:?}");
    world.mock.advance(wait);
    world.authorize().await.expect("the quota is new");
}
