//! Several gateways on one ledger: one token request for an account, wherever it is asked for.

mod carrier;
mod database;
mod failover;
mod gateway;
mod histories;
mod member;

use crate::support::{grant, main_account, soon};
use carrier::{Carrier, Fault};
use database::{Database, LEASE, REQUEST};
use futures_util::future::join_all;
use gateway::Gateway;
use gateway_broker::{RenewalOutcome, Shutdown};
use gateway_model::{Failure, FailureClass, GrantKind, GrantStatus, UnavailableReason};
use gateway_store::DemandCause;
use std::{sync::Arc, sync::atomic::Ordering, time::Duration};

const REPEATABLE: GrantKind = GrantKind::ClientCredentials;
const SINGLE_USE: GrantKind = GrantKind::AuthorizationCode;

struct Fleet {
    database: Arc<Database>,
    carrier: Arc<Carrier>,
    kind: GrantKind,
    gateways: Vec<Gateway>,
}

impl Fleet {
    fn of(count: usize, kind: GrantKind, lifetime: u64) -> Self {
        let (database, carrier) = (Arc::new(Database::default()), Carrier::new(lifetime));
        if kind == SINGLE_USE {
            database.put(grant(GrantStatus::Held));
        }
        let start = |mailbox| Gateway::start(mailbox, &database, &carrier, kind);
        Self {
            gateways: (0..count).map(start).collect(),
            database,
            carrier,
            kind,
        }
    }

    /// One more gateway, or one in the place of another.
    fn start(&mut self, mailbox: usize) {
        let new = Gateway::start(mailbox, &self.database, &self.carrier, self.kind);
        if mailbox < self.gateways.len() {
            self.gateways[mailbox] = new;
        } else {
            self.gateways.push(new);
        }
    }

    fn owner(&self) -> Option<usize> {
        let owner = self.database.tables().owner(&main_account())?;
        self.gateways
            .iter()
            .position(|gateway| gateway.member.id() == owner)
    }
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn thousand_first_requests_at_three_gateways_cause_one_token_request() {
    for kind in [REPEATABLE, SINGLE_USE] {
        let fleet = Fleet::of(3, kind, 3_600);
        let results = join_all((0..1_000).map(|n| fleet.gateways[n % 3].acquire())).await;
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        assert_eq!(fleet.carrier.requests(), 1);
        for gateway in &fleet.gateways {
            assert_eq!(gateway.token().as_deref(), Some("Bearer token-1"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn token_is_renewed_once_for_all_and_missing_nowhere() {
    for kind in [REPEATABLE, SINGLE_USE] {
        let fleet = Fleet::of(4, kind, 100);
        fleet.gateways[1].acquire().await.expect("a token");
        pass(1).await;
        let before = fleet.database.tables().statements;
        for _ in 0..10_000 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            for gateway in &fleet.gateways {
                assert!(gateway.token().is_some(), "without a token");
            }
        }
        // 1,000 s of 72 to 88 s between renewals, as with one gateway.
        let requests = fleet.carrier.requests();
        assert!((12..=15).contains(&requests), "{requests}");
        assert_eq!(fleet.owner(), Some(1));
        // The others never even try to become the owner.
        let claims = fleet.database.tables().statements - before;
        assert!(claims <= requests as u64, "{claims} claims");
    }
}

#[tokio::test(start_paused = true)]
async fn owner_that_dies_is_replaced_before_the_token_ends() {
    for kind in [REPEATABLE, SINGLE_USE] {
        let mut fleet = Fleet::of(3, kind, 200);
        fleet.gateways[0].acquire().await.expect("a token");
        pass(140).await;
        fleet.gateways[0].crash();
        for _ in 0..600 {
            pass(1).await;
            assert!(fleet.gateways[1].token().is_some(), "a gap");
            assert!(fleet.gateways[2].token().is_some(), "a gap");
        }
        assert!(fleet.owner().is_some_and(|owner| owner > 0));
        assert!((4..=6).contains(&fleet.carrier.requests()));
    }
}

/// Its due accounts are renewed within the lease, not when the others' patience is over.
#[tokio::test(start_paused = true)]
async fn accounts_that_are_due_are_renewed_when_the_owner_is_found_dead() {
    let mut fleet = Fleet::of(2, REPEATABLE, 10_000);
    fleet.gateways[0].acquire().await.expect("a token");
    // Before the owner's renewal, but not much: 7,200 s at the earliest.
    pass(7_100).await;
    fleet.gateways[0].crash();
    pass(1_700 + 2 * LEASE.as_secs()).await;
    assert_eq!(fleet.carrier.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn gateway_that_leaves_gives_its_accounts_up_at_once() {
    let mut fleet = Fleet::of(2, REPEATABLE, 3_600);
    fleet.gateways[0].acquire().await.expect("a token");
    fleet.gateways[0].stop().await;
    let renewed = fleet.gateways[1].renew(2).await;
    renewed.expect("nobody else owns the account");
    assert_eq!(fleet.owner(), Some(1));
}

#[tokio::test(start_paused = true)]
async fn owner_that_is_refused_tells_the_callers_of_all() {
    let fleet = Fleet::of(2, REPEATABLE, 3_600);
    let refusal = Failure::new(FailureClass::Rejected, "10401", "the carrier said no");
    fleet.carrier.next(Fault::Refused(refusal));
    let (first, second) = tokio::join!(fleet.gateways[0].acquire(), fleet.gateways[1].acquire());
    let refused = [first, second].map(|result| result.expect_err("refused"));
    for refused in &refused {
        assert_eq!(refused.reason, UnavailableReason::CredentialsRejected);
        assert!(
            refused.message.contains("the carrier said no (10401)"),
            "{}",
            refused.message
        );
    }
    assert_eq!(refused[0].message, refused[1].message);
    // Asked later: the owner knows already.
    for gateway in &fleet.gateways {
        gateway.acquire().await.expect_err("still refused");
    }
    assert_eq!(fleet.carrier.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn carrier_that_always_says_401_costs_one_renewal_for_all_gateways() {
    let fleet = Fleet::of(3, REPEATABLE, 3_600);
    fleet.gateways[0].acquire().await.expect("a token");
    pass(1).await;
    let mut renewed = 0;
    for call in 0..300 {
        let gateway = &fleet.gateways[(call + 1) % 3];
        let generation = gateway.generation();
        let deadline = soon(30);
        let outcome = gateway
            .handle
            .unauthorized(&main_account(), generation, deadline)
            .await;
        match outcome {
            Ok(RenewalOutcome::Renewed) => renewed += 1,
            Ok(RenewalOutcome::CoolingDown { .. }) => {}
            Err(kept) => assert!(kept.message.contains("token_kept"), "{}", kept.message),
        }
    }
    assert_eq!(fleet.carrier.requests(), 2);
    assert!((1..=3).contains(&renewed), "{renewed}");
}

#[tokio::test(start_paused = true)]
async fn operator_renews_at_any_gateway() {
    for kind in [REPEATABLE, SINGLE_USE] {
        let fleet = Fleet::of(2, kind, 3_600);
        fleet.gateways[0].acquire().await.expect("a token");
        pass(1).await;
        let renewed = fleet.gateways[1].renew(30).await;
        renewed.expect("renewed");
        assert_eq!(fleet.gateways[1].token().as_deref(), Some("Bearer token-2"));
        assert_eq!(fleet.gateways[0].token().as_deref(), Some("Bearer token-2"));
        assert_eq!(fleet.owner(), Some(0));
    }
}

#[tokio::test(start_paused = true)]
async fn changed_credentials_reach_the_gateways_in_any_order() {
    for first in [0, 1] {
        let fleet = Fleet::of(2, REPEATABLE, 3_600);
        fleet.gateways[0].acquire().await.expect("a token");
        pass(1).await;
        fleet.gateways[first].change_secret("another");
        pass(2).await;
        fleet.gateways[1 - first].change_secret("another");
        pass(10).await;
        for gateway in &fleet.gateways {
            gateway.acquire().await.expect("a token of the new secret");
        }
        let requests = fleet.carrier.requests();
        assert!((2..=3).contains(&requests), "{requests}");
        assert_eq!(fleet.gateways[0].token(), fleet.gateways[1].token());
    }
}

#[tokio::test(start_paused = true)]
async fn account_that_is_removed_while_it_waits_for_the_owner_is_gone() {
    let fleet = Fleet::of(2, REPEATABLE, 3_600);
    fleet.carrier.next(Fault::Slow(Duration::from_secs(15)));
    let owner = fleet.gateways[0].acquire();
    let other = async {
        pass(1).await;
        fleet.gateways[1].acquire().await
    };
    let removal = async {
        pass(5).await;
        fleet.gateways[1].broker.remove_account(&main_account())
    };
    let (owner, other, removed) = tokio::join!(owner, other, removal);
    owner.expect("the owner keeps the account");
    assert!(removed);
    let gone = other.expect_err("removed");
    assert_eq!(gone.reason, UnavailableReason::Misconfigured);
    assert_eq!(fleet.gateways[1].token(), None);
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_a_wait_for_the_owner_at_once() {
    let fleet = Fleet::of(2, REPEATABLE, 3_600);
    fleet.carrier.next(Fault::Slow(Duration::from_secs(15)));
    let owner = fleet.gateways[0].acquire();
    let other = async {
        pass(1).await;
        fleet.gateways[1].acquire().await
    };
    let shutdown = async {
        pass(5).await;
        let begun = soon(0);
        let ended = fleet.gateways[1].broker.shutdown(REQUEST).await;
        (ended, soon(0) - begun)
    };
    let (owner, other, (ended, took)) = tokio::join!(owner, other, shutdown);
    owner.expect("the owner goes on");
    other.expect_err("shut down");
    assert_eq!(ended, Shutdown::Clean);
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(fleet.carrier.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn owner_that_cannot_be_heard_is_not_waited_for_for_ever() {
    let fleet = Fleet::of(2, REPEATABLE, 3_600);
    fleet.gateways[0].acquire().await.expect("a token");
    pass(1).await;
    fleet.database.tables().losing = u32::MAX;
    let renewal = fleet.gateways[1].renew(120);
    let refused = renewal.await.expect_err("no word of the owner");
    assert!(
        refused.message.contains("owner_silent"),
        "{}",
        refused.message
    );
    assert!(
        fleet.gateways[1].token().is_some(),
        "the token stays in use"
    );
}

/// The message about the new token is lost; the wait finds it in the ledger.
#[tokio::test(start_paused = true)]
async fn lost_message_delays_a_caller_by_a_third_of_the_lease() {
    let fleet = Fleet::of(2, REPEATABLE, 3_600);
    fleet.carrier.next(Fault::Slow(Duration::from_secs(2)));
    let owner = fleet.gateways[0].acquire();
    let other = async {
        pass(1).await;
        fleet.database.tables().losing = 2;
        let deadline = soon(LEASE.as_secs() / 3 + 1);
        fleet.gateways[1]
            .handle
            .acquire(&main_account(), deadline)
            .await
    };
    let (owner, other) = tokio::join!(owner, other);
    owner.expect("a token");
    other.expect("the same token");
    assert_eq!(fleet.carrier.requests(), 1);
}

/// Its answer arrives while it is frozen, and it wakes after the account has a new owner.
#[tokio::test(start_paused = true)]
async fn frozen_owner_hands_its_late_answer_to_the_new_one() {
    let fleet = Fleet::of(2, SINGLE_USE, 300);
    fleet.gateways[0].acquire().await.expect("a token");
    pass(1).await;
    let (old, new) = (&fleet.gateways[0], &fleet.gateways[1]);
    let renewal = old.renew(120);
    let frozen = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        old.member.freeze(Duration::from_secs(100));
        pass(30).await;
        // The new owner waits until the old one's request is certainly over, and does not present.
        let waited = new.renew(60).await;
        let told = waited.expect_err("there is no new token");
        assert!(told.message.contains("outcome_unknown"), "{told:?}");
        assert_eq!(fleet.carrier.requests(), 2);
        let kept = fleet.database.grant(&main_account()).expect("a grant");
        assert_eq!(kept.status, GrantStatus::OutcomeUnknown);
    };
    let (_, ()) = tokio::join!(renewal, frozen);
    pass(60).await;
    let kept = fleet.database.grant(&main_account()).expect("a grant");
    assert_eq!(kept.status, GrantStatus::Held);
    assert_eq!(kept.state.expose(), b"state-2");
    assert_eq!(fleet.owner(), Some(1));
    for gateway in &fleet.gateways {
        assert_eq!(gateway.token().as_deref(), Some("Bearer token-2"));
    }
    assert!(!fleet.carrier.books().revoked);
}

/// It freezes between the intent and the request. When it wakes, its lease is over.
#[tokio::test(start_paused = true)]
async fn frozen_gateway_presents_nothing_when_it_wakes() {
    let fleet = Fleet::of(2, SINGLE_USE, 300);
    let old = &fleet.gateways[0];
    let renewal = old.acquire();
    let frozen = async {
        // The claim and the intent are statements without a pause: freeze at the first of them.
        old.member.freeze(Duration::from_secs(100));
        pass(20).await;
        fleet.gateways[1].acquire().await
    };
    let (_, other) = tokio::join!(renewal, frozen);
    other.expect("the new owner's token");
    pass(200).await;
    assert!(
        fleet
            .carrier
            .books()
            .presented
            .values()
            .all(|times| *times == 1)
    );
    assert!(old.token().is_some());
}

#[tokio::test(start_paused = true)]
async fn crash_of_the_owner_leaves_the_grant_in_doubt_and_its_last_chance() {
    let mut fleet = Fleet::of(2, SINGLE_USE, 300);
    fleet.gateways[0].acquire().await.expect("a token");
    pass(1).await;
    fleet.carrier.next(Fault::RequestLost);
    let renewal = fleet.gateways[0].renew(1);
    renewal.await.expect_err("lost");
    fleet.gateways[0].crash();
    pass(200).await;
    let kept = fleet.database.grant(&main_account()).expect("a grant");
    assert_eq!(kept.status, GrantStatus::Presenting, "nobody needed it yet");
    pass(600).await;
    assert!(fleet.gateways[1].token().is_some());
    assert!(!fleet.carrier.books().revoked);
    let kept = fleet.database.grant(&main_account()).expect("a grant");
    assert_eq!(kept.status, GrantStatus::Held);
}

#[tokio::test(start_paused = true)]
async fn login_at_another_gateway_fences_the_owner_out() {
    let fleet = Fleet::of(2, SINGLE_USE, 3_600);
    fleet.gateways[0].acquire().await.expect("a token");
    fleet.carrier.next(Fault::Slow(Duration::from_secs(5)));
    let renewal = fleet.gateways[0].renew(30);
    let login = async {
        pass(2).await;
        fleet.gateways[1].sign_in();
    };
    let (_, ()) = tokio::join!(renewal, login);
    pass(10).await;
    for gateway in &fleet.gateways {
        gateway.acquire().await.expect("a token of the new login");
    }
    let kept = fleet.database.grant(&main_account()).expect("a grant");
    assert_eq!(kept.status, GrantStatus::Held);
    assert!(!fleet.carrier.books().revoked);
    assert_eq!(fleet.gateways[0].token(), fleet.gateways[1].token());
}

/// Client credentials work without the ledger, but only when the token at hand ends.
#[tokio::test(start_paused = true)]
async fn ledger_that_is_away_stops_no_account_with_client_credentials() {
    let fleet = Fleet::of(2, REPEATABLE, 3_600);
    fleet.gateways[0].acquire().await.expect("a token");
    pass(1).await;
    for gateway in &fleet.gateways {
        gateway.member.cut.store(true, Ordering::Relaxed);
    }
    pass(3_400).await;
    assert_eq!(fleet.carrier.requests(), 1, "the token is used to its end");
    for _ in 0..400 {
        pass(1).await;
        assert!(
            fleet.gateways.iter().all(|it| it.token().is_some()),
            "a gap"
        );
    }
    assert_eq!(fleet.carrier.requests(), 3, "one for each gateway");
    for gateway in &fleet.gateways {
        gateway.member.cut.store(false, Ordering::Relaxed);
    }
    pass(4_000).await;
    assert_eq!(fleet.gateways[0].token(), fleet.gateways[1].token());
}

/// Others read the token in the ledger, so it is written again until the ledger has it.
#[tokio::test(start_paused = true)]
async fn token_that_the_ledger_did_not_take_at_once_reaches_the_others() {
    let fleet = Fleet::of(2, REPEATABLE, 3_600);
    let owner = &fleet.gateways[0];
    fleet.carrier.next(Fault::Slow(Duration::from_secs(2)));
    let cut = async {
        pass(1).await;
        owner.member.cut.store(true, Ordering::Relaxed);
        pass(8).await;
        owner.member.cut.store(false, Ordering::Relaxed);
    };
    let (token, ()) = tokio::join!(owner.acquire(), cut);
    token.expect("a token");
    pass(10).await;
    assert_eq!(fleet.gateways[1].token().as_deref(), Some("Bearer token-1"));
    assert_eq!(fleet.carrier.requests(), 1);
}

/// The owner's callers have a token before the ledger has it.
#[tokio::test(start_paused = true)]
async fn token_that_is_being_written_is_waited_for() {
    let fleet = Fleet::of(2, REPEATABLE, 3_600);
    let owner = &fleet.gateways[0];
    owner.member.slow.store(1_000, Ordering::Relaxed);
    owner.acquire().await.expect("a token");
    fleet.gateways[1].acquire().await.expect("the same token");
    assert_eq!(fleet.carrier.requests(), 1);
}

/// A failed presentation makes no new version of the grant.
#[tokio::test(start_paused = true)]
async fn grant_in_doubt_is_in_doubt_at_all_gateways() {
    let fleet = Fleet::of(2, SINGLE_USE, 3_600);
    fleet.gateways[0].acquire().await.expect("a token");
    fleet.carrier.next(Fault::RequestLost);
    fleet.gateways[0].renew(60).await.expect_err("lost");
    // The message of a resolution may be lost: a sweep that reads the record finds it.
    pass(60).await;
    let status = fleet.gateways[1].handle.status(&main_account());
    let status = status.expect("the account is kept");
    assert_eq!(
        (status.grant, status.usable),
        (GrantStatus::OutcomeUnknown, true)
    );
}

/// The message about the doubt reaches a gateway that waits for the owner. The owner's failure then tells it.
#[tokio::test(start_paused = true)]
async fn gateway_that_waited_for_a_lost_answer_knows_of_the_doubt() {
    let fleet = Fleet::of(2, SINGLE_USE, 3_600);
    fleet.gateways[0].acquire().await.expect("a token");
    pass(1).await;
    fleet.carrier.next(Fault::AnswerLost);
    let (owner, other) = (&fleet.gateways[0], &fleet.gateways[1]);
    let (first, second) = tokio::join!(owner.renew(60), other.renew(60));
    first.expect_err("lost");
    second.expect_err("lost");
    for gateway in [owner, other] {
        let status = gateway.handle.status(&main_account());
        let status = status.expect("the account is kept");
        assert_eq!(
            (status.grant, status.usable),
            (GrantStatus::OutcomeUnknown, true)
        );
    }
    assert_eq!(fleet.carrier.requests(), 2);
}

/// Operators asked at both gateways, and then the carrier's answer was lost. Only one who asks after that takes the last
/// chance.
#[tokio::test(start_paused = true)]
async fn demand_from_before_the_doubt_does_not_take_the_last_chance() {
    let fleet = Fleet::of(2, SINGLE_USE, 3_600);
    let (owner, other) = (&fleet.gateways[0], &fleet.gateways[1]);
    owner.acquire().await.expect("a token");
    let version = other.version();
    fleet.carrier.next(Fault::AnswerLost);
    owner.renew(60).await.expect_err("lost");
    let asked = |cause| {
        owner
            .broker
            .demanded_elsewhere(&main_account(), version, cause);
    };
    asked(DemandCause::Operator);
    pass(30).await;
    assert_eq!(fleet.carrier.requests(), 2);
    other
        .renew(60)
        .await
        .expect_err("the carrier refuses a used token");
    assert_eq!(fleet.carrier.requests(), 3, "the last chance");
}

#[tokio::test(start_paused = true)]
async fn demand_at_a_gateway_that_is_not_the_owner_starts_nothing() {
    let fleet = Fleet::of(2, REPEATABLE, 3_600);
    fleet.gateways[0].acquire().await.expect("a token");
    pass(1).await;
    let other = &fleet.gateways[1];
    let version = other.version();
    other
        .broker
        .demanded_elsewhere(&main_account(), version, DemandCause::Operator);
    pass(10).await;
    assert_eq!(fleet.carrier.requests(), 1);
}
