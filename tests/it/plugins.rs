//! Plugins that cannot be used: refused with the reason, and UPS goes on.

use serde_json::Value;
use std::{fs, path::Path, process::Command};
use tests::{
    Client, ConfigFile, Done, World, eventually, folder, programs, rate_request, root, run,
    signer_plugin, skipped,
};

/// A carrier whose plugin is not there, beside UPS.
const OTHER: &str = r#"
[[route]]
carrier = "acme"
environment = "test"
account = "acme"
prefix = "/acme"

[[account]]
name = "acme"
carrier = "acme"
environment = "test"
client_id = "acme"
client_secret = { value = "planted-acme" }
"#;

/// Compiles a C plugin of the plugin host's tests; `false` without a compiler.
fn compile(source: &str, to: &Path) -> bool {
    let tests = root().join("gateway/plugin-host/tests/plugins");
    let compiled = Command::new("cc")
        .args([
            "-std=c11",
            "-shared",
            "-fPIC",
            "-fvisibility=hidden",
            "-O1",
            "-I",
        ])
        .arg(root().join("plugins/abi/include"))
        .arg("-I")
        .arg(&tests)
        .arg("-o")
        .arg(to)
        .arg(tests.join(source))
        .output();
    match compiled {
        Ok(output) => {
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{source}: {error}");
            true
        }
        Err(error) => {
            skipped(source, &format!("there is no C compiler: {error}"));
            false
        }
    }
}

/// Puts files into the plugin folder that are no plugins, or none that may be used.
fn bad_plugins(folder: &Path) {
    let plugins = folder.join("plugins");
    let ups = fs::read(&programs().ups_plugin).expect("it was built");
    for (name, bytes) in [
        ("junk.so", &b"not a library"[..]),
        ("empty.so", &[]),
        ("half.so", &ups[..ups.len() / 2]),
    ] {
        fs::write(plugins.join(name), bytes).expect("the test owns the folder");
    }
    compile("entry_v2.c", &plugins.join("newer.so"));
    compile("entry_missing.c", &plugins.join("entry.so"));
}

async fn list(folder: &Path) -> Vec<Value> {
    let args = ["plugin", "list", "--json"];
    let Done {
        code,
        stdout,
        stderr,
    } = run(&programs().waybill, &args, folder).await;
    assert_eq!(code, Some(0), "{stderr}");
    serde_json::from_str(&stdout).expect("a list")
}

#[tokio::test]
async fn bad_plugin_files_are_refused_and_ups_is_served() {
    let world = World::builder().prepare(bad_plugins).start().await;
    world.shop().await.assert_rates();
    let files = list(&world.gateway.process.folder()).await;
    assert!(files.len() >= 4, "{files:?}");
    for file in &files {
        let name = file["file"].as_str().unwrap();
        if name.ends_with("/ups.so") {
            assert_ne!(file["state"], "faulted", "{file}");
            continue;
        }
        assert_eq!(file["state"], "faulted", "{file}");
        let reason = file["reason"].as_str().unwrap();
        assert!(reason.len() > 10, "{file}");
        assert!(!reason.contains("panicked"), "{file}");
    }
    let reason_of = |name: &str| {
        let file = files.iter().find(|file| {
            file["file"]
                .as_str()
                .is_some_and(|file| file.ends_with(name))
        });
        file.map(|file| file["reason"].as_str().unwrap_or_default().to_owned())
    };
    assert!(reason_of("junk.so").unwrap().contains("ELF"), "{files:?}");
    let ready = world.admin.get("/readyz").await;
    assert!(ready.text().contains("junk.so"), "{}", ready.text());
    // A rollout with a broken file stops here.
    assert_eq!(ready.status(), 503, "{}", ready.text());
}

/// A carrier without its plugin answers in some shape that says so; the other carrier goes on.
#[tokio::test]
async fn carrier_without_plugin_is_told_and_ups_is_served() {
    let world = World::builder().more(OTHER).start().await;
    world.shop().await.assert_rates();
    let mut request = rate_request();
    *request.uri_mut() = "/acme/api/rating".parse().unwrap();
    let answer = world.app.send(request).await;
    assert_eq!(answer.status(), 503, "{}", answer.text());
    let code = answer.field("waybill-error");
    assert!(
        ["misconfigured", "plugin_fault"].contains(&code),
        "{code}: {}",
        answer.text()
    );
    assert!(answer.text().contains("acme"), "{}", answer.text());
    assert!(!answer.text().contains("planted"), "{}", answer.text());
    // What it lacks is a person's to give: UPS stays in the load balancer.
    let ready = world.admin.get("/readyz").await;
    assert_eq!(ready.status(), 200, "{}", ready.text());
    let accounts = ready.json()["accounts"].clone();
    let acme = accounts.as_array().unwrap().iter();
    let acme = acme.clone().find(|account| account["name"] == "acme");
    assert_eq!(acme.unwrap()["waits_for"], "person", "{accounts}");
}

/// A pin ties the plugin to one content.
#[tokio::test]
async fn plugin_with_another_content_than_pinned_is_refused() {
    let pin = format!("[plugins.pins]\nups = \"sha256:{}\"", "0".repeat(64));
    let world = World::builder().more(&pin).start().await;
    let answer = world.shop().await;
    assert_eq!(answer.status(), 503, "{}", answer.text());
    eventually("the reason is in the log", async || {
        world.gateway.process.output().contains("pin")
    })
    .await;
    world.mock.token_requests_of("mock-client").none().unwrap();
}

/// An older copy beside the locked file is not used, and a locked file that was changed is refused.
#[tokio::test]
async fn locked_plugin_serves_beside_an_older_copy() {
    let older = |folder: &Path| {
        let ups = fs::read(&programs().ups_plugin).expect("it was built");
        let older = other_version(&ups);
        fs::write(folder.join("plugins/ups-old.so"), older).expect("the test owns the folder");
    };
    // Nobody says which of the two is meant.
    let world = World::builder().prepare(older).start().await;
    let answer = world.shop().await;
    assert_eq!(answer.status(), 503, "{}", answer.text());
    let folder = world.gateway.process.folder();
    let locked = world
        .gateway
        .waybill("", &["plugin", "lock", "plugins/ups.so", "--yes"])
        .await;
    assert_eq!(locked.code, Some(0), "{}{}", locked.stdout, locked.stderr);
    let gateway = world.gateway.crash().await;
    let app = Client::new(gateway.apps);
    app.send(rate_request()).await.assert_rates();
    let ready = Client::new(gateway.admin).get("/readyz").await;
    assert_eq!(ready.status(), 200, "{}", ready.text());
    let verified = gateway.waybill("", &["plugin", "verify", "--json"]).await;
    assert_eq!(verified.code, Some(0), "{}", verified.stdout);
    assert!(
        verified.stdout.contains("not_chosen"),
        "{}",
        verified.stdout
    );
    let file = folder.join("plugins/ups.so");
    let mut changed = fs::read(&file).unwrap();
    changed.push(0);
    fs::write(&file, changed).unwrap();
    let verified = gateway.waybill("", &["plugin", "verify"]).await;
    assert_eq!(verified.code, Some(3), "{}", verified.stdout);
    assert!(
        verified.stdout.contains("plugins.lock names"),
        "{}",
        verified.stdout
    );
}

/// Whoever puts plugin files in place may not have the gateway's secrets.
#[tokio::test]
async fn plugin_commands_need_no_secret_of_the_configuration() {
    let mut config = ConfigFile::for_mock("http://127.0.0.1:9");
    config.more = OTHER.replace(
        "{ value = \"planted-acme\" }",
        "{ env = \"ABSENT_FROM_THIS_TEST\" }",
    ) + "[store]\nurl = \"sqlite://w.db\"\nmaster_key = { file = \"absent.key\" }\n";
    let folder = folder(&config);
    let waybill = async |args: &[&str]| run(&programs().waybill, args, folder.path()).await;
    let refused = waybill(&["check-config"]).await;
    assert_eq!(refused.code, Some(2), "{}", refused.stdout);
    for (args, code) in [
        (&["plugin", "list"][..], 0),
        // Not locked yet.
        (&["plugin", "verify"], 3),
        (&["plugin", "lock", "--yes"], 0),
        (&["plugin", "verify"], 0),
    ] {
        let done = waybill(args).await;
        assert_eq!(done.code, Some(code), "{args:?}: {}", done.stderr);
        assert!(done.stdout.contains("ups"), "{args:?}: {}", done.stdout);
    }
}

/// The same plugin with another version in its manifest: the text stands once, in the section that the
/// table points at.
pub(crate) fn other_version(plugin: &[u8]) -> Vec<u8> {
    let text = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    let found = plugin
        .windows(text.len())
        .position(|at| at == text.as_bytes());
    let at = found.expect("the manifest names its version") + text.len() - 2;
    let mut other = plugin.to_vec();
    other[at] = if other[at] == b'9' { b'8' } else { b'9' };
    other
}

/// In strict mode a plugin that uses the network itself is refused before any code of it runs.
#[tokio::test]
async fn plugin_with_forbidden_functions_is_refused_when_strict() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = folder.path().join("forbidden.so");
    if !compile("forbidden.c", &plugin) {
        return;
    }
    let file = plugin.to_str().unwrap();
    let args = ["plugin", "check", "--strict", file];
    let done = run(&programs().waybill, &args, folder.path()).await;
    assert_eq!(done.code, Some(3), "{}{}", done.stdout, done.stderr);
    assert!(done.stdout.contains("refused"), "{}", done.stdout);
}

#[tokio::test]
async fn plugin_check_approves_of_our_plugins() {
    let folder = tempfile::tempdir().unwrap();
    for plugin in [programs().ups_plugin.as_path(), signer_plugin()] {
        let file = plugin.to_str().unwrap();
        let done = run(
            &programs().waybill,
            &["plugin", "check", file],
            folder.path(),
        )
        .await;
        assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
        let confined = "passed   asks the system for nothing that a worker process is refused";
        assert!(done.stdout.contains(confined), "{}", done.stdout);
    }
}
