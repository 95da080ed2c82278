//! What a failover of the database lost is in the memory of the gateways.

use super::{Fleet, REPEATABLE, SINGLE_USE, carrier::Fault, pass};
use crate::support::main_account;
use gateway_model::{GrantStatus, GrantVersion};
use gateway_store::Timestamp;

/// The standby of the database lacked the newest grant. Whoever owns the account then writes it back.
#[tokio::test(start_paused = true)]
async fn grant_that_a_failover_lost_is_written_back() {
    for owner_dies in [false, true] {
        let mut fleet = Fleet::of(2, SINGLE_USE, 300);
        fleet.gateways[0].acquire().await.expect("a token");
        let old = fleet.database.grant(&main_account()).expect("a grant");
        fleet.gateways[0].renew(30).await.expect("another");
        pass(1).await;
        fleet.database.put(old);
        if owner_dies {
            fleet.gateways[0].crash();
        }
        pass(600).await;
        let kept = fleet.database.grant(&main_account()).expect("a grant");
        assert!(kept.version > GrantVersion(5), "{:?}", kept.version);
        assert_eq!(kept.status, GrantStatus::Held);
        assert!(!fleet.carrier.books().revoked);
        assert!(fleet.gateways[1].token().is_some());
    }
}

/// The standby lacked the outcome of a presentation, so it says that the grant may be presented. The owner knows better.
#[tokio::test(start_paused = true)]
async fn doubt_that_a_failover_lost_is_written_back() {
    let mut fleet = Fleet::of(2, SINGLE_USE, 300);
    fleet.gateways[0].acquire().await.expect("a token");
    let old = fleet.database.grant(&main_account()).expect("a grant");
    fleet.carrier.next(Fault::AnswerLost);
    fleet.gateways[0].renew(30).await.expect_err("lost");
    fleet.database.put(old);
    pass(20).await;
    let kept = fleet.database.grant(&main_account()).expect("a grant");
    assert_eq!(kept.status, GrantStatus::OutcomeUnknown);
    fleet.gateways[0].crash();
    let asked = fleet.carrier.requests();
    pass(60).await;
    assert_eq!(fleet.carrier.requests(), asked, "nobody presents it again");
}

/// For writing it back after a failover of the database.
#[tokio::test(start_paused = true)]
async fn what_the_owner_holds_is_what_it_wrote() {
    for kind in [REPEATABLE, SINGLE_USE] {
        let fleet = Fleet::of(2, kind, 3_600);
        fleet.gateways[0].acquire().await.expect("a token");
        fleet.gateways[0].renew(30).await.expect("another");
        pass(1).await;
        let kept = fleet.database.grant(&main_account()).expect("a grant");
        let held = fleet.gateways[0].broker.held(&main_account());
        let held = held.expect("the owner holds it");
        assert_eq!((held.version, held.status), (kept.version, kept.status));
        assert_eq!(held.state.expose(), kept.state.expose());
        let (held, kept) = (held.token.expect("a token"), kept.token.expect("a token"));
        assert_eq!(held.headers.expose(), kept.headers.expose());
        assert_eq!(held.key, kept.key);
        let life = |ends: Option<Timestamp>, begun: Timestamp| ends.map(|ends| ends.0 - begun.0);
        assert_eq!(
            life(held.expires_at, held.issued_at),
            life(kept.expires_at, kept.issued_at)
        );
        let other = fleet.gateways[1].broker.held(&main_account());
        assert!(other.is_none(), "another gateway's memory may be behind");
    }
}
