//! The migration from access keys: begun, interrupted, gone on with, undone.

use crate::world::{World, id, operator, secret};
use gateway_api::{AddApp, MigrationItem, MigrationState, MigrationView, UpdateAccount};
use gateway_control::{ControlError, Fault};
use gateway_model::{GrantKind, GrantStatus, Protection, Secret};
use gateway_store::{
    Access, MasterKeySource, Overwrite, Store, StoreOptions, StoreUrl, inspect_backup,
};
use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

const KEY: &str = "0A1B2C3D4E5F6A7B";
const OTHER_KEY: &str = "7B6A5F4E3D2C1B0A";
const SHARED: [[&str; 5]; 3] = [
    ["Main store", "A1B2C3", KEY, "merchant", "test"],
    ["Outlet", "a1b2c3", OTHER_KEY, "merchant", "test"],
    ["Returns", "D4E5F6", "", "", "test"],
];

fn item<'v>(view: &'v MigrationView, account: &str) -> &'v MigrationItem {
    let mut items = view.items.iter();
    let found = items.find(|item| item.account == id(account));
    found.unwrap_or_else(|| panic!("no {account} in {view:#?}"))
}

impl World {
    pub(crate) async fn try_run(
        &self,
        profiles: &[[&str; 5]],
    ) -> Result<MigrationView, ControlError> {
        let wanted = self.migration(profiles);
        self.control.start_migration(operator(), wanted).await
    }

    pub(crate) async fn run(&self, profiles: &[[&str; 5]]) -> MigrationView {
        self.try_run(profiles).await.expect("a migration")
    }

    /// No migration changed anything.
    pub(crate) async fn expect_untouched(&self) {
        let accounts = self.store.accounts().await.expect("accounts");
        assert!(accounts.is_empty(), "{} accounts", accounts.len());
        let migrations = self.store.migrations().await.expect("migrations");
        assert!(migrations.is_empty(), "{} migrations", migrations.len());
    }

    async fn status(&self) -> MigrationView {
        self.control.migration().await.expect("a migration")
    }

    fn backups(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths
            .filter(|path| path.extension().is_some_and(|end| end == "backup"))
            .collect()
    }
}

#[tokio::test]
async fn plan_shares_one_consent_among_profiles_and_changes_nothing() {
    let world = World::new().await;
    let plan = world
        .control
        .plan_migration(world.migration(&SHARED))
        .await
        .expect("a plan");
    assert_eq!(plan.problems, Vec::<String>::new());
    let items: Vec<_> = plan
        .items
        .iter()
        .map(|i| (i.account.as_str(), i.profiles.len()))
        .collect();
    assert_eq!(items, [("Main-store", 2), ("Returns", 1)]);
    assert_eq!(plan.sign_ins, 2);
    assert!(
        plan.items
            .iter()
            .all(|item| item.state == MigrationState::NeedsConsent)
    );
    assert!(plan.items[0].message.contains("merchant"));
    world.expect_untouched().await;
    assert!(world.backups().is_empty());
}

#[tokio::test]
async fn run_backs_up_first_and_makes_old_keys_known() {
    let world = World::new().await;
    let view = world.run(&SHARED).await;
    assert_eq!(view.ended_at, None);
    let accounts = world.store.accounts().await.expect("accounts");
    let main = accounts
        .iter()
        .find(|a| a.name == id("Main-store"))
        .expect("an account");
    assert_eq!(main.aliases, [id("Outlet")]);
    assert_eq!(
        (accounts.len(), main.grant),
        (2, GrantKind::AuthorizationCode)
    );
    let keys = world.store.legacy_keys().await.expect("keys");
    assert!(
        keys.len() == 2 && keys.iter().all(|key| key.account == main.name),
        "{keys:?}"
    );
    let apps: Vec<_> = keys.iter().filter_map(|key| key.app.clone()).collect();
    let served = world.control.serving_state().await.expect("what is served");
    assert!(apps.iter().all(|name| served.apps.contains_key(name)));

    let backup = PathBuf::from(view.backup.expect("a backup"));
    let words = backup.with_extension("passphrase");
    for file in [&backup, &words] {
        let mode = fs::metadata(file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    let content = fs::read(&backup).expect("a file");
    let words = fs::read_to_string(words).expect("a file");
    let protection = Protection::Passphrase(Secret::new(words.trim().to_owned()));
    let summary = inspect_backup(&mut content.as_slice(), &protection).await;
    assert_eq!(
        summary.expect("a backup").accounts(),
        0,
        "made before anything was added"
    );
    let records = world.store.migrations().await.expect("migrations");
    for planted in [KEY, OTHER_KEY, "mock-secret"] {
        assert!(!records[0].items.contains(planted), "{}", records[0].items);
    }
}

#[tokio::test]
async fn items_are_done_when_their_consent_is_proven() {
    let world = World::new().await;
    world.run(&SHARED).await;
    // The wrong login is refused, and the item says so until the next attempt.
    let refused = world.sign_in_as("Main-store", "other", "parcel-2").await;
    assert_eq!(refused.expect_err("a foreign number").code, "wrong_login");
    let view = world.status().await;
    assert_eq!(item(&view, "Main-store").state, MigrationState::Failed);
    assert!(item(&view, "Main-store").message.contains("wrong_login"));
    world.sign_in("Main-store").await.expect("a login");
    let view = world.status().await;
    assert_eq!(item(&view, "Main-store").state, MigrationState::Done);
    assert_eq!(item(&view, "Returns").state, MigrationState::NeedsConsent);
    assert_eq!(view.ended_at, None);
    world.sign_in("Returns").await.expect("a login");
    let view = world.status().await;
    assert!(view.ended_at.is_some(), "{view:#?}");
    assert_eq!(view.ended_at, world.status().await.ended_at, "it ends once");
}

#[tokio::test]
async fn interrupted_run_goes_on_with_new_rows_and_its_first_backup() {
    let world = World::new().await;
    let begun = world.run(&SHARED[..1]).await;
    world.sign_in("Main-store").await.expect("a login");
    world.run(&[["Returns", "D4E5F6", "", "", "test"]]).await;
    let first = world.store.migrations().await.expect("migrations");
    assert_eq!(first.len(), 2, "the first had ended, though nobody looked");
    let world = world.restarted().await;
    let view = world.run(&SHARED).await;
    assert_eq!(world.backups().len(), 2, "{:?}", world.backups());
    assert_ne!(view.id, begun.id);
    assert_eq!(item(&view, "Main-store").state, MigrationState::Compliant);
    assert_eq!(item(&view, "Main-store").profiles, ["Main store", "Outlet"]);
    assert_eq!(item(&view, "Returns").state, MigrationState::NeedsConsent);
    let again = world.run(&SHARED).await;
    assert_eq!(again, view, "twice is once");
    assert_eq!(world.store.legacy_keys().await.expect("keys").len(), 2);
    assert_eq!(world.store.apps().await.expect("apps").len(), 2);
    world.sign_in("Returns").await.expect("a login");
    assert!(world.status().await.ended_at.is_some());
}

/// What is missing of what was announced is added, under its first date.
#[tokio::test]
async fn run_that_broke_off_is_completed_and_can_still_be_undone() {
    let world = World::new().await;
    let begun = world.run(&SHARED).await;
    let main = id("Main-store");
    let before = world
        .store
        .account(&main)
        .await
        .expect("a store")
        .expect("an account");
    world
        .control
        .remove_account(operator(), &main)
        .await
        .expect("removed");
    for app in world.store.apps().await.expect("apps") {
        world.store.remove_app(&app.name).await.expect("removed");
    }
    let view = world.run(&SHARED).await;
    assert_eq!(view, begun);
    let after = world
        .store
        .account(&main)
        .await
        .expect("a store")
        .expect("an account");
    assert_eq!(
        (after.created_at, after.aliases),
        (before.created_at, before.aliases)
    );
    assert_eq!(world.store.legacy_keys().await.expect("keys").len(), 2);
    world.sign_in("Main-store").await.expect("a login");
    world
        .control
        .undo_migration(operator())
        .await
        .expect("undone");
    assert!(world.store.accounts().await.expect("accounts").is_empty());
    assert!(world.store.apps().await.expect("apps").is_empty());
    assert!(world.store.legacy_keys().await.expect("keys").is_empty());
}

/// The worst case: the backup beside its passphrase brings back what was, in doubt where it must be.
#[tokio::test]
async fn backup_restores_what_was_before() {
    let world = World::new().await;
    world
        .add("own", GrantKind::AuthorizationCode, &["D4E5F6"])
        .await;
    world.sign_in("own").await.expect("a login");
    let view = world.run(&SHARED).await;
    let backup = PathBuf::from(view.backup.expect("a backup"));
    let words = fs::read_to_string(backup.with_extension("passphrase")).expect("a file");
    let protection = Protection::Passphrase(Secret::new(words.trim().to_owned()));
    let options = StoreOptions {
        url: StoreUrl::Memory,
        master_key: MasterKeySource::Ephemeral,
        old_keys: Vec::new(),
        listen_url: None,
    };
    let fresh = Store::open(&options, Access::Offline)
        .await
        .expect("a store");
    let content = fs::read(&backup).expect("a file");
    let mut file = content.as_slice();
    let restored = fresh.restore(&mut file, &protection, Overwrite::Refuse);
    restored.await.expect("restored");
    let accounts = fresh.accounts().await.expect("accounts");
    assert_eq!(accounts.len(), 1);
    let grant = fresh
        .grant(&id("own"))
        .await
        .expect("a store")
        .expect("a grant");
    assert_eq!(grant.status, GrantStatus::OutcomeUnknown);
}

#[tokio::test]
async fn new_profile_of_an_account_that_was_added_becomes_its_alias() {
    let world = World::new().await;
    world.run(&SHARED[..1]).await;
    let view = world.run(&SHARED).await;
    assert_eq!(item(&view, "Main-store").profiles, ["Main store", "Outlet"]);
    let main = world
        .store
        .account(&id("Main-store"))
        .await
        .expect("a store");
    assert_eq!(main.expect("an account").aliases, [id("Outlet")]);
}

#[tokio::test]
async fn number_written_otherwise_the_second_time_is_the_same_item() {
    let world = World::new().await;
    world.run(&SHARED[..1]).await;
    let view = world.run(&SHARED[1..2]).await;
    let items: Vec<_> = view
        .items
        .iter()
        .map(|item| item.account.as_str())
        .collect();
    assert_eq!(items, ["Main-store"]);
    assert_eq!(view.items[0].profiles, ["Main store", "Outlet"]);
}

#[tokio::test]
async fn undo_takes_away_what_was_added_and_nothing_else() {
    let world = World::new().await;
    world
        .add("own", GrantKind::AuthorizationCode, &["D4E5F6"])
        .await;
    world.sign_in("own").await.expect("a login");
    let view = world.run(&SHARED).await;
    assert_eq!(item(&view, "own").state, MigrationState::Compliant);
    world.sign_in("Main-store").await.expect("a login");
    // What an operator adds meanwhile is not the migration's.
    let app = AddApp {
        name: "shop".parse().expect("a name"),
        client_id: None,
        client_secret: None,
        with_key: false,
        key: None,
        key_only: false,
        accounts: vec![id("own")],
        rate: None,
        legacy_keys: vec![secret("0123456789ABCDEF")],
    };
    world
        .control
        .add_app(operator(), app)
        .await
        .expect("an app");
    let renewed = world.control.renew_token(operator(), &id("own")).await;
    renewed.expect("its login was rotated since the backup");

    let undone = world
        .control
        .undo_migration(operator())
        .await
        .expect("undone");
    assert!(undone.ended_at.is_some());
    assert!(
        undone
            .items
            .iter()
            .all(|item| item.state == MigrationState::Skipped)
    );
    let names = |accounts: Vec<gateway_store::AccountRecord>| {
        accounts
            .into_iter()
            .map(|account| account.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(world.store.accounts().await.expect("accounts")),
        [id("own")]
    );
    let grant = world
        .store
        .grant(&id("own"))
        .await
        .expect("a store")
        .expect("a grant");
    assert_eq!(
        grant.status,
        GrantStatus::Held,
        "not in doubt, as after a restore"
    );
    assert_eq!(world.store.legacy_keys().await.expect("keys").len(), 1);
    assert_eq!(world.store.apps().await.expect("apps").len(), 1);
    let twice = world.control.undo_migration(operator()).await;
    assert_eq!(twice.expect_err("once").code, "undone");
    // It can be begun anew.
    let again = world.run(&SHARED).await;
    assert_eq!(
        item(&again, "Main-store").state,
        MigrationState::NeedsConsent
    );
}

#[tokio::test]
async fn undo_spares_what_an_operator_made_anew_under_the_same_name() {
    let world = World::new().await;
    world.run(&SHARED[2..]).await;
    let returns = id("Returns");
    world
        .control
        .remove_account(operator(), &returns)
        .await
        .expect("removed");
    let view = world.status().await;
    assert_eq!(item(&view, "Returns").state, MigrationState::Skipped);
    assert!(view.ended_at.is_some(), "nothing is left to do");
    world.clock.advance(std::time::Duration::from_secs(60));
    world
        .add("Returns", GrantKind::ClientCredentials, &["D4E5F6"])
        .await;
    world
        .control
        .undo_migration(operator())
        .await
        .expect("undone");
    assert!(
        world
            .store
            .account(&returns)
            .await
            .expect("a store")
            .is_some()
    );
}

#[tokio::test]
async fn account_that_is_switched_off_is_left_out() {
    let world = World::new().await;
    world.run(&SHARED[2..]).await;
    let change = UpdateAccount {
        active: Some(false),
        ..UpdateAccount::default()
    };
    world.change("Returns", change).await;
    assert_eq!(
        item(&world.status().await, "Returns").state,
        MigrationState::Skipped
    );
}

#[tokio::test]
async fn backup_that_cannot_be_written_stops_the_run_before_any_change() {
    let world = World::with(|settings| {
        settings.files.backup_dir = Some("/proc/no-such-folder".into());
    })
    .await;
    let error = world.try_run(&SHARED).await.expect_err("no backup");
    assert_eq!(
        (error.fault, error.code),
        (Fault::Unavailable, "backup_file")
    );
    world.expect_untouched().await;
    let none = world.control.migration().await.expect_err("none began");
    assert_eq!(none.fault, Fault::NotFound);
}
