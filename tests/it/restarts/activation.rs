//! Sockets that the service manager opens, what it is told, and the unit files.

use super::load::{Habit, Load};
use mock_ups::MockUps;
use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    os::{fd::OwnedFd, unix::net::UnixDatagram},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tests::{Client, ConfigFile, eventually, programs, rate_request, root, serve, skipped};

/// Standard input becomes the first descriptor that systemd passes, which is number 3.
const PASS: &str = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\"";

/// A gateway that gets its apps listener from the test, as from systemd.
fn activated(folder: &Path, socket: &TcpListener) -> std::process::Child {
    let serve = serve(folder);
    let mut shell = Command::new("sh");
    shell.args(["-c", PASS, "sh"]).arg(serve.get_program());
    let output = || {
        File::options()
            .append(true)
            .create(true)
            .open(folder.join("activated"))
    };
    shell
        .args(serve.get_args())
        .current_dir(folder)
        .stdin(Stdio::from(OwnedFd::from(
            socket.try_clone().expect("a descriptor is free"),
        )))
        .stdout(output().expect("the folder takes files"))
        .stderr(output().expect("the folder takes files"));
    shell.spawn().expect("the shell starts")
}

/// The socket stays with the service manager, so connections wait while the gateway restarts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restart_with_the_service_managers_socket_fails_no_request() {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let addr = socket.local_addr().expect("it is bound");
    let (_mock, folder) = place(|config| config.apps = addr).await;
    let folder = folder.path();
    let mut gateway = activated(folder, &socket);
    let habits = [
        (Habit::New, 4),
        (Habit::Kept(Duration::ZERO), 4),
        (Habit::Kept(Duration::from_millis(200)), 4),
        (Habit::Http2, 2),
        (Habit::Upload(Duration::from_secs(1)), 2),
    ];
    let load = Load::start(addr, &habits);
    for restart in 1..=tests_kit::rounds(2, 20) as u64 {
        eventually("requests are served", async || {
            load.served() > restart * 100
        })
        .await;
        let stopped = Command::new("kill").arg(gateway.id().to_string()).status();
        assert!(stopped.unwrap().success());
        let status = tokio::task::spawn_blocking(move || gateway.wait()).await;
        assert!(status.unwrap().unwrap().success());
        gateway = activated(folder, &socket);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let tally = load.end().await;
    gateway.kill().unwrap();
    gateway.wait().unwrap();
    tally.assert_clean();
}

/// A mock UPS, and the folder of a gateway with a store in a file.
async fn place(change: impl FnOnce(&mut ConfigFile)) -> (MockUps, TempDir) {
    let mock = MockUps::builder().start().await.expect("the mock starts");
    let mut config = ConfigFile::for_mock(mock.base_url());
    config.more = "[store]\nurl = \"sqlite://waybill.db\"".to_owned();
    change(&mut config);
    (mock, tests::folder(&config))
}

/// The address of a port that was free a moment ago.
fn free() -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    socket.local_addr().expect("it is bound")
}

#[tokio::test]
async fn sockets_of_systemd_are_taken_by_their_addresses() {
    let version = Command::new("systemd-socket-activate")
        .arg("--version")
        .output();
    if !version.is_ok_and(|done| done.status.success()) {
        return skipped("socket activation by systemd", "it is not installed");
    }
    let (apps, admin) = (free(), free());
    let (_mock, folder) = place(|config| (config.apps, config.admin) = (apps, admin)).await;
    let folder = folder.path();
    let mut child = Command::new("systemd-socket-activate")
        // In the other order: what counts is the address.
        .args(["-l", &admin.to_string(), "-l", &apps.to_string()])
        .arg(&programs().waybill)
        .args(["serve", "--config", "waybill.toml"])
        .current_dir(folder)
        .stdout(File::create(folder.join("activated")).unwrap())
        .stderr(File::create(folder.join("activated-log")).unwrap())
        .spawn()
        .unwrap();
    let app = Client::new(apps);
    eventually("the first connection starts the gateway", async || {
        let answer = app.try_send(rate_request()).await;
        answer.is_ok_and(|answer| answer.status() == 200)
    })
    .await;
    assert_eq!(Client::new(admin).get("/readyz").await.status(), 200);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn socket_that_the_configuration_does_not_name_is_a_mistake() {
    let (_mock, folder) = place(|_| {}).await;
    let folder = folder.path();
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let status = activated(folder, &socket).wait().unwrap();
    assert_eq!(status.code(), Some(2));
    let output = fs::read_to_string(folder.join("activated")).unwrap();
    let named = format!("listens on {}", socket.local_addr().expect("it is bound"));
    assert!(output.contains(&named), "{output}");
}

/// A service manager's end of the socket that it is told at.
struct Manager(UnixDatagram, PathBuf);

impl Manager {
    fn listen(folder: &Path) -> Self {
        let path = folder.join("notify");
        let socket = UnixDatagram::bind(&path).expect("the folder takes sockets");
        socket.set_nonblocking(true).expect("it is a socket");
        Self(socket, path)
    }

    async fn hears(&self, wanted: &str) {
        eventually(wanted, async || {
            let mut bytes = [0; 256];
            let heard = self
                .0
                .recv(&mut bytes)
                .map(|length| bytes[..length].to_vec());
            heard.is_ok_and(|heard| String::from_utf8_lossy(&heard).trim() == wanted)
        })
        .await;
    }
}

/// What `systemctl kill --signal=SIGUSR2` does: the gateway starts its own successor, so that the service
/// goes on with it.
#[tokio::test]
async fn service_goes_on_with_the_process_that_the_gateway_started() {
    let (_mock, folder) = place(|_| {}).await;
    let manager = Manager::listen(folder.path());
    let mut command = serve(folder.path());
    command.env("NOTIFY_SOCKET", &manager.1);
    let mut old = tests::Process::spawn(&mut command, folder);
    manager.hears("READY=1").await;
    let apps = old.line("apps listening on http://").await;
    let app = Client::new(apps.parse().unwrap());
    app.send(rate_request()).await.assert_rates();
    old.signal("USR2");
    let log = || old.output();
    let started = |log: &str| {
        let line = log
            .lines()
            .find(|line| line.contains("is started to take over"))?;
        let (_, after) = line.split_once("\"pid\":")?;
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    };
    eventually("a new process", async || started(&log()).is_some()).await;
    let new = started(&log()).unwrap();
    let _end = Killed(new);
    manager.hears(&format!("MAINPID={new}")).await;
    manager.hears("READY=1").await;
    // The first answer is the old process' last on this connection.
    app.send(rate_request()).await.assert_rates();
    app.send(rate_request()).await.assert_rates();
    assert_eq!(old.ended().await.code(), Some(0), "{}", old.output());
    app.send(rate_request()).await.assert_rates();
    let stopped = Command::new("kill").arg(new.to_string()).status();
    assert!(stopped.unwrap().success());
    manager.hears("STOPPING=1").await;
}

/// A process that must not outlive the test.
struct Killed(u32);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .args(["-KILL", &self.0.to_string()])
            .output();
    }
}

#[test]
fn units_are_what_systemd_understands() {
    let version = Command::new("systemd-analyze").arg("--version").output();
    if !version.is_ok_and(|done| done.status.success()) {
        return skipped("the unit files", "systemd is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["waybill.service", "waybill.socket"] {
        let unit = fs::read_to_string(root().join("gateway").join(name)).unwrap();
        // systemd looks for the program.
        let unit = unit.replace("/usr/bin/waybill", "/bin/true");
        fs::write(folder.path().join(name), unit).unwrap();
    }
    let done = Command::new("systemd-analyze")
        .args([
            "verify",
            "--man=no",
            "./waybill.service",
            "./waybill.socket",
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.is_empty(), "{said}");
    // An attacker who owns the process has little: 10 is all that root has.
    let done = Command::new("systemd-analyze")
        .args([
            "security",
            "--offline=true",
            "--threshold=20",
            "./waybill.service",
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "an exposure of more than 2.0: {said}"
    );
}
