//! Random histories of a fleet: frozen and dead processes, lost messages and answers, a carrier that fails. A
//! strict authorization server keeps the books.

use super::{Fleet, REPEATABLE, SINGLE_USE, carrier::Fault, database::LEASE, pass};
use crate::support::{TokioClock, main_account, soon};
use gateway_broker::AuthorizationReason;
use gateway_model::{Clock as _, Failure, FailureClass, GrantKind};
use proptest::{prelude::*, test_runner::Config};
use std::{sync::atomic::Ordering, time::Duration};
use tokio::task::JoinHandle;

const GATEWAYS: usize = 3;
/// How long a caller waits.
const PATIENCE: u64 = 10;

#[derive(Clone, Debug)]
enum Act {
    Demand(usize),
    Unauthorized(usize),
    Operator(usize),
    Pass(u64),
    Carrier(Fault),
    LoseMessages(u32),
    LoseStatements(usize, u32),
    Cut(usize),
    Freeze(usize, u64),
    Crash(usize),
    Leave(usize),
    SignIn(usize),
}

fn calm() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..GATEWAYS).prop_map(Act::Demand),
        1 => (0..GATEWAYS).prop_map(Act::Unauthorized),
        1 => (0..GATEWAYS).prop_map(Act::Operator),
        6 => (0_u64..3_000).prop_map(Act::Pass),
        6 => (0_u64..90_000).prop_map(Act::Pass),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => (0_u64..20_000).prop_map(|ms| Fault::Slow(Duration::from_millis(ms))),
        2 => Just(Fault::Unreachable),
        2 => Just(Fault::RequestLost),
        1 => Just(Fault::AnswerLost),
        1 => Just(Fault::Refused(Failure::new(FailureClass::Rejected, "10401", "no"))),
    ]
}

fn storm() -> impl Strategy<Value = Act> {
    prop_oneof![
        20 => calm(),
        6 => fault().prop_map(Act::Carrier),
        2 => (1_u32..10).prop_map(Act::LoseMessages),
        2 => (0..GATEWAYS, 1_u32..4).prop_map(|(who, count)| Act::LoseStatements(who, count)),
        1 => (0..GATEWAYS).prop_map(Act::Cut),
        4 => (0..GATEWAYS, 1_u64..60).prop_map(|(who, seconds)| Act::Freeze(who, seconds)),
        2 => (0..GATEWAYS).prop_map(Act::Crash),
        1 => (0..GATEWAYS).prop_map(Act::Leave),
        1 => (0..GATEWAYS).prop_map(Act::SignIn),
    ]
}

struct World {
    fleet: Fleet,
    callers: Vec<JoinHandle<()>>,
}

impl World {
    fn of(kind: GrantKind) -> Self {
        Self {
            fleet: Fleet::of(GATEWAYS, kind, 120),
            callers: Vec::new(),
        }
    }

    /// A caller, who must get an answer in time.
    fn call(&mut self, who: usize, call: Call) {
        let gateway = &self.fleet.gateways[who];
        let (handle, generation) = (gateway.handle.clone(), gateway.generation());
        self.callers.push(tokio::spawn(async move {
            let (account, deadline) = (main_account(), soon(PATIENCE));
            match call {
                Call::Acquire => drop(handle.acquire(&account, deadline).await),
                Call::Unauthorized => {
                    drop(handle.unauthorized(&account, generation, deadline).await);
                }
                Call::Renew => drop(handle.renew(&account, deadline).await),
            }
            let late = TokioClock.now().saturating_duration_since(deadline);
            assert!(late < Duration::from_millis(10), "{late:?} late");
        }));
    }

    async fn act(&mut self, act: Act) {
        let fleet = &mut self.fleet;
        match act {
            Act::Demand(who) => self.call(who, Call::Acquire),
            Act::Unauthorized(who) => self.call(who, Call::Unauthorized),
            Act::Operator(who) => self.call(who, Call::Renew),
            Act::Pass(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            Act::Carrier(fault) => fleet.carrier.next(fault),
            Act::LoseMessages(count) => fleet.database.tables().losing = count,
            Act::LoseStatements(who, count) => fleet.gateways[who].member.lose_answers(count),
            Act::Cut(who) => {
                let cut = &fleet.gateways[who].member.cut;
                cut.fetch_not(Ordering::Relaxed);
            }
            Act::Freeze(who, seconds) => {
                let span = Duration::from_secs(seconds);
                fleet.gateways[who].member.freeze(span);
            }
            Act::Crash(who) => {
                fleet.gateways[who].crash();
                fleet.start(who);
            }
            Act::Leave(who) => {
                fleet.gateways[who].leave_at_once();
                fleet.start(who);
            }
            Act::SignIn(who) => {
                if fleet.kind == SINGLE_USE && !fleet.gateways[who].member.is_away() {
                    fleet.gateways[who].sign_in();
                }
            }
        }
    }

    /// Everything works again, for long enough.
    async fn heal(&mut self) {
        self.fleet.carrier.books().faults.clear();
        self.fleet.database.tables().losing = 0;
        for gateway in &self.fleet.gateways {
            gateway.member.cut.store(false, Ordering::Relaxed);
            gateway.member.lose_answers(0);
        }
        // Refused credentials are tried again after five minutes.
        for _ in 0..60 {
            pass(10).await;
            for who in 0..GATEWAYS {
                self.call(who, Call::Acquire);
            }
        }
        for caller in self.callers.drain(..) {
            caller.await.expect("every caller is answered in time");
        }
    }

    fn check_presentations(&self) {
        let (books, tables) = (self.fleet.carrier.books(), self.fleet.database.tables());
        for (number, times) in &books.presented {
            let state = format!("state-{number}").into_bytes();
            let most = if tables.last_chances.contains(&state) {
                2
            } else {
                1
            };
            assert!(
                *times <= most,
                "refresh token {number} presented {times} times"
            );
        }
    }

    /// Whether the carrier honours a grant of which a copy is left.
    fn must_work(&self) -> bool {
        if self.fleet.kind == REPEATABLE {
            return true;
        }
        let (books, tables) = (self.fleet.carrier.books(), self.fleet.database.tables());
        // A last chance that brings no answer is the end of a grant.
        let newest = format!("state-{}", books.accepted).into_bytes();
        !books.revoked
            && books.newest_was_delivered()
            && !books.last_chance_was_lost()
            && !tables.last_chances.contains(&newest)
    }

    async fn check_service(&self) {
        for gateway in &self.fleet.gateways {
            let token = gateway.acquire().await;
            assert!(token.is_ok(), "a grant was lost: {token:?}");
        }
        pass(2 * LEASE.as_secs()).await;
        let tokens: Vec<_> = (self.fleet.gateways.iter())
            .map(|gateway| gateway.token())
            .collect();
        let versions: Vec<_> = (self.fleet.gateways.iter())
            .map(|gateway| gateway.version())
            .collect();
        assert!(
            tokens.iter().all(|token| *token == tokens[0]),
            "different tokens: {tokens:?} of {versions:?}, owner {:?}, now {:?} requests {:?}",
            self.fleet.owner(),
            TokioClock.now(),
            self.fleet.carrier.books().requests,
        );
    }

    /// Of a fleet without faults: never two requests at a time, and none before it is due.
    fn check_thrift(&self) {
        let books = self.fleet.carrier.books();
        for pair in books.requests.windows(2) {
            let ((begun, ended, _), (next, _, reason)) = (pair[0], pair[1]);
            assert!(ended <= next, "two requests at a time");
            let due = begun + Duration::from_secs(120).mul_f64(0.7);
            let asked = reason == AuthorizationReason::UpstreamRejected;
            assert!(asked || due <= next, "{reason:?} after {:?}", next - begun);
        }
    }
}

enum Call {
    Acquire,
    Unauthorized,
    Renew,
}

fn play(kind: GrantKind, acts: Vec<Act>, calm: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut world = World::of(kind);
        for act in acts {
            world.act(act).await;
        }
        world.heal().await;
        world.check_presentations();
        if world.must_work() {
            world.check_service().await;
        }
        if calm {
            world.check_thrift();
        }
    });
}

/// Histories in which an earlier broker lost a grant.
#[test]
fn known_histories_keep_every_grant() {
    let slow = |ms| Act::Carrier(Fault::Slow(Duration::from_millis(ms)));
    // The new owner freezes while its last chance is out, and the grant is given up meanwhile.
    let frozen_last_chance = vec![
        Act::Demand(0),
        Act::Pass(22_389),
        Act::Carrier(Fault::RequestLost),
        Act::Demand(0),
        Act::Operator(1),
        slow(2_745),
        Act::Freeze(0, 13),
        Act::Pass(33_612),
        Act::Freeze(1, 34),
    ];
    // The answer to the last chance reaches the ledger late, and the account's new owner is dead by then.
    let nobody_owns = vec![
        Act::Demand(0),
        Act::Demand(2),
        Act::Carrier(Fault::RequestLost),
        slow(2_897),
        Act::Pass(21_927),
        Act::Cut(0),
        Act::Pass(42_389),
        Act::Crash(2),
        Act::Pass(85_685),
    ];
    // The gateway that takes the last chance freezes, and is the owner again when it has recorded the answer.
    let own_answer = vec![
        slow(13_393),
        Act::LoseMessages(4),
        Act::Carrier(Fault::RequestLost),
        Act::Freeze(0, 15),
        Act::Unauthorized(0),
        Act::Crash(1),
        Act::Pass(15_001),
        Act::Crash(0),
        Act::Crash(1),
        Act::Pass(21_606),
        Act::Demand(2),
        Act::Pass(46_820),
        Act::Crash(2),
        Act::Pass(85_113),
        Act::Crash(2),
        Act::Pass(13_383),
        Act::Freeze(0, 45),
        Act::Pass(11_376),
        Act::Freeze(1, 21),
    ];
    for acts in [frozen_last_chance, nobody_owns, own_answer] {
        play(SINGLE_USE, acts, false);
    }
}

/// 256 histories, and 100,000 in a full run.
fn histories() -> Config {
    let config = tests_kit::properties(256);
    let cases = if tests_kit::is_full() {
        100_000.max(config.cases)
    } else {
        config.cases
    };
    Config { cases, ..config }
}

proptest! {
    #![proptest_config(histories())]

    #[test]
    fn fleet_under_faults_keeps_every_grant(acts in proptest::collection::vec(storm(), 1..60)) {
        play(SINGLE_USE, acts, false);
    }
}

proptest! {
    #![proptest_config(tests_kit::properties(128))]

    #[test]
    fn fleet_under_faults_serves_client_credentials(
        acts in proptest::collection::vec(storm(), 1..60),
    ) {
        play(REPEATABLE, acts, false);
    }

    #[test]
    fn calm_fleet_requests_each_token_once(
        single_use: bool,
        acts in proptest::collection::vec(calm(), 1..60),
    ) {
        // An operator's wish may come at any time.
        let acts = acts.into_iter().filter(|act| !matches!(act, Act::Operator(_))).collect();
        play(if single_use { SINGLE_USE } else { REPEATABLE }, acts, true);
    }
}
