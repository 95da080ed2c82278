//! Journals.

use crate::on_both;
use crate::place::Place;
use crate::records::*;
use gateway_model::NoticeKind;
use gateway_store::*;

on_both!(
    an_audit_entry_is_there_before_its_outcome,
    the_renewal_journal_keeps_two_hundred_of_an_account,
    a_notice_is_made_once_a_day,
    a_notice_takes_the_place_of_yesterdays,
    a_migration_is_replaced,
);

// An entry before the effect.
async fn an_audit_entry_is_there_before_its_outcome(place: Place) {
    let store = place.open().await;
    let id = store
        .audit_begin(NOW, "root", "account.add", "account:main", "{}\0")
        .await
        .unwrap();
    let open = store.audit(None, 10).await.unwrap();
    assert_eq!(
        (open.len(), open[0].id, open[0].outcome.as_deref()),
        (1, id, None)
    );
    assert_eq!(open[0].detail, "{}\u{fffd}");
    store.audit_end(id, "ok").await.unwrap();
    assert_eq!(
        store.audit(None, 10).await.unwrap()[0].outcome.as_deref(),
        Some("ok")
    );
    assert_eq!(store.audit(Some(id), 10).await.unwrap(), []);
    let none = store.audit_end(AuditId(999), "ok").await.unwrap_err();
    assert!(matches!(none, StoreError::NotFound { .. }), "{none}");
    store.close().await;
}

async fn the_renewal_journal_keeps_two_hundred_of_an_account(place: Place) {
    let store = place.open().await;
    store.note_renewal(&entry("other", "issued")).await.unwrap();
    for number in 0..205 {
        store
            .note_renewal(&entry("main", &format!("n{number}")))
            .await
            .unwrap();
    }
    let all = store.renewals(&id("main"), 1000).await.unwrap();
    assert_eq!((all.len(), all[0].outcome.as_str()), (200, "n204"));
    assert_eq!(all[199].outcome, "n5");
    assert_eq!(store.renewals(&id("other"), 1000).await.unwrap().len(), 1);
    store.close().await;
}

async fn a_notice_is_made_once_a_day(place: Place) {
    let store = place.open().await;
    let notice = NoticeRecord {
        id: 0,
        account: id("main"),
        kind: NoticeKind::Ending,
        day: "2026-11-22".to_owned(),
        created_at: NOW,
        message: "ends soon".to_owned(),
        webhook_at: None,
        mail_at: None,
        closed_at: None,
    };
    let number = store.put_notice(&notice).await.unwrap().expect("it is new");
    assert_eq!(store.put_notice(&notice).await, Ok(None));
    store
        .mark_notice(number, NoticeChannel::Webhook, NOW)
        .await
        .unwrap();
    store
        .mark_notice(number, NoticeChannel::Mail, Timestamp(5))
        .await
        .unwrap();
    let found = store.notices(true).await.unwrap().remove(0);
    assert_eq!(
        (found.webhook_at, found.mail_at),
        (Some(NOW), Some(Timestamp(5)))
    );
    let kinds = [NoticeKind::Ended, NoticeKind::Ending];
    assert_eq!(store.close_notices(&id("main"), &kinds, NOW).await, Ok(1));
    assert_eq!(store.notices(true).await, Ok(Vec::new()));
    assert_eq!(store.notices(false).await.unwrap()[0].closed_at, Some(NOW));
    // Its reason came back the same day: it is open again, and does not leave again.
    let again = NoticeRecord {
        message: "ends soon, again".to_owned(),
        ..notice.clone()
    };
    assert_eq!(store.put_notice(&again).await, Ok(None));
    let found = store.notices(true).await.unwrap().remove(0);
    assert_eq!(
        (found.message.as_str(), found.webhook_at, found.closed_at),
        ("ends soon, again", Some(NOW), None)
    );
    store.close().await;
}

async fn a_notice_takes_the_place_of_yesterdays(place: Place) {
    let store = place.open().await;
    let mut notice = NoticeRecord {
        id: 0,
        account: id("main"),
        kind: NoticeKind::Ended,
        day: "2026-11-22".to_owned(),
        created_at: NOW,
        message: "ended".to_owned(),
        webhook_at: None,
        mail_at: None,
        closed_at: None,
    };
    store.put_notice(&notice).await.unwrap().expect("it is new");
    notice.day = "2026-11-23".to_owned();
    notice.created_at = Timestamp(NOW.0 + 1);
    let today = store.put_notice(&notice).await.unwrap().expect("it is new");
    let open = |found: Vec<NoticeRecord>| found.iter().map(|n| n.id).collect::<Vec<_>>();
    assert_eq!(open(store.notices(true).await.unwrap()), [today]);
    for channel in [NoticeChannel::Webhook, NoticeChannel::Mail] {
        assert_eq!(
            open(store.unsent_notices(channel, 9).await.unwrap()),
            [today]
        );
        assert_eq!(store.unsent_notices(channel, 0).await, Ok(Vec::new()));
        store.mark_notice(today, channel, NOW).await.unwrap();
        assert_eq!(store.unsent_notices(channel, 9).await, Ok(Vec::new()));
    }
    assert_eq!(store.purge_notices(Timestamp(NOW.0 + 9)).await, Ok(1));
    assert_eq!(open(store.notices(false).await.unwrap()), [today]);
    store.close().await;
}

async fn a_migration_is_replaced(place: Place) {
    let store = place.open().await;
    let mut migration = MigrationRecord {
        id: "2026-11-22-1".to_owned(),
        created_at: NOW,
        ended_at: None,
        backup: None,
        items: "[]".to_owned(),
    };
    store.put_migration(&migration).await.unwrap();
    migration.ended_at = Some(NOW);
    store.put_migration(&migration).await.unwrap();
    assert_eq!(store.migrations().await.unwrap(), [migration]);
    store.close().await;
}
