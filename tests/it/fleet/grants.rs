//! Refresh tokens that work once, in a fleet whose parts fail.

use super::world::{Fleet, Options};
use http::Method;
use mock_ups::{Action, Endpoint, Fault, Latency, Span};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{MERCHANT, Operator, eventually};

const ACCOUNTS: usize = 4;
const GATEWAYS: usize = 3;
const LEASE: Duration = Duration::from_secs(1);

/// What befalls the fleet in one round.
#[derive(Clone, Copy, Debug)]
enum Blow {
    /// A gateway is killed, and started again.
    Kill,
    /// A gateway is stopped for longer than its lease, and wakes.
    Freeze,
    /// PostgreSQL is killed, and started again.
    Database,
}

/// Kills, freezes and a database that dies, in the middle of refreshes that all gateways are asked for.
///
/// No refresh token is presented twice unless by the last chance, and no grant is lost that the carrier still honours.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fleet_presents_no_token_twice_and_loses_no_grant() {
    let options = |_: &_| Options {
        lease: LEASE,
        ..Options::default()
    };
    let Some(mut fleet) = Fleet::start_with("blows to a fleet", GATEWAYS, options).await else {
        return;
    };
    for index in 0..ACCOUNTS {
        let operator = fleet.operator(index % GATEWAYS);
        operator.add_consent_account(&name(index), "A1B2C3").await;
        operator.consent(&fleet.mock, &name(index), MERCHANT).await;
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut doubts = 0;
    for round in 0..tests_kit::rounds(6, 1_000) {
        let blow = [Blow::Kill, Blow::Freeze, Blow::Database][random.below(3)];
        strike(&mut fleet, blow, &mut random).await;
        assert_presented_once(&fleet, doubts, round, blow);
        doubts += settle(&fleet, round, blow).await;
        assert_presented_once(&fleet, doubts, round, blow);
    }
    let grants = fleet.mock.grants();
    let refreshed: usize = grants.iter().map(|grant| grant.refresh_tokens.len()).sum();
    assert!(
        refreshed > ACCOUNTS * 2,
        "hardly anything was refreshed: {refreshed}"
    );
    assert!(
        doubts * 2 < refreshed,
        "{doubts} grants in doubt of {refreshed} refreshes"
    );
}

/// The owner sleeps while the carrier answers, for longer than its lease. It wakes before its request's deadline, and what
/// the carrier sent is not lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn answer_that_came_during_a_freeze_is_kept() {
    let options = |_: &_| Options {
        lease: LEASE,
        ..Options::default()
    };
    let Some(fleet) = Fleet::start_with("an answer during a freeze", 2, options).await else {
        return;
    };
    let operator = fleet.operator(0);
    operator.add_consent_account(&name(0), "A1B2C3").await;
    operator.consent(&fleet.mock, &name(0), MERCHANT).await;
    assert_eq!(renew(fleet.operator(0), 0).await, Some(true));
    let late = Fault::new(Action::Delay(Latency::Fixed(Span(Duration::from_millis(
        500,
    )))));
    let late = fleet.mock.add_fault(late.endpoint(Endpoint::Refresh));
    let late = late.expect("a fault that makes sense");
    let asked = tokio::spawn(renew(fleet.operator(0), 0));
    eventually("the carrier has the request", async || late.hits() > 0).await;
    let owner = &fleet.gateway(0).process;
    owner.signal("STOP");
    let other = tokio::spawn(renew(fleet.operator(1), 0));
    tokio::time::sleep(LEASE * 2).await;
    owner.signal("CONT");
    drop(late);
    for asked in [asked, other] {
        asked.await.expect("no panic");
    }
    let operator = fleet.operator(1);
    eventually("the account is held", async || {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let token = operator.get(&path(0)).await;
        token["refresh"]["standing"] == "held"
    })
    .await;
    for grant in fleet.mock.grants() {
        assert_eq!(grant.presented_twice, 0, "{grant:?}");
    }
}

/// Asks every gateway for a renewal of every account, and strikes in the middle of it.
async fn strike(fleet: &mut Fleet, blow: Blow, random: &mut Random) {
    let renewals: Vec<_> = (0..GATEWAYS * 2)
        .map(|_| {
            let operator = fleet.operator(random.below(GATEWAYS));
            tokio::spawn(renew(operator, random.below(ACCOUNTS)))
        })
        .collect();
    let pause = Duration::from_micros(random.below(40_000) as u64);
    tokio::time::sleep(pause).await;
    let victim = random.below(GATEWAYS);
    match blow {
        Blow::Kill => {
            let folder = fleet.kill(victim);
            tokio::time::sleep(pause * 10).await;
            fleet.resume(victim, folder).await;
        }
        Blow::Freeze => {
            fleet.gateway(victim).process.signal("STOP");
            tokio::time::sleep(LEASE * 2).await;
            fleet.gateway(victim).process.signal("CONT");
        }
        Blow::Database => {
            fleet.postgres.kill().expect("it runs");
            fleet.postgres.restart().expect("it starts again");
        }
    }
    for renewal in renewals {
        renewal.await.expect("no panic");
    }
}

/// A token is presented a second time only as a last chance, and those are counted.
#[track_caller]
fn assert_presented_once(fleet: &Fleet, last_chances: usize, round: usize, blow: Blow) {
    let grants = fleet.mock.grants();
    let twice: usize = grants.iter().map(|grant| grant.presented_twice).sum();
    assert!(twice <= last_chances, "round {round}, {blow:?}: {grants:?}");
}

/// Waits until each account is held again, or signs in where the carrier's answer was lost; the number of those.
async fn settle(fleet: &Fleet, round: usize, blow: Blow) -> usize {
    let mut lost = 0;
    for index in 0..ACCOUNTS {
        let operator = fleet.operator(0);
        let mut standing = String::new();
        let what = format!("round {round}, {blow:?}: an account that is held or in doubt");
        eventually(&what, async || {
            let answer = operator
                .try_call(Method::GET, &path(index), Value::Null)
                .await;
            let Ok(answer) = answer else { return false };
            // The admin API is rate limited.
            if !answer.status().is_success() {
                tokio::time::sleep(Duration::from_millis(200)).await;
                return false;
            }
            let token = answer.json();
            standing = token["refresh"]["standing"]
                .as_str()
                .unwrap_or("none")
                .to_owned();
            assert_eq!(token["usable"], true, "round {round}, {blow:?}: {token}");
            let lost = ["spent", "none"].contains(&&*standing);
            assert!(!lost, "round {round}, {blow:?}: {token}");
            standing == "held" || standing == "outcome_unknown"
        })
        .await;
        if standing == "outcome_unknown" {
            // The last chance saves it if the carrier never saw the request.
            if renew(fleet.operator(0), index).await != Some(true) {
                lost += 1;
                fleet
                    .operator(0)
                    .consent(&fleet.mock, &name(index), MERCHANT)
                    .await;
            }
        }
    }
    lost
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

/// Numbers that look random and are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}
