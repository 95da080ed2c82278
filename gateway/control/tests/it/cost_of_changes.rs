//! What a change costs: it opens the records that it touches, however many there are.

use crate::world::{World, account, id, operator};
use gateway_api::{AddApp, RotateApp, UpdateAccount, UpdateApp};
use gateway_model::{Environment, GrantKind, GrantStatus, GrantVersion, ManagedBy, TokenFacts};
use gateway_store::{AccountRecord, GrantRecord, Timestamp};
use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};

const MANY: usize = 300;
/// More than any single change may open.
const FEW: u64 = 12;

fn stored(name: &str) -> (AccountRecord, GrantRecord) {
    let record = AccountRecord {
        name: id(name),
        aliases: Vec::new(),
        carrier: "ups".parse().expect("a carrier"),
        environment: Environment::Test,
        numbers: Vec::new(),
        grant: GrantKind::AuthorizationCode,
        client_id: "mock-client".to_owned(),
        client_secrets: vec![gateway_model::Secret::new("mock-secret".to_owned())],
        active: true,
        default: false,
        managed_by: ManagedBy::Operator,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        revision: 0,
    };
    let grant = GrantRecord {
        account: id(name),
        version: GrantVersion(1),
        status: GrantStatus::Spent,
        state: gateway_model::SecretBytes::default(),
        token: None,
        facts: TokenFacts::default(),
        consented_at: None,
        expires_at: None,
        intent: None,
        restored: None,
    };
    (record, grant)
}

/// What the data plane was told last.
#[derive(Default)]
struct Told(Mutex<gateway_control::ServingState>);

impl gateway_control::Publisher for Told {
    fn publish(
        &self,
        state: &gateway_control::ServingState,
    ) -> Result<(), gateway_control::ControlError> {
        *self.0.lock().expect("no test panics here") = state.clone();
        Ok(())
    }
}

impl gateway_control::RequestHistory for Told {
    fn recent(
        &self,
        _: gateway_api::RequestQuery,
        _: usize,
    ) -> Pin<Box<dyn Future<Output = Vec<gateway_api::RequestView>> + Send + '_>> {
        Box::pin(std::future::ready(Vec::new()))
    }
}

fn app(name: &str, accounts: &[&str], keys: &[&str]) -> AddApp {
    AddApp {
        name: name.parse().expect("a name"),
        accounts: accounts.iter().map(|name| id(name)).collect(),
        client_id: None,
        client_secret: None,
        key: None,
        with_key: false,
        key_only: false,
        rate: None,
        legacy_keys: keys.iter().map(|key| crate::world::secret(key)).collect(),
    }
}

/// After each change the data plane has what the store has.
async fn told_is_stored(world: &World, told: &Told) {
    let stored = world
        .control
        .serving_state()
        .await
        .expect("the store reads");
    let facts = |state: &gateway_control::ServingState| {
        let accounts = state.accounts.values().map(|account| {
            let record = &account.record;
            format!("{} {} {}", record.name, record.default, record.active)
        });
        let apps = state
            .apps
            .values()
            .map(|app| format!("{} {:?}", app.name, app.accounts));
        let keys = state
            .legacy_keys
            .values()
            .map(|key| format!("{} {:?}", key.account, key.app));
        accounts.chain(apps).chain(keys).collect::<Vec<_>>()
    };
    let told = told.0.lock().expect("no test panics here").clone();
    assert_eq!(facts(&told), facts(&stored));
}

#[tokio::test]
async fn change_opens_the_records_that_it_touches() {
    let world = World::new().await;
    let many: Vec<_> = (0..MANY).map(|at| stored(&format!("many-{at}"))).collect();
    for some in many.chunks(100) {
        world.store.fill(some).await.expect("the store takes them");
    }
    let world = world.restarted().await;
    let told = Arc::new(Told::default());
    world
        .control
        .attach(Arc::clone(&told) as _, Arc::clone(&told) as _);
    let control = &world.control;
    let shop = "shop".parse().expect("a name");
    let default = || UpdateAccount {
        default: Some(true),
        ..UpdateAccount::default()
    };
    let mut before = world.store.records_opened();
    macro_rules! costs_little {
        ($what:literal, $change:expr) => {
            $change.await.expect($what);
            let opened = world.store.records_opened() - before;
            assert!(opened <= FEW, "{}: {opened} records", $what);
            told_is_stored(&world, &told).await;
            before = world.store.records_opened();
        };
    }
    let consent = GrantKind::AuthorizationCode;
    for name in ["first", "second"] {
        costs_little!(
            "add an account",
            control.add_account(operator(), account(name, consent, &["A1B2C3"]))
        );
        costs_little!(
            "make it the default",
            control.update_account(operator(), &id(name), default())
        );
    }
    costs_little!(
        "add an app",
        control.add_app(
            operator(),
            app("shop", &["first", "second"], &["retired-key"])
        )
    );
    costs_little!(
        "rotate its secret",
        control.rotate_app(operator(), &shop, RotateApp::default())
    );
    let change = UpdateApp {
        default: Some(id("second")),
        ..UpdateApp::default()
    };
    costs_little!("change it", control.update_app(operator(), &shop, change));
    let off = UpdateAccount {
        active: Some(false),
        ..UpdateAccount::default()
    };
    costs_little!(
        "switch an account off",
        control.update_account(operator(), &id("second"), off)
    );
    costs_little!(
        "remove an account of the app, and its key",
        control.remove_account(operator(), &id("first"))
    );
    costs_little!("remove the app", control.remove_app(operator(), &shop));
    costs_little!(
        "remove the other account",
        control.remove_account(operator(), &id("second"))
    );
    // A change that fails half-way leaves nothing to be believed: the next one reads everything.
    let taken = control.add_account(operator(), account("many-0", consent, &[]));
    taken.await.expect_err("the name is taken");
    control
        .add_account(operator(), account("third", consent, &[]))
        .await
        .expect("another name");
    told_is_stored(&world, &told).await;
    assert!(before < world.store.records_opened());
}
