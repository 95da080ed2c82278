//! A database that goes away under the running gateway, and comes back.

use super::{content, refused, world};
use gateway_store_testkit::Postgres;
use tests::{eventually, skipped};

/// The tokens that the gateway has serve on; administration waits.
#[tokio::test]
async fn database_that_goes_away_stops_administration_only() {
    let Some(postgres) = Postgres::start().expect("PostgreSQL starts") else {
        skipped(
            "a database that goes away",
            "there is no PostgreSQL on this machine",
        );
        return;
    };
    let url = postgres.url("postgres");
    let store =
        format!("[store]\nurl = {{ value = \"{url}\" }}\nmaster_key = {{ file = \"key\" }}\n");
    let world = world(&store).await;
    let before = content(&world.gateway).await;
    postgres.kill().expect("it runs");
    for _ in 0..20 {
        world.shop().await.assert_rates();
    }
    let done = world.gateway.waybill("", &["account", "list"]).await;
    refused(
        &done,
        5,
        &["the store does not answer", "check the database"],
    );
    let operator = tests::Operator::of(&world.gateway);
    let answer = operator
        .call(http::Method::GET, "accounts", serde_json::Value::Null)
        .await;
    assert_eq!(answer.status(), 503, "{}", answer.text());
    world.shop().await.assert_rates();
    // Apps are not sent away from a gateway that can serve them.
    eventually("readiness says it", async || {
        let ready = world.admin.get("/readyz").await;
        assert_eq!(ready.status(), 200, "{}", ready.text());
        ready.json()["store"]["ready"] == false && ready.json()["degraded"] == true
    })
    .await;
    postgres.restart().expect("it comes back");
    eventually("the gateway works with it again", async || {
        // The admin API is rate limited.
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        world.gateway.waybill("", &["account", "list"]).await.code == Some(0)
    })
    .await;
    assert_eq!(content(&world.gateway).await, before);
    // It can be written, too.
    let done = world
        .gateway
        .waybill("", &["account", "set-default", "web"])
        .await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}
