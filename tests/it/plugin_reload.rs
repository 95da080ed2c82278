//! Plugin files that are damaged at a restart or replaced while the gateway runs: tokens in hand serve on.

use crate::plugins::other_version;
use serde_json::Value;
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tests::{Client, Done, Gateway, Operator, World, programs, rate_request};

const STORE: &str = "[store]\nurl = \"sqlite://waybill.db\"\n";
/// Reloads under load.
const RELOADS: usize = 100;
/// Apps that call the gateway meanwhile.
const APPS: usize = 4;
/// What the process may grow by after the second reload: noise of its allocator.
const MAX_GROWTH_KIB: u64 = 12 << 10;

fn ups() -> Vec<u8> {
    fs::read(&programs().ups_plugin).expect("it was built")
}

/// Replaces a file as `install` does: by another one under its name.
fn put(folder: &Path, name: &str, content: &[u8]) {
    let (new, file) = (
        folder.join("plugins/new"),
        folder.join("plugins").join(name),
    );
    fs::write(&new, content).expect("the test owns the folder");
    fs::rename(new, file).expect("the test owns the folder");
}

fn json(done: &Done) -> Value {
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    serde_json::from_str(&done.stdout).expect("JSON")
}

async fn reload(gateway: &Gateway) -> Value {
    json(
        &gateway
            .waybill("", &["plugin", "reload", "ups", "--json"])
            .await,
    )
}

/// The only token request of the world's account was that before the restart.
fn one_token(world: &mock_ups::MockUps) {
    let one = world.exactly_one_token_request("mock-client");
    one.expect("a token was requested twice");
}

async fn serves_its_token_after(damage: impl Fn(&Path)) {
    let world = World::builder().more(STORE).start().await;
    world.shop().await.assert_rates();
    let World { mock, gateway, .. } = world;
    // An orderly end puts the token on record.
    let mut process = gateway.process;
    process.signal("TERM");
    assert!(process.ended().await.success());
    let folder = process.kill();
    damage(folder.path());
    let gateway = Gateway::resume(folder).await;
    let app = Client::new(gateway.apps);
    app.send(rate_request()).await.assert_rates();
    one_token(&mock);
    // A rollout with a broken file still stops here, where another gateway may serve.
    let ready = Client::new(gateway.admin).get("/readyz").await;
    assert!(
        ready.json()["accounts"][0]["ready"] == true,
        "{}",
        ready.text()
    );
    // Only a new token needs the plugin, and the reason is told.
    let renewal = gateway.waybill("", &["token", "renew", "main"]).await;
    assert_eq!(renewal.code, Some(5), "{}", renewal.stdout);
    assert!(
        renewal
            .stderr
            .contains("no active plugin serves carrier ups"),
        "{}",
        renewal.stderr
    );
    app.send(rate_request()).await.assert_rates();
    one_token(&mock);
    // The right file brings renewals back, without a restart and without being asked for one.
    let plugins = gateway.process.folder().join("plugins");
    // Only one of the tests has put it there.
    let _ = fs::remove_file(plugins.join("ups-old.so"));
    put(&gateway.process.folder(), "ups.so", &ups());
    let reloaded = reload(&gateway).await;
    assert_eq!(reloaded["plugin"]["state"], "active", "{reloaded}");
    let renewal = gateway.waybill("", &["token", "renew", "main"]).await;
    assert_eq!(renewal.code, Some(0), "{}", renewal.stderr);
    app.send(rate_request()).await.assert_rates();
}

#[tokio::test]
async fn stored_token_serves_over_a_restart_with_a_damaged_plugin() {
    serves_its_token_after(|folder| put(folder, "ups.so", b"not a library")).await;
}

#[tokio::test]
async fn stored_token_serves_over_a_restart_with_half_a_plugin() {
    serves_its_token_after(|folder| put(folder, "ups.so", &ups()[..1 << 14])).await;
}

#[tokio::test]
async fn stored_token_serves_over_a_restart_without_its_plugin() {
    let remove =
        |folder: &Path| fs::remove_file(folder.join("plugins/ups.so")).expect("it is there");
    serves_its_token_after(remove).await;
}

#[tokio::test]
async fn stored_token_serves_over_a_restart_with_two_plugins() {
    serves_its_token_after(|folder| put(folder, "ups-old.so", &other_version(&ups()))).await;
}

#[tokio::test]
async fn reload_that_cannot_work_changes_nothing_and_is_in_the_audit_trail() {
    let world = World::builder().more(STORE).start().await;
    world.shop().await.assert_rates();
    let (gateway, folder) = (&world.gateway, world.gateway.process.folder());
    let same = reload(gateway).await;
    assert_eq!(same["replaced"], false, "{same}");
    let none = gateway.waybill("", &["plugin", "rollback", "ups"]).await;
    assert_eq!(none.code, Some(5), "{}", none.stdout);
    assert!(none.stderr.contains("was not replaced"), "{}", none.stderr);
    let unknown = gateway.waybill("", &["plugin", "reload", "usps"]).await;
    assert_eq!(unknown.code, Some(5), "{}", unknown.stdout);
    for (content, reason) in [(&b"not a library"[..], "ELF"), (&ups()[..1 << 14], "ELF")] {
        put(&folder, "ups.so", content);
        let refused = gateway.waybill("", &["plugin", "reload", "ups"]).await;
        assert_eq!(refused.code, Some(5), "{}", refused.stdout);
        assert!(refused.stderr.contains(reason), "{}", refused.stderr);
        assert!(
            refused.stderr.contains("nothing was changed"),
            "{}",
            refused.stderr
        );
        let listed = Operator::of(gateway).get("plugins").await;
        assert_eq!(listed[0]["state"], "active", "{listed}");
    }
    let renewal = gateway.waybill("", &["token", "renew", "main"]).await;
    assert_eq!(renewal.code, Some(0), "{}", renewal.stderr);
    world.shop().await.assert_rates();
    let audit = Operator::of(gateway).get("audit").await;
    let outcomes = |action: &str| -> Vec<String> {
        let entries = audit.as_array().expect("a list").iter();
        let of = entries.filter(|entry| entry["action"] == action);
        of.map(|entry| entry["outcome"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(
        outcomes("plugin.reload"),
        ["plugin_refused", "plugin_refused", "unknown_plugin", "ok"]
    );
    assert_eq!(outcomes("plugin.rollback"), ["no_previous_generation"]);
}

#[tokio::test]
async fn rollback_returns_to_the_plugin_before_the_last_reload() {
    let world = World::start().await;
    world.shop().await.assert_rates();
    let (gateway, folder) = (&world.gateway, world.gateway.process.folder());
    let first = Operator::of(gateway).get("plugins").await[0]["sha256"].clone();
    put(&folder, "ups.so", &other_version(&ups()));
    // Without a name: whatever has another content.
    let reloaded = json(&gateway.waybill("", &["plugin", "reload", "--json"]).await);
    assert_eq!(reloaded[0]["replaced"], true, "{reloaded}");
    assert_eq!(reloaded[0]["accounts"], 1, "{reloaded}");
    assert_ne!(reloaded[0]["plugin"]["sha256"], first);
    assert_eq!(reloaded[0]["plugin"]["previous"]["sha256"], first);
    let rolled_back = json(
        &gateway
            .waybill("", &["plugin", "rollback", "ups", "--json"])
            .await,
    );
    assert_eq!(rolled_back["plugin"]["sha256"], first, "{rolled_back}");
    // The file has the other content still, and is offered again.
    let listed = Operator::of(gateway).get("plugins").await;
    let found = &listed[0]["found"]["sha256"];
    assert_eq!(*found, reloaded[0]["plugin"]["sha256"], "{listed}");
    world.shop().await.assert_rates();
    world.mock.exactly_one_token_request("mock-client").unwrap();
}

/// Resident memory.
fn resident_kib(gateway: &Gateway) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.process.pid()));
    let status = status.expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|kib| kib.parse().ok()).expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundred_reloads_under_load_fail_no_request_and_fetch_no_token() {
    let world = World::start().await;
    world.shop().await.assert_rates();
    let builds = [ups(), other_version(&ups())];
    let (stop, answered) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let apps: Vec<_> = (0..APPS)
        .map(|_| {
            let app = Client::new(world.gateway.apps);
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    app.send(rate_request()).await.assert_rates();
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let (operator, folder) = (Operator::of(&world.gateway), world.gateway.process.folder());
    let mut after_second = 0;
    for number in 1..=RELOADS {
        put(&folder, "ups.so", &builds[number % 2]);
        let before = answered.load(Ordering::Relaxed);
        let done = operator.post("plugins/ups/reload", Value::Null).await;
        assert_eq!(done["replaced"], true, "{done}");
        // Each generation serves at least one request.
        tests::eventually("a request after the reload", async || {
            answered.load(Ordering::Relaxed) > before + APPS
        })
        .await;
        if number == 2 {
            after_second = resident_kib(&world.gateway);
        }
    }
    let growth = resident_kib(&world.gateway).saturating_sub(after_second);
    stop.store(true, Ordering::Relaxed);
    for app in apps {
        app.await.expect("no request failed");
    }
    world.mock.exactly_one_token_request("mock-client").unwrap();
    assert!(
        growth <= MAX_GROWTH_KIB,
        "{growth} KiB more after {RELOADS} reloads"
    );
}
