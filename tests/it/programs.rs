//! The programs as programs: what they print, and how they end when a port is taken.

use std::{fs, net::TcpListener, process::Command};
use tests::{Client, ConfigFile, Process, folder, programs, rate_request, run, run_command, serve};

/// A configuration that works, but for one port.
async fn serve_with_taken_port(change: impl FnOnce(&mut ConfigFile, String)) -> (String, String) {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addr = taken.local_addr().expect("it is bound");
    let mut config = ConfigFile::for_mock("http://127.0.0.1:9");
    change(&mut config, addr.to_string());
    let folder = folder(&config);
    let mut command = serve(folder.path());
    // What an operator sees by default.
    command.env_remove("WAYBILL_LOG");
    let done = run_command(command).await;
    assert_eq!(done.code, Some(1), "{}{}", done.stdout, done.stderr);
    let errors: Vec<&str> = done
        .stderr
        .lines()
        .filter(|line| line.starts_with("error"))
        .collect();
    assert_eq!(errors.len(), 1, "one line says it:\n{}", done.stderr);
    (errors[0].to_owned(), addr.to_string())
}

#[tokio::test]
async fn taken_port_for_apps_ends_the_gateway_with_1() {
    let (error, addr) =
        serve_with_taken_port(|config, addr| config.apps = addr.parse().unwrap()).await;
    assert!(error.contains(&addr) && error.contains("apps"), "{error}");
}

#[tokio::test]
async fn taken_port_for_admin_ends_the_gateway_with_1() {
    let (error, addr) = serve_with_taken_port(|config, addr| {
        config.admin = addr.parse().unwrap();
    })
    .await;
    assert!(error.contains(&addr) && error.contains("admin"), "{error}");
}

#[tokio::test]
async fn mock_prints_where_it_listens_and_answers() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(&programs().mock_ups);
    command.args(["--listen", "127.0.0.1:0"]);
    let mut mock = Process::spawn(&mut command, folder);
    let addr = mock.line("listening on http://").await.parse().unwrap();
    let answer = Client::new(addr).send(rate_request()).await;
    assert_eq!(answer.status(), 401, "{}", answer.text());
    mock.signal("TERM");
    assert_eq!(mock.ended().await.code(), Some(0), "{}", mock.output());
}

#[tokio::test]
async fn taken_port_ends_the_mock_with_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let done = run(&programs().mock_ups, &["--listen", &addr], folder.path()).await;
    assert_eq!(done.code, Some(1), "{}{}", done.stdout, done.stderr);
    assert!(done.stderr.contains(&addr), "{}", done.stderr);
}

/// Every mistake at once, with its place; nothing is started.
#[tokio::test]
async fn mistakes_in_the_configuration_end_the_gateway_with_2() {
    let folder = folder(&ConfigFile::for_mock("http://127.0.0.1:9"));
    let file = folder.path().join("waybill.toml");
    let text = fs::read_to_string(&file).unwrap();
    let text = text.replace("count = 1", "count = 0") + "\n[limits]\nbodi = 5\n";
    fs::write(&file, text).unwrap();
    let done = run_command(serve(folder.path())).await;
    assert_eq!(done.code, Some(2), "{}", done.stderr);
    let places = done
        .stderr
        .lines()
        .filter(|line| line.contains("waybill.toml:"));
    assert_eq!(places.count(), 2, "{}", done.stderr);
    assert_eq!(done.stdout, "");
}
