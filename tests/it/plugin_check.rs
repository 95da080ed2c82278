//! `waybill plugin check` on plugins that end or change the process they run in.

use serde_json::Value;
use std::{path::Path, process::Command};
use tests::{Done, programs, root, run, skipped};
use tokio::task::JoinSet;

/// Compiles `rude.c` with one deed at one place; `false` without a compiler.
fn compile(place: &str, deed: &str, to: &Path) -> bool {
    let compiled = Command::new("cc")
        .args([
            "-std=gnu11",
            "-shared",
            "-fPIC",
            "-fvisibility=hidden",
            "-O1",
            "-pthread",
            "-I",
        ])
        .arg(root().join("plugins/abi/include"))
        .arg("-I")
        .arg(root().join("gateway/plugin-host/tests/plugins"))
        .arg(format!("-DPLACE={place}"))
        .arg(format!("-DDEED={deed}"))
        .arg("-o")
        .arg(to)
        .arg(root().join("tests/it/plugins/rude.c"))
        .output();
    match compiled {
        Ok(output) => {
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{place} {deed}: {error}");
            true
        }
        Err(error) => {
            skipped("rude.c", &format!("there is no C compiler: {error}"));
            false
        }
    }
}

async fn check(folder: &Path, more: &[&str]) -> Done {
    let file = folder.join("rude.so");
    let args = [&["plugin", "check", file.to_str().expect("UTF-8")], more].concat();
    run(&programs().waybill, &args, folder).await
}

/// The findings of the failed checks, by the name of the check.
fn failed(report: &Value) -> Vec<(String, String)> {
    let checks = report["conformance"]["checks"].as_array();
    let checks = checks.into_iter().flatten();
    let failed = checks.filter(|check| check["outcome"] == "failed");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    failed
        .map(|check| (text(&check["name"]), check["details"].to_string()))
        .collect()
}

const LOADS: &str = "loads, and agrees with the gateway on the ABI";
const CONFIGURATION: &str = "accepts the configuration given";
const ISSUES: &str = "issues a credential for good answers";
const ENDS: &str = "lets its process end";
const CONFINED: &str = "asks the system for nothing that a worker process is refused";
const LIVES: &str = "lets its worker process live";
const PROCESS: &str =
    "leaves alone what belongs to the process: signals, environment, files, threads";

/// A place and a deed of `rude.c`, and the check that fails for it, with a part of its finding.
type Case = (&'static str, &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    ("LOAD", "EXIT", LOADS, "something called `exit`"),
    ("ENTRY", "ABORT", LOADS, "6 (SIGABRT)"),
    ("ENTRY", "FORGE", CONFIGURATION, "not finished"),
    ("NEW", "EXIT", CONFIGURATION, "something called `exit`"),
    (
        "BEGIN",
        "EXIT_AT_ONCE",
        ISSUES,
        "an authorization: the process ended with exit code 7",
    ),
    ("BEGIN", "WILD_WRITE", ISSUES, "11 (SIGSEGV)"),
    // The operation is freed after its result was taken, and before the next case.
    ("FREE", "ABORT", ISSUES, "6 (SIGABRT)"),
    ("BEGIN", "STOP", ISSUES, "did not end within 8 seconds"),
    // In a development build the standard library notices the closed descriptor and aborts.
    ("BEGIN", "CLOSE", ISSUES, "the process"),
    (
        "BEGIN",
        "LEAK",
        "gives back the memory of its operations",
        "KiB more",
    ),
    ("UNLOAD", "EXIT_AT_ONCE", ENDS, "exit code 7"),
    (
        "NEW",
        "HANDLER",
        PROCESS,
        "signal 15 (SIGTERM) is now handled",
    ),
    ("BEGIN", "VARIABLE", PROCESS, "RUDE"),
    ("BEGIN", "MASK", PROCESS, "signal 1 (SIGHUP) is now blocked"),
    // One in a session of its own is in no group that a check could end.
    (
        "LOAD",
        "CHILD",
        ENDS,
        "1 processes that it started were left",
    ),
    ("NEW", "THREAD", PROCESS, "thread"),
    ("NEW", "FOLDER", PROCESS, "working folder"),
    ("LOAD", "SOCKET", PROCESS, "/dev/zero"),
    // What a gateway would refuse it is named.
    ("BEGIN", "SOCKET", CONFINED, "refused openat"),
    ("NEW", "HANDLER", CONFINED, "rt_sigaction"),
    ("NEW", "THREAD", LIVES, "a new thread or process"),
    ("BEGIN", "TELL", "tells no secret in its log", "[secret]"),
];

/// Checks at a time. Each of them mostly waits.
const AT_A_TIME: usize = 3;

/// The check that ran is named, and how the process ended.
#[tokio::test]
async fn plugin_that_ends_or_changes_its_process_fails_the_check_that_ran() {
    let mut running = JoinSet::new();
    for case in CASES {
        if running.len() >= AT_A_TIME
            && let Some(ended) = running.join_next().await
        {
            ended.unwrap();
        }
        running.spawn(fails(*case));
    }
    running.join_all().await;
}

async fn fails((place, deed, name, finding): Case) {
    let what = format!("{deed} at {place}");
    let folder = tempfile::tempdir().expect("a folder");
    if !compile(place, deed, &folder.path().join("rude.so")) {
        return;
    }
    // Short for the one that is stopped, and long enough for the others on a busy machine.
    let limit = if deed == "STOP" { "8" } else { "120" };
    let done = check(folder.path(), &["--json", "--time-limit", limit]).await;
    assert_eq!(done.code, Some(3), "{what}: {}{}", done.stdout, done.stderr);
    let report: Value = serde_json::from_str(&done.stdout).expect("a report");
    assert_eq!(report["passed"], false, "{what}");
    let failed = failed(&report);
    let meant = |(check, found): &(String, String)| check == name && found.contains(finding);
    assert!(failed.iter().any(meant), "{what}: {name}: {failed:#?}");
    assert!(
        !done.stdout.contains("conformance-secret"),
        "{what}: {}",
        done.stdout
    );
}

/// The other sections still have their say, and what was not finished has failed.
#[tokio::test]
async fn checks_that_an_ended_process_did_not_finish_have_failed() {
    let folder = tempfile::tempdir().unwrap();
    if !compile("BEGIN", "EXIT", &folder.path().join("rude.so")) {
        return;
    }
    let done = check(folder.path(), &[]).await;
    assert_eq!(done.code, Some(3), "{}", done.stderr);
    for line in [
        "passed   loads, and agrees with the gateway on the ABI",
        "passed   works with its own major of the ABI only",
        "FAILED   issues a credential for good answers",
        "FAILED   can be cancelled at every step",
        "not finished, because the process had ended",
        "does not keep its contract",
    ] {
        assert!(done.stdout.contains(line), "{line}: {}", done.stdout);
    }
}

/// It was not checked, so it has not passed.
#[tokio::test]
async fn plugin_that_declines_the_gateway_has_not_passed() {
    let folder = tempfile::tempdir().unwrap();
    if !compile("ENTRY", "DECLINE", &folder.path().join("rude.so")) {
        return;
    }
    let done = check(folder.path(), &["--json"]).await;
    assert_eq!(done.code, Some(3), "{}{}", done.stdout, done.stderr);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(report["passed"], false, "{report:#}");
    assert!(done.stdout.contains("declined"), "{}", done.stdout);
}

/// What a plugin prints is neither the report nor a message to the process that listens.
#[tokio::test]
async fn plugin_that_prints_does_not_write_into_the_report() {
    let folder = tempfile::tempdir().unwrap();
    for deed in ["PRINT", "NOTHING"] {
        if !compile("BEGIN", deed, &folder.path().join("rude.so")) {
            return;
        }
        let done = check(folder.path(), &["--json"]).await;
        let report: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(report["passed"], true, "{report:#}");
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        assert_eq!(
            done.stderr.contains("event"),
            deed == "PRINT",
            "{}",
            done.stderr
        );
    }
}
