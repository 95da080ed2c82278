//! What a fleet does while its database is away.

use super::world::Fleet;
use tests::{Client, eventually};

/// Every gateway serves what it holds, says why it is not ready, and is well again by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fleet_serves_on_while_its_database_is_away() {
    let Some(fleet) = Fleet::start("a fleet without its database", 2).await else {
        return;
    };
    for index in 0..2 {
        fleet.shop(index, "main").await.assert_rates();
    }
    fleet.postgres.kill().expect("it runs");
    let admin = |index: usize| Client::new(fleet.gateway(index).admin);
    for index in 0..2 {
        eventually("a gateway that says what it lacks", async || {
            let ready = admin(index).get("/readyz").await;
            ready.text().contains("store")
        })
        .await;
        fleet.shop(index, "main").await.assert_rates();
    }
    fleet.postgres.restart().expect("it starts again");
    let operator = fleet.operator(0);
    eventually("both gateways in the list again", async || {
        let replicas = operator
            .try_call(http::Method::GET, "replicas", serde_json::Value::Null)
            .await;
        // The leases that ended are listed as well.
        let live = |answer: tests::Answer| {
            let list = answer.json();
            let replicas = list.as_array().into_iter().flatten();
            replicas.filter(|replica| replica["live"] == true).count() == 2
        };
        replicas.is_ok_and(live)
    })
    .await;
    assert_eq!(fleet.asked(), 1, "stored tokens serve on");
}
