//! Sessions of the web interface.

use crate::on_both;
use crate::place::Place;
use crate::records::*;
use gateway_model::{Protection, Secret, SecretBytes};
use gateway_store::*;

on_both!(
    a_session_is_there_until_it_is_ended,
    all_sessions_of_a_token_end_together,
    sessions_are_bounded_and_the_quietest_gives_way,
    a_session_that_somebody_has_made_or_changed_is_none,
    what_is_kept_with_a_session_is_sealed_and_ends_with_it,
    a_session_does_not_come_back_with_a_backup,
);

const LIMITS: SessionLimits = SessionLimits {
    begun_after: Timestamp(NOW.0 - 1_000),
    seen_after: Timestamp(NOW.0 - 100),
    most: 3,
};

fn session(id: u8, token: u8) -> SessionRecord {
    SessionRecord {
        id: SecretDigest([id; 32]),
        token: SecretDigest([token; 32]),
        begun_at: NOW,
        seen_at: NOW,
        said: None,
        newest_entry: AuditId(0),
    }
}

async fn begin(store: &Store, session: &SessionRecord) {
    store.begin_session(session, LIMITS).await.unwrap();
}

async fn is_there(store: &Store, id: u8) -> bool {
    let found = store.session(&SecretDigest([id; 32])).await.unwrap();
    found.is_some()
}

async fn a_session_is_there_until_it_is_ended(place: Place) {
    let store = place.open().await;
    begin(&store, &session(1, 9)).await;
    store.close().await;
    let store = place.open().await;
    let id = SecretDigest([1; 32]);
    store
        .touch_session(&id, Timestamp(NOW.0 + 50))
        .await
        .unwrap();
    // A gateway whose clock is behind.
    store.touch_session(&id, NOW).await.unwrap();
    store.set_session_said(&id, Some("done")).await.unwrap();
    let entry = store.audit_begin(NOW, "ada", "app.add", "app:shop", "{}");
    let newest_entry = entry.await.unwrap();
    let found = store.session(&id).await.unwrap().unwrap();
    let expected = SessionRecord {
        seen_at: Timestamp(NOW.0 + 50),
        said: Some("done".to_owned()),
        newest_entry,
        ..session(1, 9)
    };
    assert_eq!(found, expected);
    store.set_session_said(&id, None).await.unwrap();
    assert_eq!(store.session(&id).await.unwrap().unwrap().said, None);
    store.end_session(&id).await.unwrap();
    assert!(!is_there(&store, 1).await);
    store.touch_session(&id, NOW).await.unwrap();
    assert!(!is_there(&store, 1).await, "it does not come back");
    store.close().await;
}

async fn all_sessions_of_a_token_end_together(place: Place) {
    let store = place.open().await;
    for (id, token) in [(1, 8), (2, 8), (3, 9)] {
        begin(&store, &session(id, token)).await;
    }
    let token = SecretDigest([8; 32]);
    assert_eq!(store.count_sessions(&token, LIMITS).await, Ok(2));
    store.end_sessions(&token).await.unwrap();
    assert_eq!(store.count_sessions(&token, LIMITS).await, Ok(0));
    assert!(!is_there(&store, 1).await && !is_there(&store, 2).await);
    assert!(is_there(&store, 3).await);
    store.close().await;
}

async fn sessions_are_bounded_and_the_quietest_gives_way(place: Place) {
    let store = place.open().await;
    for id in 1..=4 {
        let mut session = session(id, 9);
        session.seen_at = Timestamp(NOW.0 + i64::from(id));
        begin(&store, &session).await;
    }
    assert!(!is_there(&store, 1).await && is_there(&store, 2).await);
    // The next one forgets those that are over.
    let later = SessionLimits {
        begun_after: Timestamp(NOW.0 - 1),
        seen_after: Timestamp(NOW.0 + 3),
        most: 3,
    };
    let mut last = session(5, 9);
    last.seen_at = Timestamp(NOW.0 + 5);
    store.begin_session(&last, later).await.unwrap();
    assert!(!is_there(&store, 3).await);
    assert!(is_there(&store, 4).await && is_there(&store, 5).await);
    store.close().await;
}

async fn a_session_that_somebody_has_made_or_changed_is_none(mut place: Place) {
    let store = place.open().await;
    begin(&store, &session(1, 9)).await;
    store.close().await;
    for (column, was) in [("begun_at", "1790000000000"), ("token", "mac")] {
        let sql = format!("UPDATE sessions SET {column} = {was}");
        let other = sql.replace("1790000000000", "1790000000001");
        place.tamper(&other).await;
        let store = place.open().await;
        assert!(
            !matches!(store.session(&SecretDigest([1; 32])).await, Ok(Some(_))),
            "{column}"
        );
        store.close().await;
        if column == "begun_at" {
            place.tamper(&sql).await;
            let store = place.open().await;
            assert!(is_there(&store, 1).await, "as it was");
            store.close().await;
        }
    }
    // Another master key: the session is over, and a new one can be begun.
    place.tamper("DELETE FROM sessions").await;
    let store = place.open().await;
    begin(&store, &session(2, 9)).await;
    let new = MasterKeySource::File(place.file("new-key"));
    store.rotate_key(&new).await.unwrap();
    assert!(!is_there(&store, 2).await);
    begin(&store, &session(3, 9)).await;
    assert!(is_there(&store, 3).await);
    store.close().await;
    place.options.master_key = new;
    let store = place.open().await;
    assert!(is_there(&store, 3).await);
    store.close().await;
}

async fn what_is_kept_with_a_session_is_sealed_and_ends_with_it(place: Place) {
    let store = place.open().await;
    let id = |n: u8| SecretDigest([n; 32]);
    let kept = SecretBytes::new(b"planted".to_vec());
    let read = async |n: u8| {
        let kept = store.kept_with_session(&id(n)).await.unwrap();
        kept.map(|it| it.expose().to_vec())
    };
    for n in 1..=3 {
        let mut session = session(n, 9);
        session.seen_at = Timestamp(NOW.0 + i64::from(n));
        begin(&store, &session).await;
        store.keep_with_session(&id(n), &kept, 2).await.unwrap();
    }
    assert_eq!(read(1).await, None, "two keep something");
    assert_eq!(read(2).await.as_deref(), Some(&b"planted"[..]));
    // It opens nowhere else.
    let sql = "UPDATE sessions SET kept = (SELECT kept FROM sessions WHERE seen_at = 1790000000003) \
               WHERE seen_at = 1790000000002";
    place.tamper(sql).await;
    assert_eq!(read(2).await, None);
    store.forget_with_session(&id(3)).await.unwrap();
    assert_eq!(read(3).await, None);
    store.keep_with_session(&id(3), &kept, 2).await.unwrap();
    store.end_session(&id(3)).await.unwrap();
    assert_eq!(read(3).await, None);
    store.close().await;
}

// One that was ended since would be good again.
async fn a_session_does_not_come_back_with_a_backup(place: Place) {
    let store = place.open().await;
    store.add_account(&account("main")).await.unwrap();
    begin(&store, &session(1, 9)).await;
    let mut file = Vec::new();
    let key = Protection::Key(Secret::new("ab".repeat(32)));
    store
        .backup(&mut file, &key, NOW, &mut |_, _| {})
        .await
        .unwrap();
    let restored = store
        .restore(&mut file.as_slice(), &key, Overwrite::Replace)
        .await;
    restored.unwrap();
    assert!(!is_there(&store, 1).await);
    store.close().await;
}
