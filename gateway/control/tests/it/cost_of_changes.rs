//! What a change costs: it opens the records that it touches, however many there are.

use crate::world::{World, account, id, operator};
use gateway_api::{AddApp, RotateApp, UpdateAccount, UpdateApp};
use gateway_model::{Environment, GrantKind, GrantStatus, GrantVersion, ManagedBy, TokenFacts};
use gateway_store::{AccountRecord, GrantRecord, Timestamp};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
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
        settings: std::collections::BTreeMap::new(),
        secret_settings: std::collections::BTreeMap::new(),
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
        written_by: None,
    };
    (record, grant)
}

/// What the data plane was told last.
struct Told(Mutex<gateway_control::ServingState>);

impl gateway_control::Publisher for Told {
    fn publish(
        &self,
        state: &gateway_control::ServingState,
        only: Option<&gateway_model::AccountId>,
    ) -> Result<(), gateway_control::ControlError> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(only) = only {
            let others = |state: &gateway_control::ServingState| {
                let mut rest = state.clone();
                rest.accounts.remove(only);
                facts(&rest)
            };
            assert_eq!(
                others(&told),
                others(state),
                "{only} is not the only change"
            );
        }
        *told = state.clone();
        drop(told);
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

/// What the data plane serves by.
fn facts(state: &gateway_control::ServingState) -> Vec<String> {
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
}

/// After each change the data plane has what the store has.
async fn told_is_stored(world: &World, told: &Told) {
    let stored = world
        .control
        .serving_state()
        .await
        .expect("the store reads");
    let told = told.0.lock().expect("no test panics here").clone();
    assert_eq!(facts(&told), facts(&stored));
}

/// A gateway with many accounts.
async fn large_world() -> (World, Arc<Told>) {
    let world = World::new().await;
    let many: Vec<_> = (0..MANY).map(|at| stored(&format!("many-{at}"))).collect();
    for some in many.chunks(100) {
        world.store.fill(some).await.expect("the store takes them");
    }
    let world = world.restarted().await;
    // A data plane starts with what is stored.
    let state = world
        .control
        .serving_state()
        .await
        .expect("the store reads");
    let told = Arc::new(Told(Mutex::new(state)));
    world
        .control
        .attach(Arc::clone(&told) as _, Arc::clone(&told) as _);
    (world, told)
}

/// Makes a change, and checks what it cost and what the data plane was told.
async fn costs_little<T>(
    (world, told): (&World, &Told),
    what: &str,
    change: impl Future<Output = Result<T, gateway_control::ControlError>>,
) {
    let before = world.store.records_opened();
    if let Err(error) = change.await {
        panic!("{what}: {error}");
    }
    let opened = world.store.records_opened() - before;
    assert!(opened <= FEW, "{what}: {opened} records");
    told_is_stored(world, told).await;
}

#[tokio::test]
async fn change_opens_the_records_that_it_touches() {
    let (world, told) = large_world().await;
    let (at, control) = ((&world, &*told), &world.control);
    let shop = "shop".parse().expect("a name");
    let (first, second) = (id("first"), id("second"));
    let consent = GrantKind::AuthorizationCode;
    for name in ["first", "second"] {
        let added = control.add_account(operator(), account(name, consent, &["A1B2C3"]));
        costs_little(at, "add an account", added).await;
        let default = UpdateAccount {
            default: Some(true),
            ..UpdateAccount::default()
        };
        let name = id(name);
        let changed = control.update_account(operator(), &name, default);
        costs_little(at, "make it the default", changed).await;
    }
    let app = app("shop", &["first", "second"], &["retired-key"]);
    costs_little(at, "add an app", control.add_app(operator(), app)).await;
    let rotated = control.rotate_app(operator(), &shop, RotateApp::default());
    costs_little(at, "rotate its secret", rotated).await;
    let change = UpdateApp {
        default: Some(second.clone()),
        ..UpdateApp::default()
    };
    let changed = control.update_app(operator(), &shop, change);
    costs_little(at, "change the app", changed).await;
    let off = UpdateAccount {
        active: Some(false),
        ..UpdateAccount::default()
    };
    let changed = control.update_account(operator(), &second, off);
    costs_little(at, "switch an account off", changed).await;
    let removed = control.remove_account(operator(), &first);
    costs_little(at, "remove an account of the app, and its key", removed).await;
    costs_little(at, "remove the app", control.remove_app(operator(), &shop)).await;
    let removed = control.remove_account(operator(), &second);
    costs_little(at, "remove the other account", removed).await;
}

// It leaves nothing to be believed: the next change reads everything.
#[tokio::test]
async fn change_that_fails_is_healed_by_the_next_one() {
    let (world, told) = large_world().await;
    let consent = GrantKind::AuthorizationCode;
    let add = async |name| {
        let added = account(name, consent, &[]);
        world.control.add_account(operator(), added).await
    };
    add("many-0").await.expect_err("the name is taken");
    add("third").await.expect("another name");
    told_is_stored(&world, &told).await;
}
