//! Markup, secrets and broken forms.

use super::{HOST, OWN, send, value};
use crate::{
    harness::Reply,
    plane::{Managed, managed},
    ui::{Browser, CHANGES, FORMS, PAGES},
};
use gateway_model::{GrantKind, ManagedBy, NoticeKind, Role, Secret};
use gateway_store::{
    AccountRecord, AdminTokenRecord, AppRecord, InvitationRecord, LegacyKeyRecord, MigrationRecord,
    NoticeRecord, RenewalEntry, SecretDigest, Timestamp,
};
use serde_json::json;
use std::time::Duration;

const MARK: &str = "<img src=x onerror=alert(1)>\"'><script>alert(1)</script>";

/// Puts markup into every text that the store can hold, past all checks of what comes in.
async fn fill(managed: &Managed) {
    let (store, now) = (&managed.store, Timestamp(1_000_000));
    let digest = |n| SecretDigest([n; 32]);
    let account: AccountRecord = account(now);
    store.add_account(&account).await.expect("a new account");
    let app = AppRecord {
        name: "shop".parse().expect("a name"),
        client_id: Some(MARK.to_owned()),
        secret: Some(digest(1)),
        key: Some(digest(2)),
        accounts: vec![account.name.clone()],
        rate: None,
        managed_by: ManagedBy::Operator,
        created_at: now,
        rotated_at: Some(now),
    };
    store.put_app(&app).await.expect("a new app");
    let key = LegacyKeyRecord {
        key: digest(3),
        hint: MARK.to_owned(),
        app: Some(app.name.clone()),
        account: account.name.clone(),
        created_at: now,
    };
    store.put_legacy_key(&key).await.expect("a new key");
    let token = AdminTokenRecord {
        name: MARK.to_owned(),
        token: digest(4),
        role: Role::ReadOnly,
        created_at: now,
    };
    store.add_admin_token(&token).await.expect("a new token");
    fill_journals(managed, &account).await;
}

async fn fill_journals(managed: &Managed, account: &AccountRecord) {
    let (store, now) = (&managed.store, Timestamp(1_000_000));
    let invitation = InvitationRecord {
        id: format!("a1{MARK}"),
        code: SecretDigest([5; 32]),
        account: account.name.clone(),
        actor: MARK.to_owned(),
        created_at: now,
        expires_at: Timestamp(i64::MAX / 2_000_000),
        used_at: None,
        revoked_at: None,
        revision: 0,
    };
    let added = store.add_invitation(&[invitation]).await;
    added.expect("a new invitation");
    for kind in [NoticeKind::Refused, NoticeKind::Misconfigured] {
        let notice = NoticeRecord {
            id: 0,
            account: account.name.clone(),
            kind,
            day: MARK.to_owned(),
            created_at: now,
            message: MARK.to_owned(),
            webhook_at: None,
            mail_at: None,
            closed_at: None,
        };
        store.put_notice(&notice).await.expect("a new notice");
    }
    let renewal = RenewalEntry {
        account: account.name.clone(),
        at: now,
        reason: MARK.to_owned(),
        outcome: MARK.to_owned(),
        code: Some(MARK.to_owned()),
        message: Some(MARK.to_owned()),
    };
    store.note_renewal(&renewal).await.expect("a new renewal");
    let detail = json!({ MARK: MARK, "list": [MARK], "map": { MARK: MARK } }).to_string();
    let entry = store.audit_begin(now, MARK, MARK, MARK, &detail).await;
    let ended = store.audit_end(entry.expect("a new entry"), MARK).await;
    ended.expect("it is there");
    let items = json!({
        "carrier": "ups", "passphrase_file": MARK, "items": [{
            "account": "main", "numbers": ["A1B2C3"], "environment": "test",
            "profiles": [MARK], "users": [MARK],
        }],
        "apps": [{ "name": "shop", "profile": MARK, "added_at": 1 }],
    });
    let migration = MigrationRecord {
        id: MARK.to_owned(),
        created_at: now,
        ended_at: None,
        backup: Some(MARK.to_owned()),
        items: items.to_string(),
    };
    store.put_migration(&migration).await.expect("a migration");
}

fn account(now: Timestamp) -> AccountRecord {
    AccountRecord {
        name: "main".parse().expect("a name"),
        aliases: Vec::new(),
        carrier: "ups".parse().expect("a carrier"),
        environment: gateway_model::Environment::Test,
        numbers: vec!["A1B2C3".parse().expect("a number")],
        grant: GrantKind::AuthorizationCode,
        client_id: MARK.to_owned(),
        client_secrets: vec![Secret::new("planted-client-secret".to_owned())],
        settings: [("child_key".parse().expect("a name"), MARK.into())].into(),
        secret_settings: [(
            "child_secret".parse().expect("a name"),
            Secret::new("planted-child-secret".to_owned()),
        )]
        .into(),
        active: true,
        default: true,
        managed_by: ManagedBy::Operator,
        created_at: now,
        updated_at: now,
        revision: 1,
    }
}

/// Pages of one thing, beside those of `PAGES` and `FORMS`.
const OF_ONE: &[&str] = &[
    "/ui/accounts/main",
    "/ui/accounts/main/settings",
    "/ui/apps?q=shop",
    "/ui/migration/plan",
];

#[tokio::test]
async fn markup_in_the_store_is_text_on_every_page() {
    let managed = managed().await;
    fill(&managed).await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let mut shown = 0;
    for page in PAGES.iter().chain(FORMS).chain(OF_ONE) {
        let reply = browser.get(page).await;
        assert!([200, 303].contains(&reply.status), "{page}: {}", reply.body);
        shown += inert(page, &reply);
    }
    // A page that shows a change that overtook another one has what its entry says.
    managed.server.clock.advance(Duration::from_secs(10));
    let own = browser.csrf().await;
    let stale = format!(
        "csrf={own}&seen=0&what=numbers&numbers={}",
        "%3Cimg%20src=x%3E"
    );
    let entry =
        managed
            .store
            .audit_begin(Timestamp(1), MARK, "account.change", "account:main", "{}");
    entry.await.expect("an entry");
    let reply = browser.post("/ui/accounts/main/change", &stale).await;
    assert_eq!(reply.status, 409, "{}", reply.body);
    shown += inert("overtaken", &reply);
    assert!(shown >= 20, "the texts were shown: {shown}");
}

/// No markup but the page's own; how often the planted text is shown.
fn inert(page: &str, reply: &Reply) -> usize {
    let text = reply.body.to_lowercase();
    for forbidden in ["<img", "<script>", "alert(1)</", "onerror=alert(1)>"] {
        assert!(
            !text.contains(forbidden),
            "{forbidden} on {page}:\n{}",
            reply.body
        );
    }
    assert!(!text.contains("planted-"), "a secret is on {page}");
    text.matches("&#60;img src=x onerror").count()
}

#[tokio::test]
async fn broken_form_gets_a_page_and_changes_nothing() {
    let managed = managed().await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let csrf = browser.csrf().await;
    let cookie = browser.cookie.clone().expect("a cookie");
    let part = format!("--mark\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n");
    let many = part.repeat(5_000);
    let before = managed.audited().await;
    for (kind, body) in [
        ("multipart/form-data", part.as_str()),
        ("multipart/form-data; boundary=", part.as_str()),
        ("multipart/form-data; boundary=other", part.as_str()),
        ("multipart/form-data; boundary=mark", part.as_str()),
        ("multipart/form-data; boundary=mark", "--mark--"),
        (
            "multipart/form-data; boundary=mark",
            "--mark\r\nX: y\r\n\r\n",
        ),
        ("multipart/form-data; boundary=mark", many.as_str()),
        ("multipart/form-data; boundary=\u{e9}", part.as_str()),
        ("text/plain", "csrf=x"),
        ("application/x-www-form-urlencoded", "%%%&&&==&%ff=%00"),
    ] {
        for path in [
            "/ui/new-migration",
            "/ui/new-account",
            "/ui/admin-tokens",
            "/ui/backup",
        ] {
            let fields = [
                ("Host", HOST),
                ("Origin", OWN),
                ("Content-Type", kind),
                ("Cookie", cookie.as_str()),
            ];
            let reply = send(&managed, ("POST", path), &fields, body).await;
            assert!(
                [400, 413].contains(&reply.status),
                "{kind} {path}: {}",
                reply.status
            );
            assert!(reply.body.contains("<h1>"), "{kind} {path}: {}", reply.body);
        }
    }
    assert_eq!(managed.audited().await, before);
}

#[tokio::test]
async fn no_secret_is_in_an_address_or_in_a_page() {
    let managed = managed().await;
    fill(&managed).await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let session = value(browser.cookie.as_ref());
    let admin = managed.admin.expose().to_owned();
    let mut replies = Vec::new();
    for page in PAGES.iter().chain(FORMS).chain(OF_ONE) {
        replies.push((*page, browser.get(page).await));
    }
    // A secret that was typed comes back in no page, and no redirection carries it.
    let typed = "secret=planted-typed&token=planted-typed&key=planted-typed&redirected=planted-typed\
                 &passphrase=planted-typed&passphrase_again=planted-other&secret_setting.x=planted-typed";
    for change in CHANGES {
        replies.push((*change, browser.change(change, typed).await));
        let mut lost = Browser::new(&managed);
        replies.push((*change, lost.post(change, typed).await));
    }
    for (path, reply) in &replies {
        for secret in [session.as_str(), admin.as_str(), "planted-"] {
            assert!(!reply.body.contains(secret), "{secret} in the page {path}");
            assert!(
                !reply.head.contains(secret),
                "{secret} in the head of {path}"
            );
        }
        // The form's own text is in forms only, never in an address.
        for address in addresses(&reply.body) {
            assert!(
                !address.contains("csrf") && !address.contains("seen="),
                "{path}: {address}"
            );
        }
    }
}

/// Where the links and the forms of a page lead.
fn addresses(page: &str) -> Vec<&str> {
    let of = |name: &'static str| {
        page.split(name)
            .skip(1)
            .filter_map(|it| it.split('"').next())
    };
    of("href=\"").chain(of("action=\"")).collect()
}
