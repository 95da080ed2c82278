//! The journal: complete, bounded, without secrets; and the lint's findings in it.

use mock_ups::{Endpoint, Filter, MockUps, Rule};

use crate::client::{get, post, shop, token, token_request};
use crate::refresh::{REDIRECT, approve, grant, parameter, refresh};

#[tokio::test]
async fn journal_tells_who_asked_for_what_and_what_came_of_it() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let token = token(&base).await;
    shop(&base, &token).send().await;
    shop(&base, "wrong").send().await;
    let entries = ups.journal(&Filter::any());
    assert_eq!(entries.len(), 3);
    assert_eq!(
        (
            entries[0].client.as_str(),
            entries[0].token,
            entries[0].minted
        ),
        ("mock-client", 1, true)
    );
    assert_eq!(
        (
            entries[1].client.as_str(),
            entries[1].token,
            entries[1].status
        ),
        ("mock-client", 1, 200)
    );
    assert_eq!(
        (entries[2].status, entries[2].code.as_str()),
        (401, "250002")
    );
    assert_eq!(entries[2].note, Some("not a token of this mock"));
    assert_eq!(ups.journal(&Filter::any().status(401)).len(), 1);
    assert_eq!(
        ups.journal(&Filter::any().endpoint(Endpoint::Rating)).len(),
        2
    );
    assert_eq!(ups.journal(&Filter::any().after(1)).len(), 2);
    ups.clear_journal();
    assert!(ups.journal(&Filter::any()).is_empty());
}

#[tokio::test]
async fn journal_keeps_the_newest_and_knows_what_it_lost() {
    let ups = MockUps::builder()
        .journal_capacity(10)
        .start()
        .await
        .unwrap();
    let base = ups.base_url();
    for number in 0..35 {
        get(format!("{base}/nowhere/{number}")).send().await;
    }
    let entries = ups.journal(&Filter::any());
    let targets: Vec<_> = entries.iter().map(|entry| entry.target.clone()).collect();
    let expected: Vec<_> = (25..35)
        .map(|number| format!("/nowhere/{number}"))
        .collect();
    assert_eq!(targets, expected);
    let unmet = ups
        .expect(Filter::any())
        .exactly(10)
        .expect_err("25 are lost");
    assert!(
        unmet
            .to_string()
            .contains("no longer holds 25 older requests"),
        "{unmet}"
    );
}

#[tokio::test]
async fn journal_that_is_off_keeps_nothing_and_proves_nothing() {
    let ups = MockUps::builder()
        .journal_capacity(0)
        .start()
        .await
        .unwrap();
    token(&ups.base_url()).await;
    assert!(ups.journal(&Filter::any()).is_empty());
    let unmet = ups
        .expect(Filter::any())
        .none()
        .expect_err("it cannot know");
    assert!(unmet.to_string().contains("the journal is off"), "{unmet}");
}

#[tokio::test]
async fn unmet_expectation_prints_what_was_received() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    token(&base).await;
    ups.exactly_one_token_request("mock-client").unwrap();
    token(&base).await;
    let unmet = ups
        .exactly_one_token_request("mock-client")
        .expect_err("there were two");
    let report = format!("{unmet:?}");
    let asked = "expected exactly 1 requests (endpoint token, client mock-client)";
    assert!(report.contains(asked), "{report}");
    assert!(report.contains("found 2"), "{report}");
    assert_eq!(
        report.matches("POST /security/v1/oauth/token").count(),
        2,
        "{report}"
    );
    ups.token_requests_of("mock-client").at_least(2).unwrap();
    ups.token_requests_of("mock-client").at_most(2).unwrap();
    ups.token_requests_of("nobody").none().unwrap();
}

/// Secrets of every kind go through the mock; none is in the journal or in any text made of it.
#[tokio::test]
async fn journal_holds_no_secret() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let mut secrets = vec!["mock-secret".to_owned(), "parcel-1".to_owned()];
    secrets.push("bW9jay1jbGllbnQ6bW9jay1zZWNyZXQ=".to_owned());
    let access = token(&base).await;
    let tokens = grant(&base).await;
    let code = parameter(&approve(&base, &[]).await, "code").unwrap();
    refresh(&base, tokens["refresh_token"].as_str().unwrap())
        .send()
        .await;
    refresh(&base, "planted-refresh-token").send().await;
    shop(&base, &access)
        .header("password", "planted-1")
        .header("cookie", "planted-2")
        .send()
        .await;
    post(format!(
        "{base}/security/v1/oauth/token?client_secret=planted-3"
    ))
    .form(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
    ])
    .send()
    .await;
    post(format!("{base}/rest/Rate"))
        .body(r#"{"UPSSecurity":{"UsernameToken":{"Password":"planted-4"}}}"#)
        .send()
        .await;
    shop(&base, "planted-5").send().await;
    secrets.extend((1..=5).map(|number| format!("planted-{number}")));
    secrets.push("planted-refresh-token".to_owned());
    secrets.extend([access, code]);
    for key in ["access_token", "refresh_token"] {
        secrets.push(tokens[key].as_str().unwrap().to_owned());
    }
    let mut written = format!("{:?}\n{:?}", ups, ups.journal(&Filter::any()));
    for path in ["journal", "state", "settings", "faults"] {
        written.push_str(&get(format!("{base}/__mock/{path}")).send().await.text());
    }
    written.push_str(
        &ups.expect(Filter::any())
            .none()
            .expect_err("there were some")
            .to_string(),
    );
    assert!(
        written.contains("/security/v1/oauth/refresh"),
        "the test looks at something"
    );
    for secret in secrets {
        assert!(!written.contains(&secret), "{secret} is in {written}");
    }
}

fn findings(ups: &MockUps) -> Vec<Rule> {
    let entries = ups.journal(&Filter::any());
    entries.last().expect("an entry").findings.iter().collect()
}

/// The mistakes of real clients, found in what they sent.
#[tokio::test]
async fn lint_finds_the_mistakes_of_real_clients() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let token = token(&base).await;
    assert_eq!(findings(&ups), []);
    shop(&base, &token).send().await;
    assert_eq!(findings(&ups), []);

    let rate = |body: &'static str| {
        post(format!("{base}/api/rating/v2409/Rate"))
            .bearer(&token)
            .header("content-type", "application/json")
            .body(body)
    };
    rate(r#"{"ShipmentRatingOptions":{"NegotiatedRatesIndicator":""},"ShipperNumber" : ""}"#)
        .send()
        .await;
    assert_eq!(findings(&ups), [Rule::NegotiatedWithoutShipperNumber]);
    rate(r#"{"ShipperNumber":"A1B2C3","NegotiatedRatesIndicator":""}"#)
        .send()
        .await;
    assert_eq!(findings(&ups), [Rule::NegotiatedMisplaced]);
    rate(r#"{"RequestOption":"Shop"}"#).send().await;
    assert_eq!(findings(&ups), [Rule::RequestOptionDiffers]);

    get(format!("{base}/api/track/v1/details/1Z"))
        .bearer(&token)
        .send()
        .await;
    assert_eq!(
        findings(&ups),
        [Rule::MissingTransId, Rule::MissingTransactionSrc]
    );
    post(format!("{base}/rating/v1/Rate"))
        .bearer(&token)
        .send()
        .await;
    assert_eq!(findings(&ups), [Rule::ApiPrefixMissing]);
    let form = [("grant_type", "client_credentials"), ("client_secret", "x")];
    post(format!("{base}/security/v1/oauth/token"))
        .form(&form)
        .send()
        .await;
    assert_eq!(findings(&ups), [Rule::CredentialsInBody]);
}

#[tokio::test]
async fn lint_finds_a_token_per_call_and_shows_it_when_asked() {
    let ups = MockUps::builder()
        .settings(|s| s.lint_header = true)
        .start()
        .await
        .unwrap();
    let base = ups.base_url();
    for round in 0..3 {
        let answer = token_request(&base).send().await;
        let expected = if round == 0 { "" } else { "token-per-call" };
        assert_eq!(answer.header("mock-lint"), expected, "round {round}");
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        shop(&base, &token).send().await;
    }
    for _ in 0..2 {
        let newest = token(&base).await;
        shop(&base, &newest).send().await;
        shop(&base, &newest).send().await;
    }
    assert!(!findings(&ups).contains(&Rule::TokenPerCall));
    let entry = &ups.journal(&Filter::any().endpoint(Endpoint::Token))[4];
    assert!(
        !entry.findings.contains(Rule::TokenPerCall),
        "its predecessor served two calls"
    );
}

/// A request's detail has both bodies, and neither holds a secret.
#[tokio::test]
async fn entries_have_both_bodies_without_secrets() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let token = token(&base).await;
    shop(&base, &token).send().await;
    let journal = get(format!("{base}/__mock/journal")).send().await.json();
    let minted = journal["entries"][0]["answer"].as_str().expect("text");
    assert!(minted.contains("\"access_token\":\"***\""), "{minted}");
    assert!(!journal.to_string().contains(&token));
    let rated = journal["entries"][1]["answer"].as_str().expect("text");
    assert!(rated.starts_with("{\"RateResponse\""), "{rated}");
}
