//! What is wrong changes nothing, and is told with all its lines.

use super::{STORE, account, append, edit, file, reload};
use serde_json::Value;
use std::fs;
use tests::{Done, World};

/// Ten mistakes, one each in a line of its own.
const MISTAKES: &str = r#"
[limits]
head = "much"
body = -1
connections = 0
drain_timeout = "soon"
[log]
format = "loud"
[tokens]
renew_at = 2.0
mint_budget = "few"
unknown = 1
[consent]
lifetime = "1s"
[reminders]
days_before = 90
"#;

fn mistakes(done: &Done) -> Vec<Value> {
    let answer: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(answer["error"]["code"], "bad_config", "{answer}");
    answer["error"]["mistakes"]
        .as_array()
        .expect("a list")
        .clone()
}

#[tokio::test]
async fn every_mistake_is_shown_with_its_line_and_nothing_is_changed() {
    let world = World::builder().more(STORE).start().await;
    let gateway = &world.gateway;
    let good = fs::read_to_string(file(gateway)).expect("the test owns the file");
    append(
        gateway,
        &format!("{MISTAKES}\n{}", account("depot", "mock-secret")),
    );
    let checked = gateway.waybill("", &["check-config", "--json"]).await;
    let checked: Value = serde_json::from_str(&checked.stdout).expect("JSON");
    for args in [
        &["reload", "--json", "--dry-run"][..],
        &["reload", "--json"],
    ] {
        let done = gateway.waybill("", args).await;
        assert_eq!(done.code, Some(2), "{}{}", done.stdout, done.stderr);
        let found = mistakes(&done);
        assert_eq!(found.len(), 10, "{found:#?}");
        let known = checked["mistakes"].as_array().expect("a list");
        for (mistake, known) in found.iter().zip(known) {
            for member in ["line", "column", "message", "fix"] {
                assert_eq!(mistake[member], known[member], "as check-config says it");
            }
        }
    }
    let text = gateway.waybill("", &["reload"]).await;
    assert_eq!(
        text.stderr.matches("waybill.toml:").count(),
        10,
        "{}",
        text.stderr
    );
    assert!(
        text.stderr.contains("10 mistakes, so nothing was changed"),
        "{}",
        text.stderr
    );
    let accounts = gateway.waybill("", &["account", "list", "--json"]).await;
    assert!(!accounts.stdout.contains("depot"), "{}", accounts.stdout);
    let audit = gateway.waybill("", &["audit", "--json"]).await;
    assert!(audit.stdout.contains("bad_config"), "{}", audit.stdout);

    gateway.process.signal("HUP");
    tests::eventually("the signal's mistakes are in the log", async || {
        gateway
            .process
            .output()
            .contains("the configuration was not reloaded")
    })
    .await;
    world.shop().await.assert_rates();
    fs::write(file(gateway), good).expect("the test owns the file");
    assert_eq!(reload(gateway).await["settings"], serde_json::json!([]));
}

#[tokio::test]
async fn file_that_cannot_be_read_changes_nothing() {
    let world = World::start().await;
    let gateway = &world.gateway;
    let path = file(gateway);
    let good = fs::read(&path).expect("the test owns the file");
    let by_url = |path: &str| {
        let (path, gateway) = (path.to_owned(), &world.gateway);
        async move {
            // The admin API alone: the command itself reads the file for its own access.
            let operator = tests::Operator::of(gateway);
            operator
                .call(http::Method::POST, &path, serde_json::json!({}))
                .await
        }
    };
    // Longer than any configuration.
    fs::write(&path, vec![b'#'; 5 << 20]).expect("the test owns the file");
    let answer = by_url("reload").await;
    assert_eq!(answer.status(), 400, "{}", answer.text());
    assert!(
        answer.text().contains("longer than 4MiB"),
        "{}",
        answer.text()
    );
    fs::remove_file(&path).expect("the test owns the file");
    let answer = by_url("reload").await;
    assert!(
        answer.text().contains("cannot be read"),
        "{}",
        answer.text()
    );
    fs::create_dir(&path).expect("the test owns the folder");
    let answer = by_url("reload?dry_run=true").await;
    assert!(answer.text().contains("is a folder"), "{}", answer.text());
    fs::remove_dir(&path).expect("the test owns the folder");
    fs::write(&path, good).expect("the test owns the folder");
    world.shop().await.assert_rates();
}

/// What only the plugin, the carrier or the store can tell has the line of its account.
#[tokio::test]
async fn objections_of_plugin_carrier_and_store_are_mistakes_with_lines() {
    let world = World::builder().more(STORE).start().await;
    let gateway = &world.gateway;
    world.shop().await.assert_rates();
    let add = ["app", "add", "taken", "--account", "main"];
    assert_eq!(gateway.waybill("", &add).await.code, Some(0));
    // A number of five characters.
    append(
        gateway,
        &account("depot", "mock-secret")
            .replace("client_id", "account_number = \"A1B2C\"\nclient_id"),
    );
    append(
        gateway,
        "[[app]]\nname = \"taken\"\nkey = { value = \"a-key-of-eight\" }\naccounts = [\"main\"]\n",
    );
    let done = gateway.waybill("", &["reload", "--json"]).await;
    assert_eq!(done.code, Some(2), "{}", done.stdout);
    let found = mistakes(&done);
    assert!(
        found[0]["message"]
            .as_str()
            .is_some_and(|it| it.contains("taken")),
        "{found:?}"
    );
    edit(gateway, |text| {
        text.replace("name = \"taken\"", "name = \"free\"")
    });
    let found = mistakes(&gateway.waybill("", &["reload", "--json"]).await);
    let line = fs::read_to_string(file(gateway)).expect("the test's");
    let line = line
        .lines()
        .position(|line| line.contains("\"A1B2C\""))
        .expect("it is there")
        + 1;
    assert_eq!(found[0]["line"], line, "{found:?}");
    edit(gateway, |text| {
        text.replace("account_number = \"A1B2C\"\n", "")
    });
    // The working account's new secret gets no token.
    edit(gateway, |text| {
        text.replacen("\"mock-secret\"", "\"wrong-secret\"", 1)
    });
    let found = mistakes(&gateway.waybill("", &["reload", "--json"]).await);
    let message = found[0]["message"].as_str().unwrap_or_default();
    assert!(
        message.contains("account main keeps its old ones"),
        "{found:?}"
    );
    assert!(found[0]["line"].is_number(), "{found:?}");
    world.shop().await.assert_rates();
    let listed = gateway.waybill("", &["account", "list", "--json"]).await;
    assert!(
        !listed.stdout.contains("depot"),
        "nothing was changed: {}",
        listed.stdout
    );
    edit(gateway, |text| {
        text.replacen("\"wrong-secret\"", "\"mock-secret\"", 1)
    });
    assert_eq!(
        reload(gateway).await["accounts"]["added"],
        serde_json::json!(["depot"])
    );
}

/// An editor empties a file before it writes it.
#[tokio::test]
async fn file_that_is_being_saved_changes_nothing() {
    let world = World::start().await;
    let gateway = &world.gateway;
    edit(gateway, |_| String::new());
    let done = gateway.waybill("", &["reload"]).await;
    assert_eq!(done.code, Some(2), "{}{}", done.stdout, done.stderr);
    assert!(done.stderr.contains("half written"), "{}", done.stderr);
    world.shop().await.assert_rates();
}
