//! Refresh tokens that work once, in a fleet whose parts fail.

use super::world::{Fleet, Options};
use gateway_store_testkit::Relay;
use http::Method;
use mock_ups::{Action, Endpoint, Fault, Latency, Span};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use tests::{MERCHANT, Operator, eventually};

const ACCOUNTS: usize = 4;
const GATEWAYS: usize = 3;
const LEASE: Duration = Duration::from_secs(1);

/// What befalls the fleet in one round.
#[derive(Clone, Copy, Debug)]
enum Failure {
    /// A gateway is killed, and started again.
    Kill,
    /// A gateway is stopped for longer than its lease, and wakes.
    Freeze,
    /// PostgreSQL is killed, and started again.
    Database,
    /// Every connection to PostgreSQL is cut.
    Cut,
    /// What PostgreSQL answers is lost, and then the connections are cut.
    Mute,
    /// PostgreSQL is killed, and its standby takes its place.
    Promote,
    /// The carrier's next answer is lost.
    LoseReply,
}

const FAILURES: [Failure; 7] = [
    Failure::Kill,
    Failure::Freeze,
    Failure::Database,
    Failure::Cut,
    Failure::Mute,
    Failure::Promote,
    Failure::LoseReply,
];

/// Every kind of failure in turn, in the middle of refreshes that all gateways are asked for.
///
/// No refresh token is presented twice unless by the last chance, and no grant is lost that the carrier still honours.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fleet_presents_no_token_twice_and_loses_no_grant() {
    let mut relay = None;
    let options = |postgres: &_| {
        let relay = relay.insert(Relay::start(postgres).expect("a socket"));
        Options {
            lease: LEASE,
            url: Some(relay.url("postgres")),
            ..Options::default()
        }
    };
    let Some(mut fleet) = Fleet::start_with("failures of a fleet", GATEWAYS, options).await else {
        return;
    };
    let relay = relay.expect("the fleet asked for options");
    for index in 0..ACCOUNTS {
        let operator = fleet.operator(index % GATEWAYS);
        operator.add_consent_account(&name(index), "A1B2C3").await;
        sign_in(&fleet, index).await;
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut doubts = 0;
    for round in 0..tests_kit::rounds(FAILURES.len(), 1_000) {
        let failure = FAILURES[round % FAILURES.len()];
        fail(&mut fleet, &relay, failure, &mut random).await;
        assert_presented_once(&fleet, doubts, round, failure);
        doubts += settle(&fleet, round, failure).await;
        assert_presented_once(&fleet, doubts, round, failure);
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

/// Asks for a renewal of every account, each at any gateway, and fails in the middle of it.
async fn fail(fleet: &mut Fleet, relay: &Relay, failure: Failure, random: &mut Random) {
    let standby = matches!(failure, Failure::Promote).then(|| fleet.postgres.standby());
    let standby = standby.map(|standby| standby.expect("it follows"));
    let lost = matches!(failure, Failure::LoseReply).then(|| {
        let lost = Fault::new(Action::LoseReply).endpoint(Endpoint::Refresh);
        fleet.mock.add_fault(lost.times(1)).expect("it makes sense")
    });
    let renewals: Vec<_> = (0..ACCOUNTS)
        .map(|account| {
            let operator = fleet.operator(random.below(GATEWAYS));
            // One operator for each account: a second one whom the failure delays may ask after the doubt is known,
            // and takes the last chance.
            tokio::spawn(renew(operator, account))
        })
        .collect();
    let pause = Duration::from_micros(random.below(40_000) as u64);
    tokio::time::sleep(pause).await;
    let victim = random.below(GATEWAYS);
    match failure {
        Failure::Kill => {
            let folder = fleet.kill(victim);
            tokio::time::sleep(pause * 10).await;
            fleet.resume(victim, folder).await;
        }
        Failure::Freeze => {
            fleet.gateway(victim).process.signal("STOP");
            tokio::time::sleep(LEASE * 2).await;
            fleet.gateway(victim).process.signal("CONT");
        }
        Failure::Database => {
            fleet.postgres.kill().expect("it runs");
            fleet.postgres.restart().expect("it starts again");
        }
        Failure::Cut => relay.cut(),
        Failure::Mute => {
            relay.mute();
            tokio::time::sleep(pause).await;
            relay.cut();
        }
        Failure::Promote => {
            let standby = standby.expect("it was made for this");
            fleet.postgres.kill().expect("it runs");
            standby.promote().expect("it takes over");
            relay.lead_to(&standby);
            fleet.postgres = standby;
        }
        Failure::LoseReply => {}
    }
    for renewal in renewals {
        renewal.await.expect("no panic");
    }
    drop(lost);
}

/// A token is presented a second time only as a last chance, and those are counted.
#[track_caller]
fn assert_presented_once(fleet: &Fleet, last_chances: usize, round: usize, failure: Failure) {
    let grants = fleet.mock.grants();
    let twice: usize = grants.iter().map(|grant| grant.presented_twice).sum();
    assert!(
        twice <= last_chances,
        "round {round}, {failure:?}: {grants:?}"
    );
}

/// Signs in, and waits until every gateway knows it: what befalls the fleet next may hold the message up.
async fn sign_in(fleet: &Fleet, index: usize) {
    // Where the account was added: another gateway may not know it yet.
    let operator = fleet.operator(index % GATEWAYS);
    operator.consent(&fleet.mock, &name(index), MERCHANT).await;
    eventually("a sign-in that every gateway knows", async || {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let seen = standings(fleet, index).await.unwrap_or_default();
        !seen.is_empty() && seen.iter().all(|standing| standing == "held")
    })
    .await;
}

/// Waits until each account is held again, or signs in where the carrier's answer was lost; the number of those.
async fn settle(fleet: &Fleet, round: usize, failure: Failure) -> usize {
    let mut lost = 0;
    for index in 0..ACCOUNTS {
        let mut doubtful = None;
        let what = format!("round {round}, {failure:?}: an account that is held or in doubt");
        eventually(&what, async || {
            let Some(seen) = standings(fleet, index).await else {
                // The admin API is rate limited.
                tokio::time::sleep(Duration::from_millis(200)).await;
                return false;
            };
            let gone = seen.iter().any(|it| it == "spent" || it == "no token");
            assert!(
                !gone,
                "round {round}, {failure:?}: {} {seen:?}",
                name(index)
            );
            // One gateway is enough: it has found the open intent of a dead owner, or knows of a lost answer first.
            doubtful = seen.iter().position(|it| it == "outcome_unknown");
            doubtful.is_some() || seen.iter().all(|it| it == "held")
        })
        .await;
        let Some(gateway) = doubtful else { continue };
        // The first one may only learn of the doubt, and so may fail. The last chance saves the grant if the carrier
        // never saw the request.
        let mut renewed = renew(fleet.operator(gateway), index).await;
        if renewed != Some(true) && in_doubt(fleet, index).await {
            renewed = renew(fleet.operator(gateway), index).await;
        }
        if renewed != Some(true) {
            lost += 1;
            sign_in(fleet, index).await;
        }
    }
    lost
}

async fn in_doubt(fleet: &Fleet, index: usize) -> bool {
    let seen = standings(fleet, index).await.unwrap_or_default();
    seen.iter().any(|standing| standing == "outcome_unknown")
}

/// What each gateway says about the account's refresh token; `None` if one says nothing, or they hold it with different
/// access tokens.
async fn standings(fleet: &Fleet, index: usize) -> Option<Vec<String>> {
    let (mut seen, mut tokens) = (Vec::new(), BTreeSet::new());
    for gateway in 0..GATEWAYS {
        let operator = fleet.operator(gateway);
        let path = path(index);
        let answer = operator.try_call(Method::GET, &path, Value::Null);
        let answer = answer.await.ok().filter(|it| it.status().is_success())?;
        let token = answer.json();
        let standing = token["refresh"]["standing"].as_str();
        let standing = standing.filter(|_| token["usable"] == true);
        seen.push(standing.unwrap_or("no token").to_owned());
        tokens.insert(token["issued_at"].to_string());
    }
    if tokens.len() > 1 && seen.iter().all(|standing| standing == "held") {
        // One of them holds what the database has not got yet.
        return None;
    }
    Some(seen)
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
