//! Plugins in a process of their own: whatever a plugin does to that process, the gateway goes on.

use crate::support::{
    Carrier, Folders, SystemClock, compile, eventually, fetch, instance, load_in_worker, run,
    try_instance, worker_entry, worker_host,
};
use gateway_model::{Clock as _, Failure, FailureClass};
use gateway_plugin_host::{
    Catalog, Instance, InstanceOptions, Isolation, Plugin, PluginPolicy, WorkerEnding, WorkerState,
};
use serde_json::json;
use std::time::Duration;

/// What becomes of the worker, by what the plugin does; `None`: it goes on.
const HARM: [(&str, Option<&str>); 11] = [
    ("exit", Some("it ended with exit code 0")),
    ("quick_exit", Some("it ended with exit code 0")),
    ("abort", Some("signal SIGABRT ended it")),
    ("overflow", Some("signal SIGSEGV ended it")),
    ("wild", Some("signal SIGSEGV ended it")),
    ("bomb", Some("signal SIGSEGV ended it")),
    (
        "garbage",
        Some("breaks the protocol: a frame of 1651663207 bytes"),
    ),
    (
        "huge",
        Some("breaks the protocol: a frame of 2147483647 bytes"),
    ),
    ("handler", None),
    ("thread", None),
    ("close", None),
];

fn bad() -> Plugin {
    load_in_worker(&compile("bad.c", &[]))
}

fn at(plugin: &Plugin, place: &str, mode: &str) -> Result<Instance, Failure> {
    plugin.instance(InstanceOptions::new(json!({"mode": mode, "at": place})))
}

async fn authorize(instance: &Instance) -> Result<(), Failure> {
    instance
        .authorize(fetch(), &Carrier::friendly())
        .await
        .map(drop)
}

fn is_worker_failure(failure: &Failure, why: &str, place: &str) {
    assert_eq!(failure.code, "plugin_worker_ended", "{place}: {failure}");
    assert_eq!(failure.class, FailureClass::Transient, "{place}: {failure}");
    assert!(
        failure.message.contains("plugin bad 0.1.0"),
        "{place}: {failure}"
    );
    assert!(failure.message.contains(why), "{place}: {failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn harm_in_a_call_ends_the_worker_alone() {
    for place in ["instance_new", "op_begin", "op_resume"] {
        for (mode, ends) in HARM {
            let plugin = bad();
            let harmed = match at(&plugin, place, mode) {
                Ok(instance) => authorize(&instance).await,
                Err(failure) => Err(failure),
            };
            match (ends, harmed) {
                (None, harmed) => {
                    harmed.unwrap_or_else(|failure| panic!("{mode} {place}: {failure}"))
                }
                (Some(why), Err(failure)) => is_worker_failure(&failure, why, place),
                (Some(_), Ok(())) => panic!("{mode} at {place} did no harm"),
            }
            // The next worker serves.
            let good =
                at(&plugin, "nowhere", "fine").unwrap_or_else(|e| panic!("{mode} {place}: {e}"));
            authorize(&good)
                .await
                .unwrap_or_else(|e| panic!("{mode} {place}: {e}"));
            let status = plugin.worker().expect("a worker");
            assert_eq!(status.state, WorkerState::Running);
            assert_eq!(status.restarts, u64::from(ends.is_some()), "{mode} {place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn harm_in_a_destructor_ends_the_worker_alone() {
    for place in ["op_free", "instance_free"] {
        for (mode, ends) in HARM {
            let plugin = bad();
            let instance = at(&plugin, place, mode).expect("an instance");
            authorize(&instance).await.expect("a credential");
            drop(instance);
            let good = at(&plugin, "nowhere", "fine");
            if ends.is_some() {
                eventually("the worker's end", || {
                    plugin
                        .worker()
                        .is_some_and(|worker| worker.last_ending.is_some())
                })
                .await;
            }
            // Either it came before the end, or after it.
            if let Ok(good) = good {
                authorize(&good)
                    .await
                    .unwrap_or_else(|e| panic!("{mode} {place}: {e}"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn call_that_does_not_return_is_cut() {
    let plugin = bad();
    let (stuck, other) = (
        at(&plugin, "op_begin", "loop").unwrap(),
        at(&plugin, "nowhere", "fine").unwrap(),
    );
    let failure = authorize(&stuck).await.expect_err("cut");
    is_worker_failure(&failure, "a call did not return within 2000 ms", "op_begin");
    // The instance of the first worker is made anew in the second one.
    authorize(&other).await.expect("a credential");
}

#[test]
fn harm_at_the_load_faults_the_plugin() {
    for (mode, ends) in HARM {
        // The loader closes files, so a constructor can.
        let ends = if mode == "close" {
            Some("exit code 1")
        } else {
            ends
        };
        let library = compile("bad.c", &[&format!("-DAT_LOAD=\"{mode}\"")]);
        let folders = Folders::new();
        let entry = worker_entry(&folders, &library);
        match ends {
            None => assert_eq!(entry.state_name(), "active", "{mode}: {:?}", entry.reason()),
            Some(why) => {
                let reason = entry.reason().expect("a reason");
                assert!(reason.contains(why), "{mode}: {reason}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_answer_is_no_more_than_the_plugins_word() {
    let plugin = bad();
    let instance = at(&plugin, "op_begin", "forged").unwrap();
    let failure = authorize(&instance).await.expect_err("no result");
    is_worker_failure(&failure, "breaks the protocol", "op_begin");
}

#[tokio::test(flavor = "multi_thread")]
async fn operation_under_way_fails_at_once_when_its_worker_ends() {
    let plugin = bad();
    let waiting = at(&plugin, "nowhere", "fine").unwrap();
    let carrier = Carrier::silent();
    let waits = waiting.authorize(fetch(), &carrier);
    let kills = async {
        eventually("the request", || carrier.count() == 1).await;
        let bad = at(&plugin, "op_begin", "abort").unwrap();
        authorize(&bad).await.expect_err("the end");
    };
    let both = futures_util::future::join(waits, kills);
    // The authorization itself has 30 seconds.
    let within = tokio::time::timeout(Duration::from_secs(10), both).await;
    let (failure, ()) = within.expect("at once");
    let failure = failure.expect_err("lost");
    is_worker_failure(&failure, "signal SIGABRT ended it", "elsewhere");
    // The carrier was asked: whether it took that as done is not known.
    assert!(!failure.certainly_not_sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_ends_close_the_plugin_for_a_while() {
    let plugin = bad();
    let bad = at(&plugin, "op_begin", "exit").unwrap();
    for _ in 0..3 {
        // The back-off is over before the next attempt.
        eventually("the back-off", || {
            plugin.worker().is_some_and(|worker| match worker.state {
                WorkerState::Running => true,
                WorkerState::Ended { restarts_in } => restarts_in.is_zero(),
            })
        })
        .await;
        let failure = authorize(&bad).await.expect_err("the end");
        is_worker_failure(&failure, "exit code 0", "op_begin");
    }
    let failure = authorize(&bad).await.expect_err("closed");
    assert_eq!(failure.code, "plugin_quarantined");
    assert!(failure.retry_after.is_some());
    let status = plugin.worker().unwrap();
    assert_eq!(status.endings.get("exited"), Some(&3));
    assert_eq!(status.last_ending.unwrap().0, WorkerEnding::Exited(0));
    assert!(plugin.ready().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn back_off_refuses_at_once_and_says_for_how_long() {
    let plugin = bad();
    let bad = at(&plugin, "op_begin", "exit").unwrap();
    for _ in 0..2 {
        authorize(&bad).await.expect_err("the end");
    }
    let failure = authorize(&bad).await.expect_err("too early");
    is_worker_failure(&failure, "exit code 0", "op_begin");
    assert!(failure.certainly_not_sent && failure.retry_after.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn plugin_gets_nothing_from_the_system() {
    let plugin = bad();
    for mode in [
        "try_open",
        "try_write_file",
        "try_socket",
        "try_fork",
        "try_exec",
        "try_kill",
        "try_code",
        "try_environment",
        "try_files",
    ] {
        let instance = at(&plugin, "nowhere", mode).unwrap();
        authorize(&instance)
            .await
            .unwrap_or_else(|failure| panic!("{mode}: {failure}"));
    }
    assert_eq!(plugin.worker().unwrap().restarts, 0);
}

/// Each may take ten seconds, and the gateway serves nothing before all of them are loaded.
#[test]
fn slow_constructors_do_not_add_up() {
    let folders = Folders::new();
    for name in ["one", "two", "three", "four"] {
        let options = ["-DAT_LOAD=\"wait\"", &format!("-DPLUGIN_NAME=\"{name}\"")];
        folders.put(&format!("{name}.so"), &compile("bad.c", &options));
    }
    let clock = SystemClock;
    let before = clock.now();
    let mut policy = PluginPolicy::default();
    policy.isolation.default = Some(Isolation::Process);
    let catalog = Catalog::load(
        folders.plugins.path(),
        &policy,
        &folders.cache(),
        &worker_host(),
    );
    let took = clock.now() - before;
    let catalog = catalog.expect("a folder");
    let reasons: Vec<_> = catalog
        .entries()
        .iter()
        .map(|entry| entry.reason())
        .collect();
    assert_eq!(reasons, [const { None }; 4]);
    assert!(took < Duration::from_secs(6), "{took:?}");
}

#[test]
fn constructor_cannot_change_the_limits_of_the_gateway() {
    let limits = || std::fs::read_to_string("/proc/self/limits").unwrap();
    let before = limits();
    let gateway = format!("-DGATEWAY={}", std::process::id());
    load_in_worker(&compile("bad.c", &["-DAT_LOAD=\"limit\"", &gateway]));
    assert_eq!(before, limits());
}

fn has_landlock() -> bool {
    let version_only = 1;
    // SAFETY: with this flag the call reads no memory, and returns a number.
    unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, 0, 0, version_only) > 0 }
}

/// Constructors run while the loader opens files.
async fn constructor_reads(file: &str, tried_later: &str) {
    let secret = format!("-DSECRET=\"{file}\"");
    let plugin = load_in_worker(&compile("bad.c", &["-DAT_LOAD=\"read\"", &secret]));
    let instance = at(&plugin, "nowhere", tried_later).unwrap();
    let outcome = authorize(&instance).await;
    outcome.unwrap_or_else(|failure| panic!("{tried_later}: {failure}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn constructor_cannot_read_the_operators_files() {
    if !has_landlock() {
        eprintln!("skipped: this system has no Landlock");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("waybill.key");
    std::fs::write(&secret, "a secret key").unwrap();
    constructor_reads(secret.to_str().unwrap(), "try_found").await;
    constructor_reads("/proc/self/environ", "try_found").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn file_that_a_constructor_opened_is_closed_after_the_load() {
    constructor_reads("/etc/ld.so.cache", "try_kept").await;
}

/// The worker keeps the same rules as the gateway's process, and says the same.
#[tokio::test(flavor = "multi_thread")]
async fn contract_is_the_same_in_a_worker() {
    for mode in [
        "http",
        "timer",
        "three",
        "race",
        "longer_struct",
        "stalls",
        "panics",
        "unknown_status",
        "unsupported",
        "fails_silently",
        "two_ends",
        "end_and_request",
        "failed_but_done",
        "reuses_id",
        "too_many_requests",
        "floods",
        "unknown_class",
        "no_handle",
        "null_credential",
        "null_request",
        "huge_count",
        "huge_value",
        "huge_body",
        "short_struct",
        "query",
        "no_fields",
        "crlf_value",
        "reserved_name",
        "url_foreign",
        "method_connect",
        "endless",
        "stalls_later",
        "chatty",
    ] {
        let here = run(mode, &Carrier::friendly()).await;
        let plugin = load_in_worker(&compile("modes.c", &[]));
        let there = instance(&plugin, mode);
        let there = there.authorize(fetch(), &Carrier::friendly()).await;
        assert_eq!(format!("{here:?}"), format!("{there:?}"), "{mode}");
    }
    for mode in [
        "new_without_reason",
        "new_without_handle",
        "new_panics",
        "new_succeeds_twice",
    ] {
        let here = try_instance(&crate::support::modes(), mode).expect_err(mode);
        let plugin = load_in_worker(&compile("modes.c", &[]));
        let there = try_instance(&plugin, mode).expect_err(mode);
        assert_eq!(here, there, "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fatal_message_ends_the_worker() {
    let plugin = load_in_worker(&compile("modes.c", &[]));
    let fatal = instance(&plugin, "fatal");
    let failure = fatal
        .authorize(fetch(), &Carrier::friendly())
        .await
        .expect_err("the end");
    assert_eq!(failure.code, "plugin_worker_ended");
    assert!(
        failure
            .message
            .contains("the plugin reported that it cannot go on"),
        "{failure}"
    );
}
