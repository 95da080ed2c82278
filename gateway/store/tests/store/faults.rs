//! SQLite's own faults: damage, old copies, files that may not be written, a process that dies.

use crate::place::Place;
use crate::records::*;
use gateway_model::{GrantStatus, GrantVersion, IntentId, SecretBytes};
use gateway_store::*;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A store with two accounts at version 1, closed.
async fn filled(place: &Place) {
    let store = place.open().await;
    for name in ["main", "other"] {
        store.add_account(&account(name)).await.unwrap();
        let held = completion(GrantStatus::Held, name);
        store.replace_grant(&id(name), &held, NOW).await.unwrap();
    }
    store.close().await;
}

/// Copies a closed store's files.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

// Whatever byte is flipped, the damage is said, and what opens is right.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flipped_byte_spoils_at_most_what_it_is_in() {
    let place = Place::sqlite();
    filled(&place).await;
    let length = std::fs::metadata(place.file("store.db")).unwrap().len();
    let length = usize::try_from(length).unwrap();
    let (mut refused, mut quarantined) = (0, 0);
    for at in (0..length).step_by(251) {
        let copied = Place::sqlite();
        copy(place.folder.path(), copied.folder.path());
        let mut bytes = std::fs::read(copied.file("store.db")).unwrap();
        bytes[at] ^= 0x11;
        std::fs::write(copied.file("store.db"), bytes).unwrap();
        let Ok(store) = copied.try_open().await else {
            refused += 1;
            continue;
        };
        for grant in store.grants().await.unwrap_or_default() {
            let expected = format!("canary-refresh-{}", grant.account);
            assert_eq!(grant.state.expose(), expected.as_bytes(), "byte {at}");
            assert_eq!(grant.status, GrantStatus::Held, "byte {at}");
        }
        quarantined += store.quarantined().await.len();
        store.close().await;
    }
    // The test would prove nothing if no flip had hit a record or the file's structure.
    assert!(refused > 0 && quarantined > 0, "{refused} {quarantined}");
}

#[tokio::test]
async fn flipped_ciphertext_quarantines_that_account_alone() {
    let place = Place::sqlite();
    filled(&place).await;
    let flip = "UPDATE grants SET sealed = CAST(substr(sealed, 1, 40) || X'00' || \
                substr(sealed, 42) AS BLOB) WHERE account = 'main'";
    place.tamper(flip).await;
    let store = place.open().await;
    let found: Vec<_> = store.grants().await.unwrap();
    assert_eq!(found.len(), 1);
    let bad = store.quarantined().await;
    assert_eq!((bad.len(), bad[0].row.as_str()), (1, "grants/main"));
    let which = Presentation::Ordinary;
    let refused = store
        .record_intent(&id("main"), GrantVersion(1), which, &intent("a"))
        .await;
    assert!(
        matches!(refused, Err(StoreError::Corrupt { .. })),
        "{refused:?}"
    );
    store
        .record_intent(&id("other"), GrantVersion(1), which, &intent("a"))
        .await
        .unwrap();
    store.close().await;
}

// Yesterday's file.
#[tokio::test]
async fn older_copy_of_the_file_puts_grants_in_doubt() {
    let place = Place::sqlite();
    filled(&place).await;
    let yesterday = tempfile::tempdir().unwrap();
    copy(place.folder.path(), yesterday.path());
    let store = place.open().await;
    let which = Presentation::Ordinary;
    store
        .record_intent(&id("main"), GrantVersion(1), which, &intent("a"))
        .await
        .unwrap();
    let entry = entry("main", "issued");
    let next = completion(GrantStatus::Held, "2");
    store
        .complete(
            &id("main"),
            GrantVersion(1),
            Some(&IntentId::new("a")),
            &next,
            &entry,
        )
        .await
        .unwrap();
    store.close().await;
    std::fs::copy(yesterday.path().join("store.db"), place.file("store.db")).unwrap();
    let store = place.open().await;
    let grants = store.grants().await.unwrap();
    assert!(
        grants
            .iter()
            .all(|g| g.status == GrantStatus::OutcomeUnknown
                && g.restored == Some(RestoredFrom::OlderCopy)),
        "{grants:?}"
    );
    let again = store
        .record_intent(&id("main"), GrantVersion(1), which, &intent("b"))
        .await;
    assert_eq!(again, Err(StoreError::Fenced));
    store.close().await;
    // It is said once: the next start trusts the store again.
    let store = place.open().await;
    let login = completion(GrantStatus::Held, "login");
    store.replace_grant(&id("main"), &login, NOW).await.unwrap();
    store.close().await;
    let store = place.open().await;
    let grant = store.grant(&id("main")).await.unwrap().unwrap();
    assert_eq!(grant.status, GrantStatus::Held);
    store.close().await;
}

#[tokio::test]
async fn other_files_are_refused_and_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [(
        "text",
        &b"these are an operator's notes, not a database"[..],
    )] {
        let place = Place::sqlite();
        let path = place.file("store.db");
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let refused = place.try_open().await.unwrap_err();
        assert!(
            matches!(refused, OpenError::NotAStore { .. }),
            "{name}: {refused}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let refused = place.try_open().await.unwrap_err();
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }
    let options = StoreOptions {
        url: StoreUrl::Sqlite(folder.path().join("no/such/folder.db")),
        master_key: MasterKeySource::Env("WAYBILL_NO_SUCH_KEY".to_owned()),
        old_keys: Vec::new(),
        listen_url: None,
    };
    let refused = Store::open(&options, Access::Create).await.unwrap_err();
    assert!(matches!(refused, OpenError::Permission { .. }), "{refused}");
}

// What was acknowledged is there after SIGKILL; what was not is absent or whole.
#[tokio::test]
async fn killed_process_loses_nothing_it_acknowledged() {
    const CHILD: &str = "WAYBILL_STORE_TEST_CHILD";
    if let Ok(folder) = std::env::var(CHILD) {
        return write_until_killed(Path::new(&folder)).await;
    }
    let place = Place::sqlite();
    filled(&place).await;
    for round in 0..8_u32 {
        let program = std::env::current_exe().unwrap();
        let mut child = std::process::Command::new(program)
            .args([
                "--exact",
                "faults::killed_process_loses_nothing_it_acknowledged",
            ])
            .env(CHILD, place.folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let acknowledged = place.file("acknowledged");
        let enough = |count: usize| count >= 3 + usize::try_from(round).unwrap_or(0) * 5;
        for _ in 0..2000 {
            let lines = std::fs::read_to_string(&acknowledged).unwrap_or_default();
            if enough(lines.lines().count()) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let lines = std::fs::read_to_string(&acknowledged).unwrap();
        let last: i64 = lines.lines().last().expect("it wrote").parse().unwrap();
        std::fs::remove_file(&acknowledged).unwrap();
        let store = place.open().await;
        let grant = store.grant(&id("main")).await.unwrap().unwrap();
        assert!(
            (last..=last + 1).contains(&grant.version.0),
            "{last} {}",
            grant.version
        );
        let state = format!("canary-refresh-{}", grant.version);
        assert_eq!(grant.state.expose(), state.as_bytes());
        if let Some(intent) = &grant.intent {
            let unharmed = Resolution::Unharmed;
            let entry = entry("main", "killed");
            let version = grant.version;
            store
                .resolve(&id("main"), version, &intent.id, unharmed, &entry)
                .await
                .unwrap();
        }
        assert_eq!(store.quarantined().await, []);
        store.close().await;
    }
}

/// Presents and completes without end, and notes each version only after it was acknowledged.
async fn write_until_killed(folder: &Path) {
    use std::io::Write as _;
    let options = StoreOptions {
        url: StoreUrl::Sqlite(folder.join("store.db")),
        master_key: MasterKeySource::File(folder.join("key")),
        old_keys: Vec::new(),
        listen_url: None,
    };
    let store = Store::open(&options, Access::Gateway).await.unwrap();
    let main = id("main");
    let mut note = std::fs::File::create(folder.join("acknowledged")).unwrap();
    let mut version = store.grant(&main).await.unwrap().unwrap().version;
    loop {
        let name = IntentId::new(format!("i{version}"));
        let which = Presentation::Ordinary;
        store
            .record_intent(&main, version, which, &intent(name.as_str()))
            .await
            .unwrap();
        let answer = SecretBytes::new(b"answer".to_vec());
        store.record_answer(&main, &name, &answer).await.unwrap();
        let next = completion(GrantStatus::Held, &version.next().to_string());
        let entry = entry("main", "issued");
        version = store
            .complete(&main, version, Some(&name), &next, &entry)
            .await
            .unwrap();
        writeln!(note, "{version}").unwrap();
    }
}
