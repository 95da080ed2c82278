//! Reminders, with the real store, broker and UPS plugin, against the mock.

mod mail;
mod smtp;
mod webhook;

use crate::world::{World, account, id, secret};
use gateway_api::{AddAccount, NoticeView};
use gateway_model::{
    Clock as _,
    GrantKind::{AuthorizationCode, ClientCredentials},
    NoticeKind,
};
use mock_ups::Fault;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A client secret that UPS does not know, and nobody is told.
const WRONG: &str = "planted-client-secret";

async fn remind(world: &World) -> Vec<NoticeView> {
    world.control.remind().await.expect("the store works");
    world.control.notices().await.expect("the store works")
}

fn kinds(notices: &[NoticeView]) -> Vec<(&str, NoticeKind)> {
    let pairs = notices
        .iter()
        .map(|notice| (notice.account.as_str(), notice.kind));
    pairs.collect()
}

// Within one renewal, without anybody looking.
#[tokio::test(flavor = "multi_thread")]
async fn changed_password_is_told_at_the_next_renewal() {
    let world = World::frozen(|_| {}).await;
    world.add("main", AuthorizationCode, &["A1B2C3"]).await;
    world.sign_in("main").await.expect("a login");
    let stop = CancellationToken::new();
    let task = tokio::spawn({
        let (control, stop) = (world.control.clone(), stop.clone());
        async move { control.run_reminders(stop).await }
    });
    assert!(world.ups.change_password("merchant", "another"));
    let deadline = world.clock.now() + Duration::from_secs(20);
    let renewed = world.broker.handle().renew(&id("main"), deadline).await;
    assert!(renewed.is_err());
    eventually("the notice is open", async || {
        let view = world
            .control
            .account(&id("main"))
            .await
            .expect("an account");
        kinds(&view.notices) == [("main", NoticeKind::Refused)]
    })
    .await;
    let notice = world.control.notices().await.unwrap().remove(0);
    let needed = "`waybill account authorize main`, or open http://127.0.0.1:8081/ui/accounts/main";
    assert!(notice.message.contains(needed), "{}", notice.message);
    eventually("it is counted", async || world.control.open_notices() == 1).await;
    // A person signs in, and nothing is left to say.
    let signed_in = world.sign_in_as("main", "merchant", "another").await;
    signed_in.expect("a login");
    assert_eq!(world.control.notices().await.unwrap(), []);
    eventually("it is counted", async || world.control.open_notices() == 0).await;
    stop.cancel();
    task.await.expect("it ends when it is told to");
}

#[tokio::test(flavor = "multi_thread")]
async fn grant_that_is_not_renewed_is_reminded_of_from_a_week_before_its_end() {
    let world = World::frozen(|_| {}).await;
    world.add("main", AuthorizationCode, &["A1B2C3"]).await;
    world.sign_in("main").await.expect("a login");
    assert_eq!(remind(&world).await, []);
    let fault = world.ups.add_fault(down()).expect("a fault");
    world.pass(DAY * 52);
    renew(&world, "main").await;
    assert_eq!(remind(&world).await, [], "eight days are left");

    world.pass(DAY + DAY / 2);
    let told = remind(&world).await;
    assert_eq!(kinds(&told), [("main", NoticeKind::Ending)]);
    let ends = "2026-05-01 at 07:59 UTC";
    assert!(
        told[0].message.contains(ends),
        "{}: {}",
        ends,
        told[0].message
    );
    assert!(told[0].message.contains("in 6 days"), "{}", told[0].message);
    assert_eq!(remind(&world).await, told, "once a day");
    world.pass(DAY);
    let next = remind(&world).await;
    assert_eq!(kinds(&next), [("main", NoticeKind::Ending)]);
    assert!(next[0].message.contains("in 5 days"), "{}", next[0].message);

    world.pass(DAY * 6);
    let ended = remind(&world).await;
    assert_eq!(kinds(&ended), [("main", NoticeKind::Ended)]);
    drop(fault);
    world.sign_in("main").await.expect("a login");
    assert_eq!(remind(&world).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn grant_that_is_renewed_is_never_reminded_of() {
    let world = World::frozen(|settings| settings.remind_days = 60).await;
    world.add("main", AuthorizationCode, &["A1B2C3"]).await;
    world.sign_in("main").await.expect("a login");
    for _ in 0..8 {
        assert_eq!(remind(&world).await, []);
        world.pass(DAY * 20);
        renew(&world, "main").await;
    }
    assert_eq!(remind(&world).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn account_that_is_switched_off_is_not_reminded_of() {
    let world = World::frozen(|_| {}).await;
    add_refused(&world, "off").await;
    world.add("waits", AuthorizationCode, &["D4E5F6"]).await;
    world.sign_in("waits").await.expect("a login");
    assert_eq!(kinds(&remind(&world).await), [("off", NoticeKind::Refused)]);
    let change = gateway_api::UpdateAccount {
        active: Some(false),
        ..Default::default()
    };
    world.change("off", change.clone()).await;
    world.change("waits", change).await;
    assert_eq!(remind(&world).await, []);
    world.pass(DAY * 70);
    assert_eq!(remind(&world).await, []);
}

fn down() -> Fault {
    Fault::error(503, "10004", "it is down").path("/security/v1/oauth")
}

/// Asks for a token, whatever comes of it.
async fn renew(world: &World, account: &str) {
    let deadline = world.clock.now() + Duration::from_secs(20);
    drop(world.broker.handle().renew(&id(account), deadline).await);
}

/// Adds an account whose client secret UPS refuses, and has it refused.
async fn add_refused(world: &World, name: &str) {
    let refused = AddAccount {
        client_secrets: vec![secret(WRONG)],
        ..account(name, ClientCredentials, &["A1B2C3"])
    };
    world.put(refused).await;
    renew(world, name).await;
}

/// Waits until a condition holds; the bound only ends a test that would never end.
async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let within = tokio::time::timeout(Duration::from_secs(30), wait).await;
    assert!(within.is_ok(), "never: {what}");
}
