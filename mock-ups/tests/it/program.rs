//! The program: its lines, flags, exit codes and signals.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use crate::client::{get, shop, token, token_request};

const PROGRAM: &str = env!("CARGO_BIN_EXE_mock-ups");

struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    fn start(flags: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, lines }
    }

    fn next_line(&mut self) -> String {
        self.lines.next().expect("a line").expect("text")
    }

    fn base(&mut self) -> String {
        let line = self.next_line();
        line.strip_prefix("listening on ").expect(&line).to_owned()
    }
}

fn run(flags: &[&str]) -> Output {
    Command::new(PROGRAM).args(flags).output().expect("it runs")
}

#[tokio::test]
async fn program_serves_after_its_line_and_stops_on_sigterm() {
    let mut program = Running::start(&["--listen", "127.0.0.1:0", "--workers", "2"]);
    let base = program.base();
    let token = token(&base).await;
    for _ in 0..8 {
        assert_eq!(
            shop(&base, &token).send().await.status,
            200,
            "whatever worker has it"
        );
    }
    let id = program.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    assert!(program.child.wait().unwrap().success());
}

#[tokio::test]
async fn flags_reach_the_mock() {
    let mut program = Running::start(&[
        "--listen",
        "127.0.0.1:0",
        "--production-listen",
        "127.0.0.1:0",
        "--tls-listen",
        "127.0.0.1:0",
        "--access-token-lifetime",
        "1h",
        "--token-quota",
        "1/1m",
        "--frozen-at",
        "2026-04-01T00:00:00Z",
        "--journal",
        "5",
    ]);
    let base = program.base();
    assert!(program.next_line().ends_with(" (production)"));
    assert!(
        program
            .next_line()
            .starts_with("listening on https://127.0.0.1:")
    );
    assert_eq!(
        token_request(&base).send().await.json()["expires_in"],
        "3600"
    );
    assert_eq!(token_request(&base).send().await.error().1, "10429");
    let clock = get(format!("{base}/__mock/clock")).send().await.json();
    assert_eq!(clock["now"], "2026-04-01T00:00:00Z");
    let ca = get(format!("{base}/__mock/ca.pem")).send().await.text();
    assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"), "{ca}");
}

#[tokio::test]
async fn data_file_replaces_the_seed_and_mistakes_in_it_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.toml");
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    write(concat!(
        "[[user]]\nname = \"u\"\npassword = \"p\"\n[[user.account]]\nnumber = \"C3C3C3\"\n",
        "[[app]]\nclient_id = \"c\"\nclient_secret = \"s\"\nname = \"App\"\nowner = \"u\"\n",
    ));
    let flags = ["--listen", "127.0.0.1:0", "--data", path.to_str().unwrap()];
    let mut program = Running::start(&flags);
    let base = program.base();
    assert_eq!(
        token_request(&base).send().await.error().1,
        "10401",
        "the seed is gone"
    );
    write("[[user]]\nname = \"u\"\npassword = \"p\"\nshoe_size = 44\n");
    let output = run(&flags);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        text.contains("data.toml") && text.contains("shoe_size"),
        "{text}"
    );
}

#[test]
fn taken_port_is_one_line_and_exit_code_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for workers in ["1", "2"] {
        let output = run(&["--listen", &address, "--workers", workers]);
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            text.contains(&address) && text.lines().count() == 1,
            "{text}"
        );
        assert!(output.stdout.is_empty());
    }
}

#[tokio::test]
async fn scenarios_play_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let text = "name = \"mine\"\ndescription = \"d\"\n[settings]\naccess_token_lifetime = 7\n";
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let flags = [
        "--listen",
        "127.0.0.1:0",
        "--scenario",
        "firewall-page",
        "--scenario",
        path,
    ];
    let mut program = Running::start(&flags);
    let base = program.base();
    for expected in [403, 403, 403, 200] {
        assert_eq!(token_request(&base).send().await.status, expected);
    }
    assert_eq!(token_request(&base).send().await.json()["expires_in"], "7");
}

/// The file holds every setting; a flag wins over it.
#[tokio::test]
async fn settings_file_and_flags_reach_the_mock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    write(concat!(
        "access_token_lifetime = 7\ncode_lifetime = 9\nvoid_days = 3\nlint_header = true\n",
        "loopback_redirects = true\nstale_grant = \"10401\"\n",
        "token_quota = { requests = 5, window = 60 }\n",
        "[errors]\n404 = \"no such thing\"\n",
        "\"10400 Invalid Redirect URL\" = { status = 401, message = \"other\" }\n",
    ));
    let file = path.to_str().unwrap();
    let mut program = Running::start(&[
        "--listen",
        "127.0.0.1:0",
        "--settings",
        file,
        "--access-token-lifetime",
        "8s",
        "--redirect-uri",
        "http://127.0.0.1:4001/oauth/callback",
        "--redirect-uri",
        "http://127.0.0.1:4002/oauth/callback",
    ]);
    let base = program.base();
    let settings = get(format!("{base}/__mock/settings")).send().await.json();
    assert_eq!(settings["access_token_lifetime"], 8);
    assert_eq!(settings["code_lifetime"], 9);
    assert_eq!(settings["void_days"], 3);
    assert_eq!(settings["stale_grant"], "10401");
    assert_eq!(settings["lint_header"], true);
    assert_eq!(settings["token_quota"]["requests"], 5);
    assert_eq!(
        settings["errors"]["10400 Invalid Redirect URL"]["status"],
        401
    );
    let state = get(format!("{base}/__mock/state")).send().await.json();
    let uris = state["apps"][0]["redirect_uris"].as_array().unwrap();
    assert_eq!(uris.len(), 3);
    let lost = get(format!("{base}/nowhere")).send().await;
    assert!(lost.text().contains("no such thing"), "{}", lost.text());

    write("void_days = \"many\"\n");
    let output = run(&["--listen", "127.0.0.1:0", "--settings", file]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("--settings") && told.contains("settings.toml"),
        "{told}"
    );
}

#[test]
fn bad_flags_are_exit_code_2() {
    for flags in [
        ["--scenario", "no-such-scenario"],
        ["--scenario", "/no/such/file.toml"],
        ["--listen", "nowhere"],
        ["--token-quota", "many"],
        ["--frozen-at", "soon"],
    ] {
        assert_eq!(run(&flags).status.code(), Some(2), "{flags:?}");
    }
}

/// Only `SIGTERM`, `SIGINT` and `SIGQUIT` end the program; a terminal that closes does not.
#[tokio::test]
async fn signals_end_in_order_or_are_ignored() {
    let mut program = Running::start(&["--listen", "127.0.0.1:0"]);
    let base = program.base();
    let id = program.child.id().to_string();
    let send = |signal: &str| {
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.unwrap().success(), "{signal}");
    };
    for signal in ["-HUP", "-USR1", "-USR2"] {
        send(signal);
        assert_eq!(token_request(&base).send().await.status, 200, "{signal}");
    }
    send("-QUIT");
    assert!(program.child.wait().unwrap().success());
}

#[tokio::test]
async fn each_request_is_a_line_without_secrets() {
    let mut program = Running::start(&["--listen", "127.0.0.1:0", "--requests", "always"]);
    let base = program.base();
    let token = token(&base).await;
    shop(&base, &token).send().await;
    let line = program.next_line();
    assert!(
        line.contains("cie POST /security/v1/oauth/token client=mock-client"),
        "{line}"
    );
    assert!(
        line.ends_with("-> 200") && !line.contains("mock-secret"),
        "{line}"
    );
    let line = program.next_line();
    assert!(
        line.contains("POST /api/rating/v2409/Shop") && !line.contains(&token),
        "{line}"
    );
}

#[test]
fn completions_and_manual_name_the_flags() {
    for flags in [
        &["--completions", "bash"][..],
        &["--completions", "zsh"],
        &["--man"],
    ] {
        let output = run(flags);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{flags:?}");
        assert!(
            text.contains("tls") && text.contains("frozen"),
            "{flags:?}: {text}"
        );
    }
}
