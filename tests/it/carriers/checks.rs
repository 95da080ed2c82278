//! What holds for every carrier.

use super::{
    rows::Row,
    world::{Carrier, configuration, install},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Request;
use mock_carrier::{Fault, Seen};
use serde_json::Value;
use std::time::Duration;
use tests::{ConfigFile, command_line, eventually, folder, run_command};

/// The requests that reached the carrier's API.
fn calls(carrier: &Carrier) -> Vec<Seen> {
    let mut journal = carrier.mock.journal();
    journal.retain(|seen| seen.endpoint != "token");
    journal
}

#[track_caller]
fn assert_carries(row: &Row, seen: &Seen) {
    for (name, begins) in row.carries {
        let value = seen.field(name);
        assert!(
            !value.is_empty() && value.starts_with(begins),
            "{name}: {value}"
        );
        assert_eq!(seen.headers.get_all(*name).iter().count(), 1, "{name}");
    }
}

pub(super) async fn call_arrives_with_a_fresh_credential(row: &'static Row) {
    let carrier = Carrier::start(row).await;
    let account = carrier.mock.carrier().account;
    let answer = carrier
        .call_for(account, &[("x-of-the-app", "stays")])
        .await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let calls = calls(&carrier);
    let seen = calls.last().expect("the call arrived");
    assert_carries(row, seen);
    assert_eq!(seen.field("x-of-the-app"), "stays");
    assert_eq!(carrier.token_requests(), usize::from(row.has_tokens));
    carrier.world.shop().await.assert_rates();
}

pub(super) async fn rejected_credential_is_renewed_once(row: &'static Row) {
    if !row.has_tokens {
        return;
    }
    let carrier = Carrier::start(row).await;
    assert_eq!(carrier.call().await.status(), 200);
    carrier.mock.forget_tokens();
    let answer = carrier.call().await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(carrier.token_requests(), 2);
}

/// A carrier may answer a foreign account number as it answers a bad token.
pub(super) async fn foreign_account_number_starts_no_storm(row: &'static Row) {
    if !row.names_account {
        return;
    }
    let carrier = Carrier::start(row).await;
    assert_eq!(carrier.call().await.status(), 200);
    for _ in 0..20 {
        let answer = carrier.call_for("999999999", &[]).await;
        assert!(answer.status().is_client_error(), "{}", answer.status());
        // The carrier's own words: the gateway cannot know better.
        assert_eq!(answer.field("waybill-error"), "", "{}", answer.text());
    }
    assert!(
        carrier.token_requests() <= 2,
        "{}",
        carrier.token_requests()
    );
    assert_eq!(carrier.call().await.status(), 200);
}

pub(super) async fn wrong_secret_is_told_and_not_repeated(row: &'static Row) {
    if !row.has_tokens {
        return;
    }
    let carrier = Carrier::with(row, |mock| mock.secret("client_secret", "another")).await;
    for _ in 0..20 {
        let answer = carrier.call().await;
        assert_eq!(
            answer.field("waybill-error"),
            "credentials_rejected",
            "{}",
            answer.text()
        );
        if let Some(field) = row.error_field {
            assert_eq!(answer.field(field), "credentials_rejected");
        }
    }
    assert!(
        carrier.token_requests() <= 2,
        "{}",
        carrier.token_requests()
    );
    assert!(
        calls(&carrier).is_empty(),
        "nothing is sent without a credential"
    );
}

pub(super) async fn odd_token_answer_does_not_replace_a_good_token(row: &'static Row) {
    if !row.has_tokens {
        return;
    }
    let lifetime = Duration::from_secs(8);
    let carrier = Carrier::with(row, |mock| mock.lifetime(lifetime)).await;
    assert_eq!(carrier.call().await.status(), 200);
    carrier.mock.set_fault("token", Some(Fault::NoLifetime));
    let before = carrier.token_requests();
    let asked = async || carrier.token_requests() > before;
    eventually("a renewal with an odd answer", asked).await;
    let answer = carrier.call().await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let calls = calls(&carrier);
    let (first, last) = (
        calls.first().expect("a call"),
        calls.last().expect("a call"),
    );
    for (name, begins) in row
        .carries
        .iter()
        .filter(|(_, begins)| begins.contains("access") || begins.contains("eyJ"))
    {
        assert_eq!(first.field(name), last.field(name), "{name} {begins}");
    }
}

/// The carrier's clock is a day and more behind, and its answer has numbers where it should have texts, or the
/// reverse.
pub(super) async fn odd_but_readable_token_answer_is_read(row: &'static Row) {
    if !row.has_tokens {
        return;
    }
    let behind = Duration::from_secs(30 * 60 * 60);
    for fault in [Fault::NumbersAsText, Fault::TextAsNumbers] {
        let carrier = Carrier::with(row, |mock| mock.set_back(behind).fault("token", fault)).await;
        for _ in 0..2 {
            let answer = carrier.call().await;
            assert_eq!(answer.status(), 200, "{fault:?}: {}", answer.text());
        }
        assert_eq!(carrier.token_requests(), 1, "{fault:?}");
    }
}

pub(super) async fn doctor_makes_its_harmless_call(row: &'static Row) {
    if !row.has_probe {
        return;
    }
    let carrier = Carrier::start(row).await;
    let done = carrier
        .gateway()
        .waybill("", &["doctor", "parcels", "--json"])
        .await;
    let report: Value = serde_json::from_str(&done.stdout).expect("JSON");
    let said = report["checks"].to_string();
    assert!(said.contains(" answers"), "{report}");
    let calls = calls(&carrier);
    // The doctor also looks whether the carrier can be reached, without a credential.
    let harmless: Vec<_> = calls.iter().filter(|seen| seen.status == 200).collect();
    assert!(!harmless.is_empty(), "{report}");
    harmless.iter().for_each(|seen| assert_carries(row, seen));
}

pub(super) async fn app_gets_a_token_in_the_carriers_form(row: &'static Row) {
    let Some(token) = &row.token else { return };
    let carrier = Carrier::strict(row).await;
    let ask = async |secret: &str| {
        let mut request = Request::post(format!("/{}{}", row.carrier, token.path));
        for (name, value) in token.headers {
            request = request.header(*name, value.replace("shop-secret", secret));
        }
        let body = Bytes::from(token.body.replace("shop-secret", secret));
        carrier
            .world
            .app
            .send(request.body(body).expect("a request"))
            .await
    };
    let answer = ask("shop-secret").await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let issued = if token.token_at.starts_with('/') {
        let issued = answer.json();
        let issued = issued.pointer(token.token_at).and_then(Value::as_str);
        issued.expect("a token").to_owned()
    } else {
        answer.field(token.token_at).to_owned()
    };
    let carried = match token.carried {
        "authorization" => format!("Bearer {issued}"),
        _ => issued,
    };
    let account = carrier.mock.carrier().account;
    let answer = carrier
        .call_for(account, &[(token.carried, &carried)])
        .await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    calls(&carrier)
        .iter()
        .for_each(|seen| assert_carries(row, seen));
    let refused = ask("wrong").await;
    let (at, code) = token.refused;
    assert_eq!(
        refused.field("waybill-error"),
        "invalid_client",
        "{}",
        refused.text()
    );
    assert_eq!(
        refused.json().pointer(at),
        Some(&code.into()),
        "{}",
        refused.text()
    );
}

/// Without a token to ask for, the carrier's clients send id and secret with every request.
pub(super) async fn app_calls_with_basic_authentication(row: &'static Row) {
    if !row.takes_basic {
        return;
    }
    let carrier = Carrier::strict(row).await;
    let account = carrier.mock.carrier().account;
    let call = async |credentials: &str| {
        let basic = format!("Basic {}", STANDARD.encode(credentials));
        let fields = [("authorization", basic.as_str())];
        carrier.call_for(account, &fields).await
    };
    let answer = call("shop-client:shop-secret").await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    calls(&carrier)
        .iter()
        .for_each(|seen| assert_carries(row, seen));
    for wrong in ["shop-client:wrong", "other:shop-secret", "shop-client"] {
        let answer = call(wrong).await;
        assert_eq!(answer.status(), 401, "{wrong}: {}", answer.text());
        assert_eq!(answer.field("waybill-error"), "app_unauthenticated");
    }
    assert_eq!(calls(&carrier).len(), 1, "nothing else was sent");
}

/// `waybill check-config` and the reader of the configuration, with the mistakes of the row.
pub(super) async fn mistake_names_the_line_and_the_carriers_word(row: &'static Row) {
    for (account, words) in row.mistakes {
        let mut config = ConfigFile::for_mock("https://wwwcie.ups.com");
        config.more = configuration(row, "https://carrier.example", account);
        let folder = folder(&config);
        install(row.carrier, folder.path());
        let mut command = command_line(folder.path());
        command.args(["check-config"]);
        let done = run_command(command).await;
        let said = format!("{}{}", done.stdout, done.stderr);
        assert_eq!(done.code, Some(2), "{account}: {said}");
        for word in *words {
            assert!(said.contains(word), "{account}: {word}: {said}");
        }
        assert!(said.contains("waybill.toml:"), "{account}: {said}");
        assert!(!said.contains("stand-in-secret"), "{account}: {said}");
    }
}
