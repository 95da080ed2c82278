//! What a fleet does while its database is away.

use super::world::{Fleet, share};
use std::path::{Path, PathBuf};
use tests::{Client, Gateway, eventually, folder, serve, skipped};

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

/// Clocks that are five minutes fast and slow: leases go by the database's clock, so every gateway lives, and there is one
/// token request for all. Each of the two says what is wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wrong_clocks_end_no_lease() {
    let what = "gateways with wrong clocks";
    let Some(library) = faketime() else {
        return skipped(what, "there is no libfaketime (package `faketime`)");
    };
    let Some(mut fleet) = Fleet::start(what, 1).await else {
        return;
    };
    for (index, off) in [(1, "+300"), (2, "-300")] {
        let folder = folder(&fleet.config(index));
        share(&fleet.gateway(0).process.folder(), folder.path());
        let mut command = serve(folder.path());
        command.env("LD_PRELOAD", &library).env("FAKETIME", off);
        command.env("DONT_FAKE_MONOTONIC", "1");
        let gateway = Gateway::of_command(&mut command, folder).await;
        fleet.meet(&gateway);
        let log = gateway.process.stderr();
        assert!(log.contains("clock differs from the database's"), "{log}");
        fleet.gateways.push(Some(gateway));
    }
    for index in 0..3 {
        fleet.shop(index, "main").await.assert_rates();
    }
    fleet.mock.revoke_all();
    for index in 0..3 {
        fleet.shop(index, "main").await.assert_rates();
    }
    assert_eq!(fleet.asked(), 2, "one request replaces the revoked token");
    let replicas = fleet.operator(1).get("replicas").await;
    let replicas = replicas.as_array().expect("a list");
    let live = replicas.iter().filter(|replica| replica["live"] == true);
    assert_eq!(live.count(), 3, "{replicas:?}");
}

/// The library that shows a program another time.
fn faketime() -> Option<PathBuf> {
    let libraries = Path::new("/usr/lib").read_dir().ok()?.flatten();
    let mut libraries = libraries.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    libraries.find(|library| library.exists())
}
