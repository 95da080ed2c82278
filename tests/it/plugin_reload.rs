//! Plugin files that are damaged at a restart or replaced while the gateway runs: tokens in hand serve on.

use crate::{isolation, plugins::other_version};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tests::{Client, Done, Gateway, Operator, World, eventually, programs, rate_request};

const STORE: &str = "[store]\nurl = \"sqlite://waybill.db\"\n";
/// Reloads under load.
const RELOADS: usize = 100;
/// Apps that call the gateway meanwhile.
const APPS: usize = 4;
/// What the processes may grow by after the second reload: noise of their allocators.
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
    fs::create_dir_all(&plugins).expect("the folder is the test's");
    for file in fs::read_dir(&plugins).expect("it is there") {
        let file = file.expect("it can be read").path();
        if file.extension().is_some_and(|extension| extension == "so") {
            fs::remove_file(file).expect("the folder is the test's");
        }
    }
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
async fn stored_token_serves_over_a_restart_with_a_folder_that_is_too_full() {
    let fill = |folder: &Path| {
        for number in 0..300 {
            put(folder, &format!("{number}.so"), b"not a library");
        }
    };
    serves_its_token_after(fill).await;
}

#[tokio::test]
async fn stored_token_serves_over_a_restart_without_the_folder() {
    let remove = |folder: &Path| fs::remove_dir_all(folder.join("plugins")).expect("it is there");
    serves_its_token_after(remove).await;
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

/// In the gateway's process, which would end with it, or be stopped for two seconds.
#[tokio::test]
async fn plugin_that_harms_a_process_with_an_accounts_configuration_is_not_loaded() {
    let Some(world) = isolation::world("fine", "in_process").await else {
        return;
    };
    let (gateway, folder) = (&world.gateway, world.gateway.process.folder());
    let named = async || {
        let listed = Operator::of(gateway).get("plugins").await;
        let plugins = listed.as_array().cloned().unwrap_or_default();
        let bad = plugins.into_iter().find(|plugin| plugin["name"] == "bad");
        bad.expect("it is listed")
    };
    let before = named().await;
    assert_eq!(before["isolation"], "in_process", "{before}");
    for (mode, at, why) in [
        ("exit", "instance_new", "exit code 0"),
        ("overflow", "instance_new", "SIGSEGV"),
        ("loop", "instance_new", "2000 ms"),
        ("abort", "instance_free", "gave an instance back"),
    ] {
        assert!(isolation::compile(&folder, mode, at));
        let refused = gateway.waybill("", &["plugin", "reload", "bad"]).await;
        assert_eq!(refused.code, Some(5), "{}", refused.stdout);
        for words in [why, "nothing was changed"] {
            assert!(refused.stderr.contains(words), "{}", refused.stderr);
        }
        if at == "instance_new" {
            assert!(refused.stderr.contains("account bad"), "{}", refused.stderr);
        }
        world.shop().await.assert_rates();
        let now = named().await;
        assert_eq!(
            (&now["sha256"], &now["state"]),
            (&before["sha256"], &before["state"])
        );
    }
    eventually("the worker processes have ended", async || {
        workers(gateway).is_empty()
    })
    .await;
}

/// The file stays the same: what vouches for it says where it runs.
#[tokio::test]
async fn reload_without_a_name_moves_a_plugin_that_was_locked_or_unlocked() {
    let world = World::start().await;
    world.shop().await.assert_rates();
    let (gateway, folder) = (&world.gateway, world.gateway.process.folder());
    let reload_all = async || json(&gateway.waybill("", &["plugin", "reload", "--json"]).await);
    assert_eq!(reload_all().await, Value::Array(Vec::new()));
    assert_eq!(workers(gateway).len(), 1);
    let locked = gateway.waybill("", &["plugin", "lock", "--yes"]).await;
    assert_eq!(locked.code, Some(0), "{}", locked.stderr);
    for (isolation, processes) in [("in_process", 0), ("process", 1)] {
        let found = &Operator::of(gateway).get("plugins").await[0]["found"];
        assert_eq!(found["isolation"], isolation, "{found}");
        let moved = reload_all().await;
        assert_eq!(moved[0]["replaced"], true, "{moved}");
        assert_eq!(moved[0]["plugin"]["isolation"], isolation, "{moved}");
        eventually("the code runs there and nowhere else", async || {
            workers(gateway).len() == processes
        })
        .await;
        world.shop().await.assert_rates();
        assert_eq!(reload_all().await, Value::Array(Vec::new()));
        // For the way back.
        let _ = fs::remove_file(folder.join("plugins/plugins.lock"));
    }
    let renewal = gateway.waybill("", &["token", "renew", "main"]).await;
    assert_eq!(renewal.code, Some(0), "{}", renewal.stderr);
}

/// A field of a process' status.
fn status(pid: &str, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

fn resident_kib(pid: &str) -> Option<u64> {
    status(pid, "VmRSS:")
}

/// The resident memory of each of the gateway's worker processes.
fn workers(gateway: &Gateway) -> Vec<u64> {
    let parent = u64::from(gateway.process.pid());
    let processes = fs::read_dir("/proc").expect("Linux").flatten();
    let names = processes.filter_map(|entry| entry.file_name().into_string().ok());
    let own = names.filter(|pid| status(pid, "PPid:") == Some(parent));
    own.filter_map(|pid| resident_kib(&pid)).collect()
}

/// The gateway's resident memory, with that of its worker processes, of which there is this number.
async fn memory_kib(gateway: &Gateway, processes: usize) -> u64 {
    eventually("the older worker processes have ended", async || {
        workers(gateway).len() == processes
    })
    .await;
    let own = resident_kib(&gateway.process.pid().to_string()).expect("it runs");
    own + workers(gateway).iter().sum::<u64>()
}

async fn hundred_reloads(isolation: &str, processes: usize) {
    let policy = format!("[plugins.isolation_of]\nups = \"{isolation}\"\n");
    let world = World::builder().more(&policy).start().await;
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
        eventually("a request after the reload", async || {
            answered.load(Ordering::Relaxed) > before + APPS
        })
        .await;
        if number == 2 {
            after_second = memory_kib(&world.gateway, processes).await;
        }
    }
    let after_last = memory_kib(&world.gateway, processes).await;
    let growth = after_last.saturating_sub(after_second);
    stop.store(true, Ordering::Relaxed);
    for app in apps {
        app.await.expect("no request failed");
    }
    one_token(&world.mock);
    assert!(
        growth <= MAX_GROWTH_KIB,
        "{growth} KiB more after {RELOADS} reloads"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundred_reloads_under_load_fail_no_request_and_fetch_no_token() {
    hundred_reloads("in_process", 0).await;
}

/// Each generation's worker process ends with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundred_reloads_in_worker_processes_leave_one_of_them() {
    hundred_reloads("process", 1).await;
}
