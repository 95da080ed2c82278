//! Single-use refresh tokens survive crashes and lost answers; a restart asks for nothing.

use gateway_store_testkit::Postgres;
use http::{Method, StatusCode};
use mock_ups::{Action, Endpoint, Fault, Filter, GrantReport};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Gateway, MERCHANT, Operator, World, eventually, skipped};

/// Defines each test twice: with a store in a file, and with one in PostgreSQL.
macro_rules! on_both {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        mod sqlite {
            $($(#[$doc])* #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$name(super::Place::File).await;
            })+
        }
        mod postgres {
            $($(#[$doc])* #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                if let Some(place) = super::Place::postgres(stringify!($name)) {
                    super::$name(place).await;
                }
            })+
        }
    };
}

on_both!(
    restart_asks_the_carrier_for_nothing,
    lost_rotation_answer_is_in_doubt_and_the_token_serves_on,
    password_change_is_told_within_one_request,
    killed_gateway_loses_no_grant_and_presents_no_token_twice,
);

/// Where the store is.
enum Place {
    File,
    /// A cluster of the test's own.
    Postgres(Postgres),
}

impl Place {
    /// `None`, and says so, if the machine has no PostgreSQL.
    fn postgres(what: &str) -> Option<Self> {
        let started = Postgres::start().expect("PostgreSQL starts");
        if started.is_none() {
            skipped(what, "there is no PostgreSQL on this machine");
        }
        started.map(Self::Postgres)
    }

    /// The store, and no limit that a test's hurry would meet.
    fn config(&self) -> String {
        let store = match self {
            Self::File => "url = \"sqlite://waybill.db\"".to_owned(),
            Self::Postgres(cluster) => format!(
                // The next process waits for the lease of the killed one, and for what it may have sent.
                "url = {{ value = \"{}\" }}\nmaster_key = {{ file = \"key\" }}\n[fleet]\nlease = \"1s\"",
                cluster.url("postgres")
            ),
        };
        format!("[store]\n{store}\n[tokens]\nmint_budget = 10000\nrequest_timeout = \"3s\"\n")
    }
}

/// A world with a durable store, whose operator's callback the mock knows.
async fn durable_world(place: &Place) -> (World, Operator) {
    let world = World::builder().more(&place.config()).start().await;
    let operator = meet(&world, &world.gateway);
    (world, operator)
}

/// The operator of a gateway that has just started.
fn meet(world: &World, gateway: &Gateway) -> Operator {
    let callback = format!("http://{}/oauth/callback", gateway.admin);
    assert!(world.mock.add_redirect_uri("mock-client", callback));
    Operator::of(gateway)
}

fn standing(token: &Value) -> String {
    token["refresh"]["standing"]
        .as_str()
        .unwrap_or("none")
        .to_owned()
}

/// Section "Tokens survive a restart" of the store.
async fn restart_asks_the_carrier_for_nothing(place: Place) {
    let (mut world, operator) = durable_world(&place).await;
    operator.add_consent_account("web", "A1B2C3").await;
    operator.consent(&world.mock, "web", MERCHANT).await;
    world.shop().await.assert_rates();
    let before = operator.get("accounts/web/token").await;
    let asked = world
        .mock
        .journal(&Filter::any().endpoint(Endpoint::Token))
        .len();
    world.gateway = world.gateway.crash().await;
    let operator = meet(&world, &world.gateway);
    let after = operator.get("accounts/web/token").await;
    for fact in [
        "fingerprint",
        "issued_at",
        "expires_at",
        "status",
        "refresh",
    ] {
        assert_eq!(before[fact], after[fact], "{fact}");
    }
    for account in operator.get("accounts").await.as_array().expect("a list") {
        assert_eq!(account["state"], "ready", "{account}");
    }
    world.app = tests::Client::new(world.gateway.apps);
    world.shop().await.assert_rates();
    let now = world
        .mock
        .journal(&Filter::any().endpoint(Endpoint::Token))
        .len();
    assert_eq!(now, asked, "a token was asked for although all were valid");
}

/// The carrier rotated the token and its answer never came.
async fn lost_rotation_answer_is_in_doubt_and_the_token_serves_on(place: Place) {
    let (mut world, operator) = durable_world(&place).await;
    operator.add_consent_account("web", "A1B2C3").await;
    operator.consent(&world.mock, "web", MERCHANT).await;
    let fault = Fault::new(Action::LoseReply)
        .endpoint(Endpoint::Refresh)
        .times(1);
    let guard = world
        .mock
        .add_fault(fault)
        .expect("a fault that makes sense");
    let renewed = operator
        .call(Method::POST, "accounts/web/token/renew", Value::Null)
        .await;
    assert!(!renewed.status().is_success(), "{}", renewed.text());
    assert_eq!(guard.hits(), 1);
    let token = operator.get("accounts/web/token").await;
    assert_eq!(standing(&token), "outcome_unknown", "{token}");
    assert_eq!(token["usable"], true, "the old token serves on: {token}");
    // Neither time nor a crash presents it again while the token is good.
    world.gateway = world.gateway.crash().await;
    let operator = meet(&world, &world.gateway);
    let token = operator.get("accounts/web/token").await;
    assert_eq!(standing(&token), "outcome_unknown", "{token}");
    assert_eq!(token["usable"], true, "{token}");
    let grants = world.mock.grants();
    assert_eq!(
        grants
            .iter()
            .map(|grant| grant.presented_twice)
            .sum::<usize>(),
        0
    );
    // A person signs in again, and all is well.
    operator.consent(&world.mock, "web", MERCHANT).await;
    let token = operator.get("accounts/web/token").await;
    assert_eq!(standing(&token), "held", "{token}");
}

/// A password change kills the grant; the gateway says so within one request, and asks the
/// carrier once, not for ever.
async fn password_change_is_told_within_one_request(place: Place) {
    let (world, operator) = durable_world(&place).await;
    operator.add_consent_account("web", "A1B2C3").await;
    operator.consent(&world.mock, "web", MERCHANT).await;
    let shop = async || {
        let mut request = tests::rate_request();
        let account = http::HeaderValue::from_static("web");
        request.headers_mut().insert("waybill-account", account);
        world.app.send(request).await
    };
    shop().await.assert_rates();
    assert!(world.mock.change_password("merchant", "parcel-2027"));
    // The first request finds out: 401, one refresh, which is refused.
    let first = shop().await;
    assert_ne!(first.status(), StatusCode::OK);
    eventually("the account needs consent", async || {
        // The admin API is rate limited.
        tokio::time::sleep(Duration::from_millis(200)).await;
        operator.get("accounts/web").await["state"] == "needs_consent"
    })
    .await;
    let second = shop().await;
    assert_eq!(
        second.field("waybill-error"),
        "needs_consent",
        "{}",
        second.text()
    );
    for _ in 0..20 {
        shop().await;
    }
    let refreshes = world
        .mock
        .journal(&Filter::any().endpoint(Endpoint::Refresh))
        .len();
    assert_eq!(refreshes, 1, "a dead refresh token is presented once");
    // Signing in with the new password revives the account.
    operator
        .consent(&world.mock, "web", ("merchant", "parcel-2027"))
        .await;
    shop().await.assert_rates();
}

const ACCOUNTS: usize = 6;
/// Killed at random points of six refreshes at a time, over and over.
///
/// Never a refresh token presented twice, and never a grant lost that the carrier still honours.
async fn killed_gateway_loses_no_grant_and_presents_no_token_twice(place: Place) {
    let rounds = rounds(&place);
    let (world, operator) = durable_world(&place).await;
    let (mock, mut operator) = (&world.mock, operator);
    let mut grants = Vec::new();
    for index in 0..ACCOUNTS {
        operator.add_consent_account(&name(index), "A1B2C3").await;
        operator.consent(mock, &name(index), MERCHANT).await;
        grants.push(mock.grants().len());
    }
    let usual = undisturbed(&operator).await;
    let World {
        mock, mut gateway, ..
    } = world;
    let (mut doubts, mut random) = (0, 0x9e37_79b9_7f4a_7c15_u64);
    for round in 0..rounds {
        let before: Vec<usize> = grants
            .iter()
            .map(|grant| report(&mock.grants(), *grant).refresh_tokens.len())
            .collect();
        let renewals: Vec<_> = (0..ACCOUNTS)
            .map(|index| tokio::spawn(renew(operator.clone(), index)))
            .collect();
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        // Anywhere between nothing done and everything done, on a slow machine too.
        tokio::time::sleep(usual.mul_f64((random >> 33) as f64 / f64::from(1_u32 << 31))).await;
        gateway = gateway.crash().await;
        for renewal in renewals {
            renewal.await.expect("no panic");
        }
        let callback = format!("http://{}/oauth/callback", gateway.admin);
        assert!(mock.add_redirect_uri("mock-client", callback));
        operator = Operator::of(&gateway);
        for index in 0..ACCOUNTS {
            let token = operator.get(&path(index)).await;
            assert_eq!(token["usable"], true, "round {round}: {token}");
            let report = report(&mock.grants(), grants[index]);
            assert_eq!(report.presented_twice, 0, "round {round}: {report:?}");
            match standing(&token).as_str() {
                "held" => {}
                "outcome_unknown" if report.refresh_tokens.len() == before[index] => {
                    // It never reached the carrier: the last chance saves the account.
                    let mut renewed = renew(operator.clone(), index).await;
                    // On PostgreSQL a first request may only wait for the earlier process, and a second one only find out
                    // that it left no answer.
                    for _ in 0..2 {
                        if renewed == Some(false) {
                            renewed = renew(operator.clone(), index).await;
                        }
                    }
                    let now = operator.get(&path(index)).await;
                    assert_eq!(renewed, Some(true), "round {round}: {report:?} {now}");
                }
                "outcome_unknown" => {
                    doubts += 1;
                    operator.consent(&mock, &name(index), MERCHANT).await;
                    grants[index] = mock.grants().len();
                }
                other => unreachable!("round {round}: the grant is {other}: {token}"),
            }
        }
    }
    for index in 0..ACCOUNTS {
        // What the gateway holds is what the carrier honours.
        assert_eq!(renew(operator.clone(), index).await, Some(true));
    }
    assert_refreshed(&mock.grants(), rounds, doubts);
}

/// How long the renewals take that nobody kills, and a little longer.
#[expect(clippy::disallowed_methods, reason = "the machine is what is measured")]
async fn undisturbed(operator: &Operator) -> Duration {
    let began = tokio::time::Instant::now();
    let renewals: tokio::task::JoinSet<_> = (0..ACCOUNTS)
        .map(|index| renew(operator.clone(), index))
        .collect();
    assert_eq!(renewals.join_all().await, [Some(true); ACCOUNTS]);
    began.elapsed().mul_f64(1.2)
}

/// How often the gateway is killed.
fn rounds(place: &Place) -> usize {
    match place {
        Place::File => tests_kit::rounds(10, 60),
        Place::Postgres(_) => tests_kit::rounds(5, 20),
    }
}

/// The kills hit refreshes, and most refreshes survived them.
fn assert_refreshed(grants: &[GrantReport], rounds: usize, doubts: usize) {
    let used: usize = grants.iter().map(|grant| grant.refresh_tokens.len()).sum();
    assert!(
        used > ACCOUNTS + rounds,
        "hardly anything was refreshed: {used}"
    );
    let doubtful = doubts * 2 > rounds * ACCOUNTS;
    assert!(
        !doubtful,
        "{doubts} answers were lost in {rounds} rounds: too many to be crashes"
    );
}

fn name(index: usize) -> String {
    format!("web-{index}")
}

fn path(index: usize) -> String {
    format!("accounts/{}/token", name(index))
}

/// Whether the renewal worked; `None`: no answer.
async fn renew(operator: Operator, index: usize) -> Option<bool> {
    let path = format!("{}/renew", path(index));
    let answer = operator.try_call(Method::POST, &path, json!(null)).await;
    answer.ok().map(|answer| answer.status().is_success())
}

fn report(grants: &[GrantReport], number: usize) -> GrantReport {
    let number = u64::try_from(number).expect("a small number");
    let found = grants.iter().find(|grant| grant.grant == number);
    found.expect("the mock forgets no grant").clone()
}
