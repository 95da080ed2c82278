//! A plugin that harms its process, beside UPS: in a worker process it harms nobody, and in the gateway's own
//! it is named.

use http::Method;
use std::{cell::Cell, fs, path::Path, process::Command, rc::Rc};
use tests::{ConfigFile, Process, World, eventually, folder, rate_request, root, serve, skipped};

/// The carrier of the bad plugin, whose first operation does harm.
const BAD: &str = r#"
[[route]]
carrier = "bad"
environment = "production"
account = "bad"
prefix = "/bad"

[[account]]
name = "bad"
carrier = "bad"
environment = "production"
client_id = "bad"
client_secret = { value = "planted-bad" }
"#;

const PLUGINS: &str = "gateway/plugin-host/tests/plugins";

/// Compiles the plugin host's bad plugin, which does harm in one of its calls; false without a compiler.
pub(crate) fn compile(folder: &Path, mode: &str, at: &str) -> bool {
    let source = PLUGINS.to_owned() + "/bad.c";
    let macros = [format!("-DMODE=\"{mode}\""), format!("-DAT=\"{at}\"")];
    compile_as_bad(folder, &source, &macros)
}

/// Compiles the plugin `bad` from this source.
fn compile_as_bad(folder: &Path, source: &str, macros: &[String]) -> bool {
    let to = folder.join("plugins/bad.so");
    let compiled = Command::new("cc")
        .args([
            "-std=gnu11",
            "-shared",
            "-fPIC",
            "-fvisibility=hidden",
            "-O1",
        ])
        .args(macros)
        .arg("-I")
        .arg(root().join("plugins/abi/include"))
        .arg("-I")
        .arg(root().join(PLUGINS))
        .arg("-o")
        .arg(&to)
        .arg(root().join(source))
        .output();
    match compiled {
        Ok(output) => {
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{error}");
            fs::metadata(to).is_ok()
        }
        Err(error) => {
            skipped(source, &format!("there is no C compiler: {error}"));
            false
        }
    }
}

fn policy(isolation: &str) -> String {
    format!("[plugins.isolation_of]\nups = \"in_process\"\nbad = \"{isolation}\"\n")
}

pub(crate) async fn world(mode: &'static str, isolation: &str) -> Option<World> {
    let compiled = Rc::new(Cell::new(false));
    let seen = Rc::clone(&compiled);
    let world = World::builder()
        .prepare(move |folder| seen.set(compile(folder, mode, "op_begin")))
        .more(BAD)
        .more(&policy(isolation))
        .start()
        .await;
    compiled.get().then_some(world)
}

#[tokio::test]
async fn plugin_that_ends_its_worker_harms_no_request_of_another_carrier() {
    for (mode, reason) in [("exit", "exit code 0"), ("overflow", "SIGSEGV")] {
        let Some(world) = world(mode, "process").await else {
            return;
        };
        for _ in 0..20 {
            world.shop().await.assert_rates();
            let mut request = rate_request();
            *request.uri_mut() = "/bad/api/rating".parse().unwrap();
            *request.method_mut() = Method::POST;
            let answer = world.app.send(request).await;
            assert_eq!(answer.status(), 503, "{}", answer.text());
        }
        eventually("the end is told", async || {
            let ready = world.admin.get("/readyz").await.json();
            let plugins = ready["plugins"].as_array().cloned().unwrap_or_default();
            let bad = plugins.iter().find(|plugin| plugin["name"] == "bad");
            bad.is_some_and(|bad| {
                bad["isolation"] == "process"
                    && bad["version"] == "0.1.0"
                    && bad["worker"]["last_ending"]
                        .as_str()
                        .is_some_and(|last| last.contains(reason))
            })
        })
        .await;
        let status = world.gateway.waybill("", &["plugin", "status"]).await;
        assert_eq!(status.code, Some(0), "{}", status.stderr);
        for words in ["bad", "0.1.0", reason] {
            assert!(status.stdout.contains(words), "{}", status.stdout);
        }
        let log = world.gateway.process.output();
        assert!(log.contains("the plugin's worker process ended"), "{log}");
        let metrics = world.admin.get("/metrics").await.text().to_owned();
        assert!(
            metrics.contains("waybill_plugin_worker_endings_total{plugin=\"bad\""),
            "{metrics}"
        );
        world.shop().await.assert_rates();
    }
}

#[tokio::test]
async fn plugin_that_calls_exit_in_the_gateways_process_is_named() {
    let mut config = ConfigFile::for_mock("http://127.0.0.1:9");
    config.more = format!("{BAD}{}", policy("in_process"));
    let folder = folder(&config);
    if !compile(folder.path(), "exit", "op_begin") {
        return;
    }
    // The account's first token request ends it, so nothing may wait for its ports.
    let mut process = Process::spawn(&mut serve(folder.path()), folder);
    let status = process.ended().await;
    // Not zero, or systemd would leave the gateway alone.
    assert_eq!(status.code(), Some(70), "{}", process.output());
    let log = process.output();
    assert!(log.contains("plugin bad called exit()"), "{log}");
}

/// A load balancer that looked at one carrier's plugin would take all carriers away.
#[tokio::test]
async fn quarantined_plugin_is_named_and_the_gateway_stays_ready() {
    let Some(world) = world("loop", "in_process").await else {
        return;
    };
    eventually("the plugin is given up", async || {
        let ready = world.admin.get("/readyz").await;
        let plugins = ready.json()["plugins"].as_array().cloned();
        let bad = plugins.unwrap_or_default().into_iter();
        let bad = bad.clone().find(|plugin| plugin["name"] == "bad");
        let reason = bad.map(|bad| bad["reason"].clone()).unwrap_or_default();
        reason
            .as_str()
            .is_some_and(|reason| reason.contains("`waybill plugin reload bad`"))
    })
    .await;
    world.shop().await.assert_rates();
    let ready = world.admin.get("/readyz").await;
    assert_eq!(ready.status(), 200, "{}", ready.text());
    assert_eq!(ready.json()["degraded"], true, "{}", ready.text());
}

/// Without a lock, UPS itself runs in a worker process, and serves.
#[tokio::test]
async fn untrusted_plugin_runs_in_a_worker_process() {
    let world = World::start().await;
    world.shop().await.assert_rates();
    let ready = world.admin.get("/readyz").await.json();
    assert_eq!(ready["plugins"][0]["isolation"], "process", "{ready}");
    assert_eq!(ready["plugins"][0]["worker"]["running"], true, "{ready}");
    let log = world.gateway.process.output();
    assert!(
        log.contains("nothing vouches for plugin ups, so it runs in a worker process"),
        "{log}"
    );
}

/// What breaks the contract gets no credential, in either place; the rule is named, and UPS is served.
#[tokio::test]
async fn broken_rule_is_named_and_ups_is_served() {
    const DEEDS: [(&str, &str); 6] = [
        (
            "FOREIGN_HOST",
            "https://elsewhere.example.com is not an origin that the manifest or the operator allows",
        ),
        ("INVALID_FIELD", "a field that HTTP does not allow"),
        ("TWO_ANSWERS", "more than one end"),
        ("NO_ANSWER", "no end, and no request or timer to wait for"),
        ("MANY_REQUESTS", "more than"),
        ("HUGE_CREDENTIAL", "longer than"),
    ];
    for isolation in ["process", "in_process"] {
        for (deed, rule) in DEEDS {
            let compile = move |folder: &Path| {
                let macros = [format!("-DDEED={deed}")];
                compile_as_bad(folder, "tests/it/plugins/unruly.c", &macros);
            };
            let world = World::builder()
                .prepare(compile)
                .more(BAD)
                .more(&policy(isolation));
            let world = world.start().await;
            if !world
                .gateway
                .process
                .folder()
                .join("plugins/bad.so")
                .exists()
            {
                return;
            }
            eventually("the rule is named", async || {
                let ready = world.admin.get("/readyz").await.json();
                let accounts = ready["accounts"].as_array().cloned();
                let bad = accounts.unwrap_or_default().into_iter();
                let message = bad.clone().find(|account| account["name"] == "bad");
                let message = message.and_then(|bad| Some(bad["message"].as_str()?.to_owned()));
                message.is_some_and(|message| message.contains(rule))
            })
            .await;
            world.shop().await.assert_rates();
            let ready = world.admin.get("/readyz").await;
            assert_eq!(ready.status(), 200, "{deed} {isolation}: {}", ready.text());
        }
    }
}
