//! Two gateways on one database.

use crate::clock::MovableClock;
use crate::place::Place;
use crate::records::*;
use gateway_model::GrantStatus;
use gateway_store::*;
use std::sync::Arc;
use std::time::Duration;

/// Two gateways that have joined, and one account with a grant that works once.
pub(super) struct Pair {
    pub(super) place: Place,
    pub(super) one: Store,
    pub(super) two: Store,
    pub(super) one_id: ReplicaId,
    pub(super) two_id: ReplicaId,
    pub(super) clock: Arc<MovableClock>,
}

impl Pair {
    /// `None` if the machine has no PostgreSQL.
    pub(super) async fn new(what: &str) -> Option<Self> {
        let place = Place::postgres(what).await?;
        Some(Self::at(place).await)
    }

    pub(super) async fn at(place: Place) -> Self {
        let clock = Arc::new(MovableClock::default());
        let one = place.try_open().await.expect("it opens");
        let two = place
            .try_open()
            .await
            .expect("a second gateway opens it, too");
        let one_id = place.join(&one, clock.clone()).await;
        let two_id = place.join(&two, clock.clone()).await;
        one.add_account(&account("main")).await.unwrap();
        let held = completion(GrantStatus::Held, "1");
        one.replace_grant(&id("main"), &held, NOW).await.unwrap();
        Self {
            place,
            one,
            two,
            one_id,
            two_id,
            clock,
        }
    }

    /// Ends the lease of a gateway, as far as the database is concerned.
    pub(super) async fn expire(&self, replica: &ReplicaId) {
        let sql = format!(
            "UPDATE replicas SET until = clock_timestamp() - interval '1 second' WHERE id = '{replica}'"
        );
        self.place.tamper(&sql).await;
    }

    pub(super) async fn close(self) {
        self.one.close().await;
        self.two.close().await;
    }
}

/// What a gateway hears from now on.
pub(super) async fn listen(hears: &Store, says: &Store) -> StoreChanges {
    let mut changes = hears.changes().expect("the store is shared");
    // What the test's own preparations said comes before.
    let account = id("now");
    says.tell_failure(&account).await.unwrap();
    while next(&mut changes).await
        != (StoreChange::Failed {
            account: account.clone(),
        })
    {}
    changes
}

/// The next change that is not about gateways, within two seconds.
pub(super) async fn next(changes: &mut StoreChanges) -> StoreChange {
    next_heard(changes).await.change
}

/// The same, with what came with it.
pub(super) async fn next_heard(changes: &mut StoreChanges) -> HeardChange {
    let wait = async {
        loop {
            let heard = changes.next().await.expect("the store is open");
            if heard.change != StoreChange::Replicas {
                return heard;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(2), wait)
        .await
        .expect("a change is heard")
}
