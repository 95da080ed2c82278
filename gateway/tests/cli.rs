//! The built binary, from outside.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

const PLANTED: &str = "planted-91ab";

const GOOD: &str = r#"
[listen]
trust_loopback = true
[[route]]
carrier = "ups"
environment = "test"
account = "main"
[[account]]
name = "main"
carrier = "ups"
environment = "test"
client_id = "id"
client_secret = { value = "planted-91ab" }
"#;

fn waybill(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_waybill"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .stdin(Stdio::null())
        .output()
        .expect("the binary was built")
}

fn folder_with(config: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("waybill.toml");
    fs::write(&file, config).expect("ours");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("ours");
    folder
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

fn json(output: &Output) -> serde_json::Value {
    let out = text(&output.stdout);
    serde_json::from_str(out).expect(out)
}

#[test]
fn check_config_of_a_good_file_says_so() {
    let folder = folder_with(GOOD);
    fs::create_dir(folder.path().join("plugins")).expect("ours");
    let output = waybill(folder.path(), &["check-config"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let out = text(&output.stdout);
    let (note, summary) = out.split_once('\n').expect("two lines");
    assert!(
        note.contains("note: no plugin in plugins is for carrier ups"),
        "{note}"
    );
    assert_eq!(
        summary,
        "waybill.toml: 1 route, 1 account, 0 apps: no mistakes\n"
    );
    assert!(output.stderr.is_empty());
    let output = waybill(
        folder.path(),
        &["--json", "check-config", "--config", "waybill.toml"],
    );
    assert_eq!(json(&output)["ok"], true);
}

/// What bad input gets: every mistake at once, file and line, exit code 2.
#[test]
fn check_config_and_serve_report_every_mistake() {
    let bad = GOOD
        .replace("trust_loopback", "trust_lopback")
        .replace("\"id\"", "5");
    let folder = folder_with(&bad);
    for command in ["check-config", "serve"] {
        let output = waybill(folder.path(), &[command, "--config", "waybill.toml"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
        let lines: Vec<&str> = text(&output.stderr).lines().collect();
        assert_eq!(lines.len(), 3, "{lines:#?}");
        assert!(
            lines[0].starts_with("waybill.toml:3:1: ")
                && lines[0].ends_with("write trust_loopback")
        );
        assert!(lines[1].starts_with("waybill.toml:12:13: "), "{lines:#?}");
        assert_eq!(lines[2], "error: 2 mistakes in waybill.toml");
    }
    let output = waybill(folder.path(), &["check-config", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let findings = json(&output);
    assert_eq!(findings["mistakes"][0]["line"], 3);
    assert_eq!(findings["mistakes"][0]["fix"], "write trust_loopback");
    assert!(!text(&output.stdout).contains(PLANTED) && output.stderr.is_empty());
}

/// Each of these reads well and keeps `serve` from starting.
#[test]
fn check_config_refuses_what_serve_refuses() {
    let same = GOOD.replace("[listen]", "[listen]\napps = \"127.0.0.1:8081\"");
    let tls = format!("{GOOD}[listen.tls]\ncert = \"c.pem\"\nkey = \"k.pem\"\n");
    let admin_tls = tls.replace("[listen.tls]", "[listen.admin_tls]");
    for (config, has_plugins, words) in [
        (GOOD, false, "the plugin folder"),
        (&same, true, "are the same address and port"),
        (&tls, true, "listen.tls cannot be used"),
        (&admin_tls, true, "listen.admin_tls cannot be used"),
    ] {
        let folder = folder_with(config);
        if has_plugins {
            fs::create_dir(folder.path().join("plugins")).expect("ours");
        }
        let pem = |kind| format!("-----BEGIN {kind}-----\nAA==\n-----END {kind}-----\n");
        fs::write(folder.path().join("c.pem"), pem("CERTIFICATE")).expect("ours");
        fs::write(folder.path().join("k.pem"), pem("PRIVATE KEY")).expect("ours");
        for command in ["check-config", "serve"] {
            let output = waybill(folder.path(), &[command]);
            let code = output.status.code();
            assert!(matches!(code, Some(1 | 2)), "{command} {words}: {code:?}");
        }
        let output = waybill(folder.path(), &["check-config"]);
        assert_eq!(output.status.code(), Some(2), "{words}");
        let error = text(&output.stderr);
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn missing_file_and_wrong_usage_exit_with_2() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = waybill(folder.path(), &["serve"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("waybill.toml: cannot be read"));
    for args in [
        &[][..],
        &["sreve"],
        &["serve", "--colour"],
        &["completions", "dos"],
    ] {
        let output = waybill(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn help_names_the_exit_codes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = waybill(folder.path(), &["--help"]);
    assert_eq!(output.status.code(), Some(0));
    for line in [
        "0    done",
        "1    it failed",
        "2    the command line",
        "3    a check found",
        "4    the gateway does not run",
        "5    the gateway or the carrier",
    ] {
        assert!(text(&output.stdout).contains(line), "{line}");
    }
    let cli = include_str!("../../docs/cli.md");
    for code in [
        "| 0 | done |",
        "| 1 | the command failed",
        "| 2 | the command line",
        "| 3 | a check",
    ] {
        assert!(cli.contains(code), "{code}");
    }
}

#[test]
fn completions_name_every_command() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for shell in ["bash", "zsh", "fish"] {
        let output = waybill(folder.path(), &["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        for command in [
            "serve",
            "check-config",
            "plugin",
            "account",
            "migrate",
            "completions",
        ] {
            assert!(text(&output.stdout).contains(command), "{shell} {command}");
        }
    }
}

#[test]
fn schema_is_printed_without_a_configuration() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = waybill(folder.path(), &["check-config", "--schema"]);
    assert_eq!(output.status.code(), Some(0));
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/waybill.schema.json");
    let published = fs::read_to_string(published).expect("it is checked in");
    assert_eq!(text(&output.stdout), published);
}

#[test]
fn plugin_list_shows_a_file_that_is_no_plugin_with_the_reason() {
    let folder = folder_with(GOOD);
    let plugins = folder.path().join("plugins");
    fs::create_dir(&plugins).expect("ours");
    let output = waybill(folder.path(), &["plugin", "list"]);
    assert!(
        text(&output.stdout).contains("no plugin file"),
        "{}",
        text(&output.stderr)
    );
    fs::write(plugins.join("junk.so"), "not a library").expect("ours");
    let output = waybill(folder.path(), &["plugin", "list"]);
    assert_eq!(output.status.code(), Some(0));
    let table = text(&output.stdout);
    assert!(
        table.contains("junk.so") && table.contains("faulted"),
        "{table}"
    );
    assert!(table.contains("not an ELF file"), "{table}");
    let output = waybill(
        folder.path(),
        &["plugin", "list", "--dir", "plugins", "--json"],
    );
    assert_eq!(json(&output)[0]["state"], "faulted");
}

#[test]
fn plugin_list_of_an_absent_folder_fails_with_1() {
    let folder = folder_with(GOOD);
    let output = waybill(folder.path(), &["plugin", "list"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("error: the plugin folder "));
}

#[test]
fn plugin_check_of_a_bad_file_finds_a_fault() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("junk.so"), "not a library").expect("ours");
    for file in ["junk.so", "absent.so"] {
        let output = waybill(folder.path(), &["plugin", "check", file]);
        assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
        assert!(
            text(&output.stdout).contains("refused: "),
            "{}",
            text(&output.stdout)
        );
        let output = waybill(folder.path(), &["plugin", "check", file, "--json"]);
        assert_eq!(
            (output.status.code(), json(&output)["state"].as_str()),
            (Some(3), Some("faulted"))
        );
    }
}

#[test]
fn output_whose_reader_went_away_is_no_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_waybill"))
        .args(["check-config", "--schema"])
        .current_dir(folder.path())
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .expect("the binary was built");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}

/// What bad input gets: one line naming the port, exit code 1.
#[test]
fn serve_on_a_taken_port_names_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("bound").port();
    for key in ["apps", "admin"] {
        let other = if key == "apps" { "admin" } else { "apps" };
        let folder = folder_with(&format!(
            "[listen]\n{key} = \"127.0.0.1:{port}\"\n{other} = \"127.0.0.1:0\"\n"
        ));
        fs::create_dir(folder.path().join("plugins")).expect("ours");
        let output = waybill(folder.path(), &["serve"]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        let errors: Vec<&str> = text(&output.stderr)
            .lines()
            .filter(|line| line.starts_with("error: "))
            .collect();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].contains(&port.to_string()), "{errors:?}");
    }
}

/// A signal ends it with 0, and it leaves no core dump.
#[test]
fn serve_listens_without_core_dumps_and_ends_on_a_signal() {
    let folder = folder_with("[listen]\napps = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n");
    fs::create_dir(folder.path().join("plugins")).expect("ours");
    let mut child = Command::new(env!("CARGO_BIN_EXE_waybill"))
        .arg("serve")
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary was built");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    for name in ["apps", "admin"] {
        let line = lines.next().expect("a line").expect("text");
        assert!(
            line.starts_with(&format!("{name} listening on http://127.0.0.1:")),
            "{line}"
        );
    }
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("it runs");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .expect("the limit");
    let words: Vec<&str> = core.split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{core}");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
