//! A database that turns read-only under the running gateway, as after a failover, and back.

use super::refused;
use gateway_store_testkit::Postgres;
use http::StatusCode;
use mock_ups::{Endpoint, Filter};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::time::Duration;
use tests::{Answer, MERCHANT, Operator, World, eventually, skipped};

/// Every session of the server, those that are open included.
async fn read_only(postgres: &Postgres, setting: &str) {
    sqlx::any::install_default_drivers();
    let url = postgres.url("postgres");
    let mut server = AnyConnection::connect(&url).await.expect("it answers");
    let change = format!("ALTER SYSTEM SET default_transaction_read_only = {setting}");
    for sql in [change.as_str(), "SELECT pg_reload_conf()"] {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        server.execute(sql).await.expect("the server's owner may");
    }
}

/// A world with a store in the database and an account that a person signed in for. Its tokens end
/// soon, so that a renewal is always near.
async fn world(postgres: &Postgres) -> World {
    let url = postgres.url("postgres");
    let world = World::builder()
        .token_lifetime(Duration::from_secs(10))
        .more(&format!(
            "[store]\nurl = {{ value = \"{url}\" }}\nmaster_key = {{ file = \"key\" }}\n\
             [tokens]\nmint_budget = 10000\n"
        ))
        .start()
        .await;
    let callback = format!("http://{}/oauth/callback", world.gateway.admin);
    assert!(world.mock.add_redirect_uri("mock-client", callback));
    let operator = Operator::of(&world.gateway);
    operator.add_consent_account("web", "A1B2C3").await;
    operator.consent(&world.mock, "web", MERCHANT).await;
    world
}

async fn shop(world: &World) -> Answer {
    let mut request = tests::rate_request();
    let account = http::HeaderValue::from_static("web");
    request.headers_mut().insert("waybill-account", account);
    world.app.send(request).await
}

/// Valid tokens serve on, nothing is presented that could not be put on record, and all goes on by
/// itself afterwards.
#[tokio::test]
async fn store_that_turns_read_only_loses_nothing() {
    let Some(postgres) = Postgres::start().expect("PostgreSQL starts") else {
        skipped(
            "a store that turns read-only",
            "there is no PostgreSQL on this machine",
        );
        return;
    };
    let world = world(&postgres).await;
    shop(&world).await.assert_rates();
    read_only(&postgres, "on").await;
    let add = ["app", "add", "shop", "--account", "web"];
    eventually("the store takes no change", async || {
        // The admin API is rate limited.
        tokio::time::sleep(Duration::from_millis(250)).await;
        let done = world.gateway.waybill("", &add).await;
        let refusal = done.code == Some(5);
        if refusal {
            refused(&done, 5, &["the store is read-only", "check the file's"]);
        }
        let _ = world
            .gateway
            .waybill("", &["app", "remove", "shop", "--yes"])
            .await;
        refusal
    })
    .await;
    let refreshes = || {
        let refreshes = Filter::any().endpoint(Endpoint::Refresh);
        world.mock.journal(&refreshes).len()
    };
    let before = refreshes();
    // Requests are served to the end of the token that there is; then they hear why there is no other.
    let mut refusal = shop(&world).await;
    eventually("the token's end, and why there is no other", async || {
        refusal = shop(&world).await;
        refusal.text().contains("read-only")
    })
    .await;
    assert_eq!(refusal.status(), StatusCode::SERVICE_UNAVAILABLE);
    let told = world.gateway.waybill("", &["token", "show", "web"]).await;
    assert!(told.stdout.contains("read-only"), "{}", told.stdout);
    assert_eq!(refreshes(), before, "a presentation that is on no record");

    read_only(&postgres, "off").await;
    eventually("the account is served again", async || {
        shop(&world).await.status() == StatusCode::OK
    })
    .await;
    assert!(refreshes() > before);
    let grants = world.mock.grants();
    let twice: usize = grants.iter().map(|grant| grant.presented_twice).sum();
    assert_eq!(twice, 0);
    let done = world.gateway.waybill("", &add).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}
