//! Several gateways on one PostgreSQL: a change at one serves at the others.

mod pair;

use crate::world::{account, approve, id, operator, secret};
use gateway_api::{AddAdminToken, AddApp, AddInvitation, UpdateAccount};
use gateway_control::{Declared, DeclaredApp};
use gateway_model::{
    GrantKind::{AuthorizationCode, ClientCredentials},
    ManagedBy, RateLimit, Role,
};
use gateway_store::{AppRecord, Timestamp};
use pair::{Ground, eventually, root};
use std::{num::NonZeroU32, sync::Arc, time::Duration};

fn app(name: &str) -> AddApp {
    let number = |n| NonZeroU32::new(n).expect("not zero");
    AddApp {
        name: name.parse().expect("a name"),
        client_id: None,
        client_secret: None,
        with_key: true,
        key: None,
        key_only: false,
        accounts: vec![id("main")],
        rate: Some(RateLimit {
            per_second: number(9),
            burst: number(20),
        }),
        legacy_keys: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn change_at_one_gateway_serves_at_the_other_within_a_second() {
    let Some(ground) = Ground::new("changes in a fleet").await else {
        return;
    };
    let (one, mut two) = (ground.member("one").await, ground.member("two").await);
    let added = account("main", ClientCredentials, &["A1B2C3"]);
    one.control.add_account(operator(), added).await.unwrap();
    two.serves("the account", |state| {
        state.accounts.contains_key(&id("main"))
    })
    .await;
    let name = "shop".parse().unwrap();
    one.control.add_app(operator(), app("shop")).await.unwrap();
    two.serves("the app", |state| state.apps.contains_key(&name))
        .await;
    let key = two.state().apps[&name].key;
    one.control
        .rotate_app(operator(), &name, gateway_api::RotateApp::default())
        .await
        .unwrap();
    two.serves("the new key", |state| state.apps[&name].key != key)
        .await;
    let change = UpdateAccount {
        active: Some(false),
        ..UpdateAccount::default()
    };
    one.control
        .update_account(operator(), &id("main"), change)
        .await
        .unwrap();
    two.serves("an inactive account", |state| {
        !state.accounts[&id("main")].record.active
    })
    .await;
    one.control
        .remove_account(operator(), &id("main"))
        .await
        .unwrap();
    two.serves("nothing", |state| {
        state.accounts.is_empty() && state.apps[&name].accounts.is_empty()
    })
    .await;
    one.control.remove_app(operator(), &name).await.unwrap();
    two.serves("no app", |state| state.apps.is_empty()).await;
    // Each entry names the gateway at which it was made.
    let trail = two.control.audit(None, 100).await.unwrap();
    assert!(!trail.is_empty());
    assert!(
        trail.iter().all(|entry| entry.detail["replica"] == "one"),
        "{trail:?}"
    );
    one.end().await;
    two.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn token_of_one_gateway_serves_at_the_other_and_is_requested_once() {
    let Some(ground) = Ground::new("tokens in a fleet").await else {
        return;
    };
    let (one, mut two) = (ground.member("one").await, ground.member("two").await);
    let added = account("main", ClientCredentials, &["A1B2C3"]);
    one.control.add_account(operator(), added).await.unwrap();
    two.serves("the account", |state| {
        state.accounts.contains_key(&id("main"))
    })
    .await;
    eventually("both have the token", async || {
        one.broker.handle().usable() == 1 && two.broker.handle().usable() == 1
    })
    .await;
    let requests = mock_ups::Filter::any().endpoint(mock_ups::Endpoint::Token);
    assert_eq!(ground.ups.journal(&requests).len(), 1);
    // A gateway that comes later finds it as well.
    let three = ground.member("three").await;
    assert_eq!(three.broker.handle().usable(), 1);
    assert_eq!(ground.ups.journal(&requests).len(), 1);
    for member in [one, two, three] {
        member.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn admin_token_is_good_everywhere_and_nowhere_once_it_is_removed() {
    let Some(ground) = Ground::new("admin tokens in a fleet").await else {
        return;
    };
    let (one, two) = (ground.member("one").await, ground.member("two").await);
    let token = |name: &str| AddAdminToken {
        name: name.to_owned(),
        role: Role::Admin,
    };
    let kept = one
        .control
        .add_admin_token(&root(), token("kept"))
        .await
        .unwrap();
    let known = async |secret| two.control.authenticate(secret).await.unwrap().is_some();
    eventually("the token is good", async || known(&kept.token.0).await).await;
    let gone = one
        .control
        .add_admin_token(&root(), token("gone"))
        .await
        .unwrap();
    eventually("the second as well", async || known(&gone.token.0).await).await;
    one.control
        .remove_admin_token(&root(), "gone")
        .await
        .unwrap();
    eventually("it is refused", async || !known(&gone.token.0).await).await;
    assert!(known(&kept.token.0).await);
    one.end().await;
    two.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_that_begins_at_one_gateway_ends_at_the_other() {
    let Some(ground) = Ground::new("sign-ins in a fleet").await else {
        return;
    };
    let (one, mut two) = (ground.member("one").await, ground.member("two").await);
    let added = account("main", AuthorizationCode, &["A1B2C3"]);
    one.control.add_account(operator(), added).await.unwrap();
    two.serves("the account", |state| {
        state.accounts.contains_key(&id("main"))
    })
    .await;
    let begun = one
        .control
        .begin_consent(operator(), &id("main"))
        .await
        .unwrap();
    let url = begun.url.0.expose();
    let back = approve(&ground.http, &ground.ups, url, "merchant", "parcel-1").await;
    let query = secret(back.query().expect("a query"));
    two.control.finish_consent(&query).await.unwrap();
    // Once, wherever it is tried again.
    let again = one
        .control
        .finish_consent(&query)
        .await
        .expect_err("it is used up");
    assert_eq!(again.code, "link_used");
    eventually("both have the token", async || {
        one.broker.handle().usable() == 1 && two.broker.handle().usable() == 1
    })
    .await;
    one.end().await;
    two.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invitation_is_good_at_all_gateways_and_once() {
    let Some(ground) = Ground::new("an invitation in a fleet").await else {
        return;
    };
    let (one, two) = (ground.member("one").await, ground.member("two").await);
    let added = account("main", AuthorizationCode, &["A1B2C3"]);
    one.control.add_account(operator(), added).await.unwrap();
    eventually("the other one knows the account", async || {
        two.control
            .begin_consent(operator(), &id("main"))
            .await
            .is_ok()
    })
    .await;
    let invitation = AddInvitation {
        account: id("main"),
        also: Vec::new(),
        whole_login: false,
        days: None,
    };
    let made = one
        .control
        .add_invitation(operator(), invitation)
        .await
        .unwrap();
    let (_, code) = made.link.0.expose().split_once('#').unwrap();
    let code = gateway_model::Secret::new(code.to_owned());
    let mut queries = Vec::new();
    for begins in [&two, &one] {
        let begun = begins.control.begin_invited(&code, None).await.unwrap();
        let url = begun.url.0.expose();
        let back = approve(&ground.http, &ground.ups, url, "merchant", "parcel-1").await;
        queries.push(secret(back.query().expect("a query")));
    }
    // Both end at one moment, each at the gateway that did not begin it.
    let (first, second) = tokio::join!(
        one.control.finish_consent(&queries[0]),
        two.control.finish_consent(&queries[1])
    );
    let refused = match (first, second) {
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => error,
        both => panic!("{both:?}"),
    };
    assert_eq!(refused.code, "invitation_used");
    for member in [&one, &two] {
        let gone = member.control.invited(&code).await.expect_err("used up");
        assert_eq!(gone.code, "invitation_used");
    }
    one.end().await;
    two.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_gateway_reviews_and_the_other_goes_on_when_it_ends() {
    let Some(ground) = Ground::new("reminders in a fleet").await else {
        return;
    };
    let (one, mut two) = (ground.member("one").await, ground.member("two").await);
    let mut refused = account("main", ClientCredentials, &["A1B2C3"]);
    refused.client_secrets = vec![secret("not-the-secret")];
    one.control.add_account(operator(), refused).await.unwrap();
    two.serves("the account", |state| {
        state.accounts.contains_key(&id("main"))
    })
    .await;
    eventually("the carrier has refused", async || {
        let status = one
            .broker
            .handle()
            .status(&id("main"))
            .expect("it is known");
        status.state == "rejected"
    })
    .await;
    one.control.remind().await.unwrap();
    let told = async || two.control.notices().await.unwrap().len();
    assert_eq!(told().await, 1);
    eventually("the other counts it", async || {
        two.control.open_notices() == 1
    })
    .await;
    // Whoever is not the leader leaves the notices to it, also with an older look at the account.
    two.control.remind().await.unwrap();
    assert_eq!(told().await, 1);
    one.end().await;
    eventually("the duty passes on", async || {
        let change = UpdateAccount {
            active: Some(false),
            ..UpdateAccount::default()
        };
        two.control
            .update_account(operator(), &id("main"), change)
            .await
            .unwrap();
        two.control.remind().await.unwrap();
        two.control.notices().await.unwrap().is_empty()
    })
    .await;
    two.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rates_of_apps_are_shared_among_live_gateways() {
    let Some(mut ground) = Ground::new("rates in a fleet").await else {
        return;
    };
    ground.lease = Duration::from_secs(1);
    let mut one = ground.member("one").await;
    let limit = app("shop").rate.unwrap();
    let share = |state: &gateway_control::ServingState| state.share.of(limit).per_second.get();
    assert_eq!(share(&one.state()), 9);
    let two = ground.member("two").await;
    one.serves("half of it", |state| share(state) < 9).await;
    assert_eq!(share(&one.state()) + share(&two.state()), 9);
    assert_eq!(one.control.fleet_status().unwrap().replicas, 2);
    let views = one.control.replicas().await.unwrap();
    let names: Vec<_> = views
        .iter()
        .map(|view| (&*view.name, view.this, view.live))
        .collect();
    assert_eq!(names, [("one", true, true), ("two", false, true)]);
    assert!(views[0].plugins[0].starts_with("ups "), "{views:?}");
    // One that dies says nothing.
    two.die().await;
    eventually("the whole again", async || share(&one.state()) == 9).await;
    assert_eq!(one.control.fleet_status().unwrap().replicas, 1);
    one.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gateways_that_start_at_one_moment_apply_their_file_once() {
    let Some(ground) = Ground::new("starts of a fleet").await else {
        return;
    };
    // The first makes the tables and the key.
    ground.member("first").await.end().await;
    let first = ground.member("first").await;
    let mut records = Vec::new();
    for n in 0..20 {
        let name = format!("declared-{n}");
        let added = account(&name, ClientCredentials, &["A1B2C3"]);
        first.control.add_account(operator(), added).await.unwrap();
        let mut record = first.store.account(&id(&name)).await.unwrap().unwrap();
        first
            .control
            .remove_account(operator(), &id(&name))
            .await
            .unwrap();
        (record.managed_by, record.revision) = (ManagedBy::Config, 0);
        records.push(record);
    }
    let shop = DeclaredApp {
        record: AppRecord {
            name: "shop".parse().unwrap(),
            client_id: Some("shop".to_owned()),
            secret: None,
            key: None,
            accounts: vec![id("declared-0")],
            rate: None,
            managed_by: ManagedBy::Config,
            created_at: Timestamp(0),
            rotated_at: None,
        },
        legacy_keys: vec![secret("0123456789ABCDEF").0],
    };
    let declared = Declared {
        accounts: records,
        apps: vec![shop],
    };
    let start = |name| ground.member_with(name, declared.clone(), |_| {});
    let (one, two, three) = tokio::join!(start("one"), start("two"), start("three"));
    for member in [&one, &two, &three] {
        assert_eq!(member.state().accounts.len(), 20);
        assert_eq!(member.state().apps.len(), 1);
    }
    // One of them makes the first admin token.
    let kept = std::sync::atomic::AtomicU32::new(0);
    let keep = |_: &gateway_model::Secret| {
        kept.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Ok(())
    };
    let (a, b) = tokio::join!(one.control.bootstrap(keep), two.control.bootstrap(keep));
    assert_eq!([a.unwrap(), b.unwrap()].iter().flatten().count(), 1);
    assert_eq!(kept.into_inner(), 1);
    for member in [first, one, two, three] {
        member.end().await;
    }
}

/// A first start may take longer than the lease: with a small machine, or a database that is far away.
#[tokio::test(flavor = "multi_thread")]
async fn first_admin_token_is_made_by_a_gateway_whose_lease_has_ended() {
    let Some(mut ground) = Ground::new("a lease that ends during a first start").await else {
        return;
    };
    ground.lease = Duration::from_secs(2);
    let one = ground.member("one").await;
    let over = "UPDATE replicas SET until = clock_timestamp() - interval '1 second'";
    ground.postgres.query(over).unwrap();
    let made = one.control.bootstrap(|_| Ok(())).await.unwrap();
    assert!(made.is_some(), "it has joined anew, and makes the token");
    one.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_connection_to_the_database_is_made_up_for() {
    let Some(ground) = Ground::new("a database that restarts under a fleet").await else {
        return;
    };
    let (one, mut two) = (ground.member("one").await, ground.member("two").await);
    ground.postgres.kill().unwrap();
    ground.postgres.restart().unwrap();
    // Added while the other may not hear yet.
    let added = Arc::new(account("main", ClientCredentials, &["A1B2C3"]));
    eventually("the database is back", async || {
        let added = one.control.add_account(operator(), (*added).clone()).await;
        added.is_ok() || one.state().accounts.contains_key(&id("main"))
    })
    .await;
    eventually("it serves at both", async || {
        two.state().accounts.contains_key(&id("main"))
    })
    .await;
    two.serves("it", |state| state.accounts.len() == 1).await;
    one.end().await;
    two.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rotation_of_the_master_key_reaches_the_other_gateway() {
    let Some(ground) = Ground::new("a key rotation in a fleet").await else {
        return;
    };
    let (one, mut two) = (ground.member("one").await, ground.member("two").await);
    let first = account("first", ClientCredentials, &["A1B2C3"]);
    one.control.add_account(operator(), first).await.unwrap();
    let new = ground.key("new");
    let file = new.to_str().expect("text").to_owned();
    let rotate = gateway_api::RotateKey { file };
    one.control.rotate_key(operator(), rotate).await.unwrap();
    // An operator replaces the file that the configurations name.
    std::fs::copy(&new, ground.key("key")).unwrap();
    let second = account("second", ClientCredentials, &["A1B2C3"]);
    one.control.add_account(operator(), second).await.unwrap();
    eventually("the other reads it", async || {
        two.state().accounts.contains_key(&id("second"))
    })
    .await;
    let third = account("third", ClientCredentials, &["A1B2C3"]);
    two.control.add_account(operator(), third).await.unwrap();
    two.serves("all", |state| state.accounts.len() == 3).await;
    one.end().await;
    two.end().await;
    // The new key alone opens it.
    ground.member("later").await.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn grant_that_a_failover_has_lost_is_written_again_by_its_owner() {
    let Some(ground) = Ground::new("a failover that loses a grant").await else {
        return;
    };
    let (one, two) = (ground.member("one").await, ground.member("two").await);
    let added = account("main", ClientCredentials, &["A1B2C3"]);
    one.control.add_account(operator(), added).await.unwrap();
    let stored = async || two.store.grant(&id("main")).await.ok().flatten();
    eventually("it is stored", async || stored().await.is_some()).await;
    let version = stored().await.unwrap().version;
    // As a standby that had not heard of it.
    ground
        .postgres
        .sql("postgres", "DELETE FROM grants")
        .unwrap();
    assert!(stored().await.is_none());
    ground.postgres.kill().unwrap();
    ground.postgres.restart().unwrap();
    eventually("it is there again", async || {
        stored()
            .await
            .is_some_and(|grant| grant.version >= version && grant.token.is_some())
    })
    .await;
    let requests = mock_ups::Filter::any().endpoint(mock_ups::Endpoint::Token);
    assert_eq!(ground.ups.journal(&requests).len(), 1);
    one.end().await;
    two.end().await;
}
