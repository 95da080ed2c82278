//! Random histories of three gateways, against a model of who owns an account and what its grant is.

use crate::clock::MovableClock;
use crate::place::Place;
use crate::records::*;
use gateway_model::{GrantStatus, GrantVersion, IntentId, SecretBytes};
use gateway_store::*;
use proptest::prelude::*;
use std::sync::Arc;

/// What one of the gateways does, or what happens to it.
#[derive(Clone, Copy, Debug)]
enum Act {
    Claim,
    Present,
    Answer,
    Complete,
    Doubt,
    Login,
    /// Its lease ends in the database, and it does not know.
    Freeze,
    /// It joins again.
    Wake,
}

/// What must be true after each act.
#[derive(Debug)]
struct Model {
    alive: [bool; 3],
    owner: Option<usize>,
    fence: i64,
    version: GrantVersion,
    status: GrantStatus,
    /// The intent that is open, by number.
    intent: Option<u32>,
    intents: u32,
}

impl Model {
    fn may_write(&self, gateway: usize) -> bool {
        let free = self.owner.is_none_or(|owner| !self.alive[owner]);
        self.alive[gateway] && (free || self.owner == Some(gateway))
    }

    /// The account is the gateway's from now on.
    fn take(&mut self, gateway: usize) {
        if self.owner != Some(gateway) {
            self.owner = Some(gateway);
            self.fence += 1;
        }
    }
}

struct History {
    place: Place,
    stores: Vec<Store>,
    ids: Vec<ReplicaId>,
    model: Model,
}

impl History {
    async fn new(place: Place) -> Self {
        let (mut stores, mut ids) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let store = place.try_open().await.unwrap();
            ids.push(place.join(&store, Arc::new(MovableClock::default())).await);
            stores.push(store);
        }
        stores[0].add_account(&account("main")).await.unwrap();
        let held = completion(GrantStatus::Held, "0");
        stores[0]
            .replace_grant(&id("main"), &held, NOW)
            .await
            .unwrap();
        let model = Model {
            alive: [true; 3],
            owner: None,
            fence: 0,
            version: GrantVersion(1),
            status: GrantStatus::Held,
            intent: None,
            intents: 0,
        };
        Self {
            place,
            stores,
            ids,
            model,
        }
    }

    async fn act(&mut self, gateway: usize, act: Act) {
        match act {
            Act::Claim => self.claim(gateway).await,
            Act::Present => self.present(gateway).await,
            Act::Answer => self.answer(gateway).await,
            Act::Complete => self.complete(gateway).await,
            Act::Doubt => self.doubt(gateway).await,
            Act::Login => {
                let login = completion(GrantStatus::Held, "login");
                let store = &self.stores[gateway];
                let version = store.replace_grant(&id("main"), &login, NOW).await;
                self.model.version = self.model.version.next();
                assert_eq!(version, Ok(self.model.version));
                (self.model.status, self.model.intent) = (GrantStatus::Held, None);
            }
            Act::Freeze => {
                let sql = format!(
                    "UPDATE replicas SET until = clock_timestamp() - interval '1 second' \
                     WHERE id = '{}'",
                    self.ids[gateway]
                );
                self.place.tamper(&sql).await;
                self.model.alive[gateway] = false;
            }
            Act::Wake => {
                let clock = Arc::new(MovableClock::default());
                self.ids[gateway] = self.place.join(&self.stores[gateway], clock).await;
                self.model.alive[gateway] = true;
                if self.model.owner == Some(gateway) {
                    // It is another member than before.
                    self.model.owner = None;
                }
            }
        }
    }

    async fn claim(&mut self, gateway: usize) {
        let claimed = self.stores[gateway].claim(&id("main")).await;
        let model = &mut self.model;
        match claimed {
            Ok(Claim::Theirs { owner }) => {
                let is = model.owner.expect("somebody owns it");
                // Also a gateway that was frozen hears it.
                assert!(is != gateway && model.alive[is], "{model:?}");
                assert_eq!(owner, self.ids[is]);
            }
            Ok(Claim::Mine | Claim::Taken { .. }) if model.alive[gateway] => {
                assert!(model.may_write(gateway), "{model:?}");
                model.take(gateway);
            }
            // A gateway that was frozen may believe in its claim until it writes.
            Ok(Claim::Mine | Claim::Taken { .. }) | Err(_) => assert!(!model.alive[gateway]),
        }
    }

    /// Checks whether a write of the owner's was taken, and notes its owner.
    fn wrote<T>(&mut self, gateway: usize, allowed: bool, result: &Result<T, StoreError>) -> bool {
        let may = self.model.may_write(gateway);
        if may {
            self.model.take(gateway);
        }
        let wrote = may && allowed;
        assert_eq!(
            result.is_ok(),
            wrote,
            "{:?} {:?}",
            result.as_ref().err(),
            self.model
        );
        wrote
    }

    async fn present(&mut self, gateway: usize) {
        let number = self.model.intents;
        self.model.intents += 1;
        let intent = intent(&number.to_string());
        let (version, which) = (self.model.version, Presentation::Ordinary);
        let store = &self.stores[gateway];
        let result = store
            .record_intent(&id("main"), version, which, &intent)
            .await;
        let allowed = self.model.status == GrantStatus::Held;
        if self.wrote(gateway, allowed, &result) {
            (self.model.status, self.model.intent) = (GrantStatus::Presenting, Some(number));
        }
    }

    async fn answer(&mut self, gateway: usize) {
        let Some(number) = self.model.intents.checked_sub(1) else {
            return;
        };
        let (name, answer) = (IntentId::new(number.to_string()), SecretBytes::default());
        let store = &self.stores[gateway];
        let result = store.record_answer(&id("main"), &name, &answer).await;
        // Whoever brings it, and whether it lives.
        assert_eq!(
            result.is_ok(),
            self.model.intent == Some(number),
            "{result:?}"
        );
    }

    async fn complete(&mut self, gateway: usize) {
        let Some(number) = self.model.intents.checked_sub(1) else {
            return;
        };
        let name = IntentId::new(number.to_string());
        let (next, entry) = (
            completion(GrantStatus::Held, "next"),
            entry("main", "issued"),
        );
        let (store, version) = (&self.stores[gateway], self.model.version);
        let result = store
            .complete(&id("main"), version, Some(&name), &next, &entry)
            .await;
        let allowed = self.model.intent == Some(number);
        if self.wrote(gateway, allowed, &result) {
            self.model.version = version.next();
            (self.model.status, self.model.intent) = (GrantStatus::Held, None);
        }
    }

    async fn doubt(&mut self, gateway: usize) {
        let Some(number) = self.model.intent else {
            return;
        };
        let name = IntentId::new(number.to_string());
        let (unknown, entry) = (Resolution::Unknown, entry("main", "doubt"));
        let (store, version) = (&self.stores[gateway], self.model.version);
        let result = store
            .resolve(&id("main"), version, &name, unknown, &entry)
            .await;
        // Said before it is known to be open: a second time changes nothing.
        let allowed = true;
        if self.wrote(gateway, allowed, &result) {
            self.model.status = GrantStatus::OutcomeUnknown;
        }
    }

    async fn check(&self) {
        let (model, store) = (&self.model, &self.stores[0]);
        let grant = store.grant(&id("main")).await.unwrap().unwrap();
        let open = grant.intent.map(|intent| intent.id);
        let expected = model.intent.map(|number| IntentId::new(number.to_string()));
        assert_eq!(
            (grant.version, grant.status, open),
            (model.version, model.status, expected)
        );
        let owner = store.owner_of(&id("main")).await.unwrap();
        assert_eq!(owner.as_ref().map_or(0, |owner| owner.fence.0), model.fence);
        if let Some(is) = model.owner {
            let owner = owner.expect("somebody owns it");
            assert_eq!(
                (owner.owner, owner.live),
                (self.ids[is].clone(), model.alive[is])
            );
        }
    }
}

fn act() -> impl Strategy<Value = (usize, Act)> {
    let act = prop_oneof![
        3 => Just(Act::Claim),
        4 => Just(Act::Present),
        2 => Just(Act::Answer),
        4 => Just(Act::Complete),
        1 => Just(Act::Doubt),
        1 => Just(Act::Login),
        2 => Just(Act::Freeze),
        2 => Just(Act::Wake),
    ];
    (0..3_usize, act)
}

proptest! {
    #![proptest_config(tests_kit::properties(6))]

    #[test]
    fn only_the_living_owner_writes_whatever_happens(
        acts in proptest::collection::vec(act(), 1..30),
    ) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let Some(place) = Place::postgres("histories of a fleet").await else {
                return;
            };
            let mut history = History::new(place).await;
            for (gateway, act) in acts {
                history.act(gateway, act).await;
                history.check().await;
            }
            for store in history.stores {
                store.close().await;
            }
        });
    }
}
