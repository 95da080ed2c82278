//! The doctor on accounts: each thing that UPS can do to one has its verdict.

use crate::world::{World, check, expect, id, operator};
use gateway_api::{UpdateAccount, Verdict};
use gateway_control::Fault as Whose;
use gateway_model::GrantKind::{AuthorizationCode, ClientCredentials};
use mock_ups::{Action, Endpoint, Fault, FaultGuard, Filter};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn always(world: &World, endpoint: Endpoint, status: u16, code: &str) -> FaultGuard {
    let fault = Fault::error(status, code, "planted").endpoint(endpoint);
    world.ups.add_fault(fault).expect("a fault")
}

#[tokio::test]
async fn sound_account_is_sound_and_costs_one_token() {
    let world = World::new().await;
    world.add("main", ClientCredentials, &["A1B2C3"]).await;
    let report = world.doctor().await;
    let mine = report.checks.iter().filter(|check| check.account.is_some());
    for check in mine {
        assert_eq!(check.verdict, Verdict::Ok, "{check:#?}");
    }
    expect(&report, "Rating", Verdict::Ok, "answers");
    expect(&report, "negotiated rates", Verdict::Ok, "A1B2C3");
    expect(&report, "clock", Verdict::Ok, "agree");
    expect(&report, "connection", Verdict::Ok, "answers");
    world
        .ups
        .exactly_one_token_request("mock-client")
        .expect("one");
    let text = serde_json::to_string(&report).expect("JSON");
    assert!(
        !text.contains("mock-secret") && !text.contains("eyJ"),
        "{text}"
    );
}

#[tokio::test]
async fn wrong_secret_is_named_with_its_remedy() {
    let world = World::new().await;
    world.ups.set_client_secret("mock-client", "another");
    world.add("main", ClientCredentials, &["A1B2C3"]).await;
    let report = world.doctor().await;
    assert_eq!(report.verdict, Verdict::Failure);
    expect(
        &report,
        "token",
        Verdict::Failure,
        "Copy both again from developer.ups.com",
    );
    let calls = world.ups.expect(Filter::any().endpoint(Endpoint::Tracking));
    calls.none().expect("nothing is called without a token");
}

#[tokio::test]
async fn blocked_client_is_sent_to_the_carrier() {
    let world = World::new().await;
    world.ups.set_blocked("mock-client", true);
    world.add("main", ClientCredentials, &["A1B2C3"]).await;
    expect(
        &world.doctor().await,
        "token",
        Verdict::Failure,
        "Only UPS support can lift",
    );
}

/// The token in hand looks good until it is used.
#[tokio::test]
async fn changed_password_is_found_out_with_one_refresh() {
    let world = World::new().await;
    world.add("main", AuthorizationCode, &["A1B2C3"]).await;
    world.sign_in("main").await.expect("a login");
    world.ups.change_password("merchant", "parcel-9");
    let report = world.doctor().await;
    let authorize = "waybill account authorize main";
    expect(&report, "token", Verdict::Failure, authorize);
    expect(&report, "login", Verdict::Failure, authorize);
    expect(&report, "Tracking", Verdict::Skipped, "no token");
    let refreshes = world.ups.expect(Filter::any().endpoint(Endpoint::Refresh));
    refreshes.exactly(1).expect("one refresh");
    world.doctor().await;
    refreshes
        .exactly(1)
        .expect("a dead login is not presented again");
}

/// Rates come, but not the negotiated ones.
#[tokio::test]
async fn number_without_negotiated_rates_is_a_warning_with_the_steps() {
    let world = World::new().await;
    world.add("main", ClientCredentials, &["D4E5F6"]).await;
    let report = world.doctor().await;
    expect(&report, "Rating", Verdict::Ok, "answers");
    expect(&report, "negotiated rates", Verdict::Warning, "120900");
    expect(
        &report,
        "negotiated rates",
        Verdict::Warning,
        "recent invoice",
    );
    // The account's page shows the same until the next call.
    let account = world.control.account(&id("main")).await;
    let rates = account.expect("an account").rates.expect("they are known");
    assert!(!rates.negotiated && rates.code.as_deref() == Some("120900"));
    assert!(rates.remedy.is_some_and(|it| it.contains("recent invoice")));
}

/// The number is somebody else's.
#[tokio::test]
async fn foreign_number_is_the_wrong_login() {
    let world = World::new().await;
    world.add("main", AuthorizationCode, &["A1B2C3"]).await;
    world.sign_in("main").await.expect("a login");
    let numbers = ["A1B2C3", "X9Y8Z7"].map(|n| n.parse().expect("a number"));
    let change = UpdateAccount {
        numbers: Some(numbers.to_vec()),
        ..UpdateAccount::default()
    };
    world.change("main", change).await;
    let report = world.doctor().await;
    expect(&report, "Rating (A1B2C3)", Verdict::Ok, "answers");
    expect(
        &report,
        "Rating (X9Y8Z7)",
        Verdict::Failure,
        "not associated with this login",
    );
}

/// The code is that of a bad token, and only one product is meant.
#[tokio::test]
async fn missing_product_is_told_from_a_bad_token() {
    let world = World::new().await;
    let products = ["rating", "shipments", "addressvalidation", "locations"];
    let products = products.map(str::to_owned).to_vec();
    world.ups.set_products("mock-client", Some(products));
    world.add("main", ClientCredentials, &["A1B2C3"]).await;
    world.token("main").await;
    let report = world.doctor().await;
    expect(&report, "Rating", Verdict::Ok, "answers");
    expect(&report, "Tracking", Verdict::Failure, "250002");
    expect(
        &report,
        "Tracking",
        Verdict::Failure,
        "other products take it",
    );
    expect(
        &report,
        "Tracking",
        Verdict::Failure,
        "add that API product",
    );
    let tokens = world.ups.token_requests_of("mock-client");
    tokens
        .exactly(2)
        .expect("one before, and one for the refused product");
}

#[tokio::test]
async fn limited_product_says_so() {
    let world = World::new().await;
    world.add("main", ClientCredentials, &["A1B2C3"]).await;
    let _limit = always(&world, Endpoint::Rating, 429, "10429");
    let report = world.doctor().await;
    expect(&report, "Rating", Verdict::Failure, "10429");
    expect(&report, "Tracking", Verdict::Ok, "answers");
}

#[tokio::test]
async fn token_endpoint_that_is_down_is_the_carriers_turn() {
    let world = World::new().await;
    let _down = always(&world, Endpoint::Token, 503, "10004");
    world.add("main", ClientCredentials, &["A1B2C3"]).await;
    let report = world.doctor().await;
    expect(&report, "token", Verdict::Failure, "Try again later");
    expect(&report, "connection", Verdict::Ok, "answers");
}

#[tokio::test]
async fn account_that_nobody_signed_in_for_asks_the_carrier_nothing() {
    let world = World::new().await;
    world.add("main", AuthorizationCode, &["A1B2C3"]).await;
    let report = world.doctor().await;
    expect(&report, "login", Verdict::Failure, "nobody has signed in");
    expect(
        &report,
        "token",
        Verdict::Failure,
        "waybill account authorize main",
    );
    world
        .ups
        .token_requests_of("mock-client")
        .none()
        .expect("none");
}

/// Seven days ahead.
#[tokio::test]
async fn login_that_ends_soon_is_a_warning_with_the_date() {
    let world = World::new().await;
    world.add("main", AuthorizationCode, &["A1B2C3"]).await;
    world.sign_in("main").await.expect("a login");
    expect(&world.doctor().await, "login", Verdict::Ok, "lasts until");
    world.clock.advance(54 * DAY);
    expect(&world.doctor().await, "login", Verdict::Warning, "ends on");
    world.clock.advance(7 * DAY);
    expect(&world.doctor().await, "login", Verdict::Failure, "ended on");
}

/// The answer to a renewal is lost.
#[tokio::test]
async fn login_in_doubt_is_a_warning_while_its_token_lives() {
    let world = World::new().await;
    world.add("main", AuthorizationCode, &["A1B2C3"]).await;
    world.sign_in("main").await.expect("a login");
    let lost = Fault::new(Action::LoseReply)
        .endpoint(Endpoint::Refresh)
        .times(1);
    let _lost = world.ups.add_fault(lost).expect("a fault");
    let renewed = world.control.renew_token(operator(), &id("main")).await;
    renewed.expect_err("the answer is lost");
    let report = world.doctor().await;
    expect(&report, "login", Verdict::Warning, "in doubt");
    expect(
        &report,
        "token",
        Verdict::Warning,
        "the latest attempt to renew it failed",
    );
    expect(&report, "Rating", Verdict::Ok, "answers");
}

#[tokio::test]
async fn inactive_account_is_left_alone() {
    let world = World::new().await;
    world.add("main", ClientCredentials, &["A1B2C3"]).await;
    world.token("main").await;
    let change = UpdateAccount {
        active: Some(false),
        ..UpdateAccount::default()
    };
    world.change("main", change).await;
    world.ups.clear_journal();
    let report = world.doctor().await;
    expect(&report, "account", Verdict::Skipped, "switched off");
    world
        .ups
        .expect(Filter::any())
        .none()
        .expect("no call at all");
}

#[tokio::test]
async fn account_without_a_number_skips_what_needs_one() {
    let world = World::new().await;
    world.add("main", ClientCredentials, &[]).await;
    let report = world.doctor().await;
    expect(&report, "Rating", Verdict::Skipped, "account number");
    expect(&report, "Tracking", Verdict::Ok, "answers");
}

#[tokio::test]
async fn one_account_is_looked_at_alone_and_an_unknown_one_is_an_error() {
    let world = World::new().await;
    world.add("one", ClientCredentials, &["A1B2C3"]).await;
    world.add("two", ClientCredentials, &["D4E5F6"]).await;
    let report = world.control.doctor(operator(), Some(&id("two"))).await;
    let report = report.expect("a report");
    let mut of = report
        .checks
        .iter()
        .filter_map(|check| check.account.as_ref());
    assert!(of.all(|account| *account == id("two")), "{report:#?}");
    assert_eq!(check(&report, "token").verdict, Verdict::Ok);
    let unknown = world.control.doctor(operator(), Some(&id("three"))).await;
    assert_eq!(unknown.expect_err("no account").fault, Whose::NotFound);
}
