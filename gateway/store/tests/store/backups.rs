//! Backup and restore.

use crate::on_both;
use crate::place::Place;
use crate::records::*;
use gateway_model::{GrantStatus, GrantVersion, Protection, Recipient, RecipientError, Secret};
use gateway_store::*;
use std::os::unix::fs::PermissionsExt;

on_both!(
    a_backup_restores_on_both_databases,
    a_backup_cut_short_or_changed_restores_nothing,
    a_full_store_is_not_overwritten_silently,
);

fn key(byte: &str) -> Protection {
    Protection::Key(Secret::new(byte.repeat(32)))
}

fn passphrase(words: &str) -> Protection {
    Protection::Passphrase(Secret::new(words.to_owned()))
}

async fn filled(place: &Place) -> Store {
    let store = place.open().await;
    for (name, status) in [
        ("held", GrantStatus::Held),
        ("open", GrantStatus::Held),
        ("cc", GrantStatus::Repeatable),
    ] {
        store.add_account(&account(name)).await.unwrap();
        let first = completion(status, name);
        store.replace_grant(&id(name), &first, NOW).await.unwrap();
    }
    let which = Presentation::Ordinary;
    store
        .record_intent(&id("open"), GrantVersion(1), which, &intent("a"))
        .await
        .unwrap();
    store.put_app(&app("shop", &["held", "cc"])).await.unwrap();
    store.add_consent(&consent(1, "held")).await.unwrap();
    store.note_renewal(&entry("held", "issued")).await.unwrap();
    store
        .audit_begin(NOW, "root", "a", "b", "{}")
        .await
        .unwrap();
    store
}

async fn backup(store: &Store, protection: &Protection) -> Vec<u8> {
    let mut file = Vec::new();
    let mut heard = (0, 0);
    let mut progress = |done, total| heard = (done, total);
    let summary = store
        .backup(&mut file, protection, NOW, &mut progress)
        .await
        .unwrap();
    assert_eq!(
        (summary.accounts(), summary.apps(), summary.left_out),
        (3, 1, 0)
    );
    assert_eq!(heard, (9, 9));
    assert!(!file.windows(6).any(|window| window == b"canary"));
    file
}

async fn check(store: &Store) {
    let account = store.account(&id("held")).await.unwrap().unwrap();
    assert_eq!(account.client_secrets[0].expose(), "canary-first-held");
    let grants = store.grants().await.unwrap();
    let found: Vec<_> = grants
        .iter()
        .map(|g| (g.account.as_str(), g.status))
        .collect();
    // What could be presented once may have been presented since.
    let expected = [
        ("cc", GrantStatus::Repeatable),
        ("held", GrantStatus::OutcomeUnknown),
        ("open", GrantStatus::OutcomeUnknown),
    ];
    assert_eq!(found, expected);
    assert!(grants.iter().all(|grant| grant.intent.is_none()));
    let from: Vec<_> = grants.iter().map(|grant| grant.restored).collect();
    let backup = Some(RestoredFrom::Backup(NOW));
    assert_eq!(from, [None, backup, backup]);
    assert_eq!(
        grants[1].token.as_ref().unwrap().headers.expose(),
        b"canary-access-held"
    );
    let taken = store
        .take_consent(&SecretDigest([1; 32]), NOW)
        .await
        .unwrap();
    assert!(matches!(taken, TakenConsent::Unknown), "{taken:?}");
    assert_eq!(store.renewals(&id("held"), 9).await.unwrap().len(), 1);
    assert_eq!(store.audit(None, 9).await.unwrap().len(), 1);
}

async fn a_backup_restores_on_both_databases(place: Place) {
    let store = filled(&place).await;
    let words = passphrase("correct horse battery");
    let file = backup(&store, &words).await;
    store.close().await;
    let mut targets = vec![Place::sqlite()];
    targets.extend(Place::postgres("restore").await);
    for target in targets {
        let store = target.open().await;
        let wrong = passphrase("incorrect horse battery");
        let refused = store
            .restore(&mut &file[..], &wrong, Overwrite::Refuse)
            .await;
        assert_eq!(refused.unwrap_err(), BackupError::WrongKey);
        let refused = inspect_backup(&mut &file[..], &key("5a")).await;
        assert!(
            matches!(refused, Err(BackupError::OtherProtection { .. })),
            "{refused:?}"
        );
        assert_eq!(
            inspect_backup(&mut &file[..], &words)
                .await
                .unwrap()
                .accounts(),
            3
        );
        store
            .restore(&mut &file[..], &words, Overwrite::Refuse)
            .await
            .unwrap();
        check(&store).await;
        store.close().await;
        let store = target.open().await;
        check(&store).await;
        store.close().await;
    }
}

async fn a_backup_cut_short_or_changed_restores_nothing(place: Place) {
    let store = filled(&place).await;
    let key = key("5a");
    let file = backup(&store, &key).await;
    let target = Place::sqlite();
    let empty = target.open().await;
    let mut broken: Vec<Vec<u8>> = (0..file.len())
        .step_by(97)
        .map(|n| file[..n].to_vec())
        .collect();
    broken.push([&file[..], b"x"].concat());
    for at in (0..file.len()).step_by(97) {
        let mut changed = file.clone();
        changed[at] ^= 0x20;
        broken.push(changed);
    }
    for bytes in broken {
        let refused = empty
            .restore(&mut &bytes[..], &key, Overwrite::Replace)
            .await
            .unwrap_err();
        let said = refused.to_string();
        let is_expected = matches!(
            refused,
            BackupError::Damaged { .. }
                | BackupError::NotABackup
                | BackupError::WrongKey
                | BackupError::OtherProtection { .. }
                | BackupError::Newer { .. }
        );
        assert!(is_expected, "{said}");
    }
    assert_eq!(empty.accounts().await.unwrap().len(), 0);
    empty.close().await;
    store.close().await;
}

async fn a_full_store_is_not_overwritten_silently(place: Place) {
    let store = filled(&place).await;
    let key = key("5a");
    let file = backup(&store, &key).await;
    store.add_account(&account("later")).await.unwrap();
    let refused = store
        .restore(&mut &file[..], &key, Overwrite::Refuse)
        .await
        .unwrap_err();
    assert_eq!(
        refused,
        BackupError::NotEmpty {
            accounts: 4,
            apps: 1
        }
    );
    assert_eq!(store.accounts().await.unwrap().len(), 4);
    store
        .restore(&mut &file[..], &key, Overwrite::Replace)
        .await
        .unwrap();
    assert_eq!(store.accounts().await.unwrap().len(), 3);
    check(&store).await;
    let weak = store
        .backup(&mut Vec::new(), &passphrase("short"), NOW, &mut |_, _| {})
        .await;
    assert_eq!(weak.unwrap_err(), BackupError::WeakPassphrase);
    store.close().await;
}

#[tokio::test]
async fn a_backup_for_a_recipient_opens_with_the_key_only() {
    let place = Place::sqlite();
    let store = filled(&place).await;
    let recipient = recipient_of(&key("5a")).unwrap();
    let text = recipient.to_string();
    assert_eq!(text.parse::<Recipient>(), Ok(recipient));
    for junk in ["", "waybill-recipient:", &"5a".repeat(32), &text[..60]] {
        assert_eq!(junk.parse::<Recipient>(), Err(RecipientError), "{junk}");
    }
    let file = backup(&store, &Protection::Recipient(recipient)).await;
    let again = backup(&store, &Protection::Recipient(recipient)).await;
    assert_ne!(
        file[33..65],
        again[33..65],
        "each has a key pair of its own"
    );
    let opened = inspect_backup(&mut &file[..], &key("5a")).await;
    assert_eq!(opened.unwrap().accounts(), 3);
    let other = inspect_backup(&mut &file[..], &key("5b")).await;
    assert_eq!(other.unwrap_err(), BackupError::WrongKey);
    // Who made it cannot open it.
    for not in [
        Protection::Recipient(recipient),
        passphrase("correct horse battery"),
    ] {
        let refused = inspect_backup(&mut &file[..], &not).await;
        let wants = matches!(
            refused,
            Err(BackupError::OtherProtection {
                wants: "a key file"
            })
        );
        assert!(wants, "{refused:?}");
    }
    for at in 33..65 {
        let mut changed = file.clone();
        changed[at] ^= 1;
        let refused = inspect_backup(&mut &changed[..], &key("5a")).await;
        assert!(refused.is_err(), "byte {at}");
        let cut = inspect_backup(&mut &file[..at], &key("5a")).await;
        assert!(matches!(cut, Err(BackupError::Damaged { .. })), "{cut:?}");
    }
    // A public key of small order, with which anybody would agree on the same secret.
    let mut small = file.clone();
    small[33..65].fill(0);
    let refused = inspect_backup(&mut &small[..], &key("5a")).await;
    assert!(
        matches!(refused, Err(BackupError::Damaged { .. })),
        "{refused:?}"
    );
    store.close().await;
}

#[tokio::test]
async fn a_key_file_is_its_owners_and_holds_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup.key");
    let missing = protection_from_key_file(&path).await.unwrap_err();
    assert!(matches!(missing, KeyError::Missing { .. }), "{missing}");
    let put = |text: &str, mode| {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    };
    put("not a key", 0o600);
    let junk = protection_from_key_file(&path).await.unwrap_err();
    assert!(matches!(junk, KeyError::Malformed { .. }), "{junk}");
    put(&"5a".repeat(32), 0o644);
    let exposed = protection_from_key_file(&path).await.unwrap_err();
    assert!(matches!(exposed, KeyError::Exposed { .. }), "{exposed}");
    put(&"5a".repeat(32), 0o600);
    // Both ways of writing a key are the same key.
    let by_file = protection_from_key_file(&path).await.unwrap();
    let place = Place::sqlite();
    let store = filled(&place).await;
    let file = backup(&store, &by_file).await;
    let found = inspect_backup(&mut &file[..], &key("5a")).await;
    assert_eq!(found.unwrap().accounts(), 3);
    let other = inspect_backup(&mut &file[..], &key("5b")).await;
    assert_eq!(other.unwrap_err(), BackupError::WrongKey);
    let junk = Protection::Key(Secret::new("short".to_owned()));
    let refused = inspect_backup(&mut &file[..], &junk).await;
    assert!(matches!(refused, Err(BackupError::Key(_))), "{refused:?}");
    store.close().await;
}
