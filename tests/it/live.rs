//! Requests as they come: through the real listener, and on the command line.

use http::Method;
use serde_json::Value;
use std::fs;
use tests::{Operator, Process, Raw, World, command_line, eventually};

const STORE: &str = "[store]\nurl = \"sqlite://waybill.db\"\n";

#[tokio::test]
async fn requests_of_apps_are_told_while_they_come_until_a_reload() {
    let world = World::builder().more(STORE).start().await;
    let folder = world.gateway.process.folder();
    let token = fs::read_to_string(folder.join("waybill-admin.token")).expect("a token");
    let mut raw = Raw::connect(world.gateway.admin).await.expect("it listens");
    let head = format!(
        "GET /api/v1/requests/live HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Bearer {}\r\n\r\n",
        world.gateway.admin,
        token.trim()
    );
    raw.send(head).await;
    raw.until("text/event-stream").await;
    let answer = world.shop().await;
    answer.assert_rates();
    let id = answer.field("waybill-request-id").to_owned();
    let text = raw.until(&id).await;
    assert!(text.contains("event: request"), "{text}");

    let mut command = command_line(&folder);
    command
        .env(
            "WAYBILL_ADMIN_URL",
            format!("http://{}", world.gateway.admin),
        )
        .args(["requests", "--follow", "--json"]);
    let follower = Process::spawn_in(&mut command, &folder, "follow-");
    let heard = async |id: &str| {
        eventually("a line about the request", async || {
            follower.stdout().contains(id)
        })
        .await;
    };
    // The last ones, and then those that come.
    heard(&id).await;
    let next = world.shop().await;
    heard(next.field("waybill-request-id")).await;
    let said = follower.stdout();
    assert_eq!(said.matches(&id).count(), 1, "{said}");
    for line in said.lines() {
        serde_json::from_str::<Value>(line).expect("a document in each line");
    }
    let file = folder.join("waybill.toml");
    let config = fs::read_to_string(&file).expect("a configuration");
    let changed = config.replace("[listen]", "[listen]\nadmin_hosts = [\"waybill.internal\"]");
    assert_ne!(changed, config);
    fs::write(&file, changed).expect("the test owns the folder");
    let operator = Operator::of(&world.gateway);
    let reloaded = operator.call(Method::POST, "reload", Value::Null).await;
    assert_eq!(reloaded.status(), 200, "{}", reloaded.text());
    let text = raw.until_closed("a reload").await;
    assert!(!text.contains("event: end"), "{text}");
}
