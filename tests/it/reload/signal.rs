//! SIGHUP: many, early, late; and the level of the log.

use super::{append, edit, reload};
use std::fs;
use tests::{Client, ConfigFile, Process, World, eventually, folder, rate_request, serve};

#[tokio::test]
async fn thousand_signals_lose_no_request_and_end_with_the_last_file() {
    let world = World::start().await;
    append(&world.gateway, "[limits]\nbody = \"1MiB\"\n");
    for round in 0..1000_u32 {
        if round.is_multiple_of(100) {
            let (old, new) = (format!("\"{}MiB\"", 1 + round / 100), 2 + round / 100);
            edit(&world.gateway, |text| {
                text.replace(&old, &format!("\"{new}MiB\""))
            });
            world.shop().await.assert_rates();
        }
        world.gateway.process.signal("HUP");
    }
    world.shop().await.assert_rates();
    eventually("the last file runs", async || {
        reload(&world.gateway).await["settings"] == serde_json::json!([])
    })
    .await;
}

#[tokio::test]
async fn signal_while_the_gateway_drains_changes_nothing_and_holds_nothing_up() {
    let mut world = World::start().await;
    append(&world.gateway, "[limits]\nbody = \"1MiB\"\n");
    world.gateway.process.signal("HUP");
    world.gateway.process.signal("TERM");
    world.gateway.process.signal("HUP");
    assert_eq!(world.gateway.process.ended().await.code(), Some(0));
}

/// The level of the log is taken at once, and back again.
#[tokio::test]
async fn level_of_the_log_changes_by_a_signal() {
    let mock = mock_ups::MockUps::builder()
        .start()
        .await
        .expect("a free port");
    let folder = folder(&ConfigFile::for_mock(mock.base_url()));
    let file = folder.path().join("waybill.toml");
    let mut command = serve(folder.path());
    command.env_remove("WAYBILL_LOG");
    let mut process = Process::spawn(&mut command, folder);
    let line = process.line("apps listening on http://").await;
    let address = line.trim_start_matches("apps listening on http://");
    let app = Client::new(address.parse().expect("an address"));
    let text = fs::read_to_string(&file).expect("the test's");
    let reloaded = |times: usize| {
        let output = process.output();
        output.matches("the configuration was reloaded").count() == times
    };
    fs::write(
        &file,
        format!("{text}\n[log]\naccess_log = true\nlevel = \"access=off,info\"\n"),
    )
    .expect("the test's");
    process.signal("HUP");
    eventually("the first reload", async || reloaded(1)).await;
    app.send(rate_request()).await.assert_rates();
    assert!(
        !process.output().contains("\"target\":\"access\""),
        "switched off"
    );
    fs::write(
        &file,
        format!("{text}\n[log]\naccess_log = true\nlevel = \"info\"\n"),
    )
    .expect("the test's");
    process.signal("HUP");
    eventually("the second reload", async || reloaded(2)).await;
    app.send(rate_request()).await.assert_rates();
    eventually("the request is in the log", async || {
        process.output().contains("\"target\":\"access\"")
    })
    .await;
}
