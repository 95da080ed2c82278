//! The command line over a gateway that runs, and over its store while it does not. No carrier is needed.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Output, Stdio},
};
use tempfile::TempDir;

const CONFIG: &str = "[listen]\napps = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\
                      [store]\nurl = \"sqlite://waybill.db\"\n";
const PASSPHRASE: &str = "planted-passphrase";

/// A folder with a gateway's files, and the gateway as long as it runs.
struct World {
    folder: TempDir,
    running: Option<(Child, String)>,
}

impl World {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("waybill.toml"), config).expect("ours");
        fs::create_dir(folder.path().join("plugins")).expect("ours");
        fs::write(folder.path().join("p"), PASSPHRASE).expect("ours");
        Self {
            folder,
            running: None,
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn start(&mut self) {
        let log = self.path().join("log");
        let mut child = command(self.path())
            .arg("serve")
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).expect("ours"))
            .spawn()
            .expect("the binary was built");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let admin = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("admin listening on ").map(str::to_owned));
        let admin = admin.ok_or_else(|| fs::read_to_string(log));
        self.running = Some((child, admin.expect("it listens")));
    }

    fn stop(&mut self) {
        let (mut child, _) = self.running.take().expect("it runs");
        kill_process(Pid::from_child(&child), Signal::TERM).expect("it runs");
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = command(self.path());
        if let Some((_, admin)) = &self.running {
            command.env("WAYBILL_ADMIN_URL", admin);
        }
        command.args(args).output().expect("the binary was built")
    }

    /// Runs it, and returns what it wrote to both.
    #[track_caller]
    fn exits(&self, code: i32, args: &[&str]) -> (String, String) {
        let output = self.run(args);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{out}\n{err}");
        assert!(!out.contains(PASSPHRASE) && !err.contains(PASSPHRASE));
        (out, err)
    }

    #[track_caller]
    fn json(&self, code: i32, args: &[&str]) -> serde_json::Value {
        let (out, err) = self.exits(code, args);
        assert!(out.starts_with(['{', '[']), "{out} {err}");
        serde_json::from_str(&out).expect("JSON")
    }

    fn admin_tokens(&self) -> Vec<String> {
        let tokens = self.json(0, &["admin-token", "list", "--json"]);
        let tokens = tokens.as_array().expect("a list").iter();
        tokens
            .map(|token| token["name"].as_str().expect("a name").to_owned())
            .collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.running {
            // It may have ended; then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waybill"));
    command
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("TZ", "UTC")
        .stdin(Stdio::null());
    command
}

/// A command finds the gateway by its configuration only if that names the port. Nobody else on the machine
/// uses this address, so no connection takes the port while the gateway is down.
fn config_with_port() -> String {
    let free = std::net::TcpListener::bind("127.0.0.2:0").expect("a free port");
    let admin = format!("admin = \"{}\"", free.local_addr().expect("bound"));
    CONFIG.replace("admin = \"127.0.0.1:0\"", &admin)
}

/// What bad input gets: each way in that is missing is named with the way out.
#[test]
fn command_without_a_gateway_says_how_to_start_one() {
    let world = World::new(&config_with_port());
    let (_, err) = world.exits(2, &["status"]);
    assert!(
        err.contains("no admin token") && err.contains("waybill serve"),
        "{err}"
    );
    fs::write(world.path().join("waybill-admin.token"), "some-token\n").expect("ours");
    for args in [
        &["status"][..],
        &["account", "list"],
        &["doctor"],
        &["token", "show", "main"],
    ] {
        let (out, err) = world.exits(4, args);
        assert!(
            out.is_empty() && err.contains("start it with `waybill serve`"),
            "{err}"
        );
    }
}

#[test]
fn command_finds_no_address_in_a_port_that_the_system_chooses() {
    let world = World::new(CONFIG);
    fs::write(world.path().join("waybill-admin.token"), "some-token\n").expect("ours");
    let (_, err) = world.exits(2, &["status"]);
    assert!(err.contains("--url or WAYBILL_ADMIN_URL"), "{err}");
}

#[test]
fn wrong_token_is_refused_with_5() {
    let mut world = World::new(CONFIG);
    world.start();
    fs::write(world.path().join("wrong"), "some-token\n").expect("ours");
    let (out, err) = world.exits(5, &["status", "--token-file", "wrong", "--json"]);
    assert!(
        out.contains("\"error\"") && err.starts_with("error: "),
        "{out} {err}"
    );
}

#[test]
fn status_audit_and_tokens_are_told_to_people_and_programs() {
    let mut world = World::new(CONFIG);
    world.start();
    let status = world.json(0, &["status", "--json"]);
    assert_eq!(status["store"], "sqlite");
    let (out, _) = world.exits(0, &["status"]);
    assert!(out.contains("redirect URI  http://127.0.0.1:"), "{out}");
    let made = world.json(
        0,
        &["admin-token", "add", "eye", "--role", "read-only", "--json"],
    );
    let token = made["token"].as_str().expect("shown once");
    fs::write(world.path().join("eye"), token).expect("ours");
    world.exits(0, &["admin-token", "list", "--token-file", "eye"]);
    let (_, err) = world.exits(5, &["admin-token", "add", "more", "--token-file", "eye"]);
    assert!(err.starts_with("error: "), "{err}");
    // Standard input is no terminal, so it needs --yes.
    let (_, err) = world.exits(2, &["admin-token", "remove", "eye"]);
    assert!(err.contains("use --yes"), "{err}");
    assert_eq!(world.admin_tokens(), ["admin", "eye"]);
    world.exits(0, &["admin-token", "remove", "eye", "--yes"]);
    assert_eq!(world.admin_tokens(), ["admin"]);
    // It is on record who did it, with the local time and its zone.
    let (out, _) = world.exits(0, &["audit", "--limit", "2"]);
    assert!(
        out.contains("admin_token.remove") && out.contains(" UTC "),
        "{out}"
    );
    assert!(!out.contains(token), "{out}");
}

#[test]
fn names_that_are_not_there_are_refused_with_the_way_out() {
    let mut world = World::new(CONFIG);
    world.start();
    for args in [
        &["account", "show", "nobody"][..],
        &["token", "show", "nobody"],
        &["account", "remove", "nobody", "--yes"],
        &["app", "remove", "nobody", "--yes"],
    ] {
        let (out, err) = world.exits(5, args);
        assert!(
            out.is_empty() && err.contains("there is no "),
            "{args:?} {err}"
        );
    }
    let said = world.json(5, &["account", "show", "nobody", "--json"]);
    assert_eq!(said["error"]["code"], "unknown_account");
}

#[test]
fn secret_that_nobody_can_be_asked_for_names_its_flags() {
    let mut world = World::new(CONFIG);
    world.start();
    let add = [
        "account",
        "add",
        "main",
        "--env",
        "test",
        "--client-id",
        "id",
    ];
    let (_, err) = world.exits(2, &add);
    assert!(
        err.contains("--secret-file FILE or --secret-stdin"),
        "{err}"
    );
    let (_, err) = world.exits(2, &[&add[..], &["--secret-file", "absent"]].concat());
    assert!(err.contains("absent cannot be read"), "{err}");
    let (_, err) = world.exits(2, &[&add[..5], &["--secret-file", "p"]].concat());
    assert!(err.contains("--client-id ID"), "{err}");
}

/// A backup is consistent and sealed, overwrites nothing, and brings everything back.
#[test]
fn backup_of_a_running_gateway_is_restored_into_another_store() {
    let mut world = World::new(CONFIG);
    world.start();
    world.exits(0, &["admin-token", "add", "ops"]);
    world.exits(0, &["backup", "online.wb", "--passphrase-file", "p"]);
    let file = world.path().join("online.wb");
    let mode = file.metadata().expect("made").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let (_, err) = world.exits(2, &["backup", "online.wb", "--passphrase-file", "p"]);
    assert!(err.contains("is not overwritten"), "{err}");
    let (_, err) = world.exits(
        5,
        &[
            "restore",
            "online.wb",
            "--passphrase-file",
            "p",
            "--replace",
            "--yes",
        ],
    );
    assert!(
        err.contains("in use") && err.contains("while the gateway is down"),
        "{err}"
    );
    world.stop();

    let other = World::new(CONFIG);
    fs::copy(&file, other.path().join("b.wb")).expect("ours");
    let restored = other.json(0, &["restore", "b.wb", "--passphrase-file", "p", "--json"]);
    assert_eq!(restored["accounts"], 0);
    let mut other = other;
    // The token of the first gateway opens the second one: everything came along.
    let token = "waybill-admin.token";
    fs::copy(world.path().join(token), other.path().join(token)).expect("ours");
    other.start();
    assert_eq!(other.admin_tokens(), ["admin", "ops"]);
}

#[test]
fn backup_and_restore_work_while_the_gateway_is_down() {
    let mut world = World::new(&config_with_port());
    let (_, err) = world.exits(2, &["backup", "b.wb", "--passphrase-file", "p"]);
    assert!(err.contains("there is no store at"), "{err}");
    world.start();
    world.exits(0, &["admin-token", "add", "ops"]);
    world.stop();
    let (_, err) = world.exits(0, &["backup", "b.wb", "--passphrase-file", "p"]);
    assert!(err.contains("the store is opened directly"), "{err}");
    world.start();
    world.exits(0, &["admin-token", "remove", "ops", "--yes"]);
    world.stop();
    let (_, err) = world.exits(5, &["restore", "b.wb", "--passphrase-file", "p"]);
    assert!(
        err.contains("not empty") && err.contains("--replace"),
        "{err}"
    );
    let (_, err) = world.exits(
        2,
        &["restore", "b.wb", "--passphrase-file", "p", "--replace"],
    );
    assert!(err.contains("use --yes"), "{err}");
    world.exits(
        0,
        &[
            "restore",
            "b.wb",
            "--passphrase-file",
            "p",
            "--replace",
            "--yes",
        ],
    );
    world.start();
    assert_eq!(world.admin_tokens(), ["admin", "ops"]);
}

/// What bad input gets: a wrong passphrase, half a file, another file; the store is as it was.
#[test]
fn restore_of_a_bad_backup_changes_nothing() {
    let mut world = World::new(CONFIG);
    world.start();
    world.stop();
    let path = world.path().to_owned();
    world.exits(
        0,
        &["backup", "b.wb", "--passphrase-file", "p", "--offline"],
    );
    let whole = fs::read(path.join("b.wb")).expect("made");
    fs::write(path.join("half.wb"), &whole[..whole.len() / 2]).expect("ours");
    let mut changed = whole.clone();
    let last = changed.len() - 20;
    changed[last] ^= 1;
    fs::write(path.join("changed.wb"), changed).expect("ours");
    fs::write(path.join("junk.wb"), "junk").expect("ours");
    fs::write(path.join("empty.wb"), "").expect("ours");
    fs::write(path.join("wrong"), "another-passphrase").expect("ours");
    fs::write(path.join("short"), "short").expect("ours");
    let replace = ["--replace", "--yes"];
    for (file, passphrase, words) in [
        ("b.wb", "wrong", "does not open this backup"),
        ("half.wb", "p", "nothing was restored"),
        ("changed.wb", "p", "nothing was changed"),
        ("junk.wb", "p", "not a backup"),
        ("empty.wb", "p", "not a backup"),
    ] {
        let args = [
            &["restore", file, "--passphrase-file", passphrase][..],
            &replace,
        ]
        .concat();
        let (_, err) = world.exits(5, &args);
        assert!(err.contains(words), "{file}: {err}");
    }
    let (_, err) = world.exits(
        5,
        &["backup", "c.wb", "--passphrase-file", "short", "--offline"],
    );
    assert!(err.contains("fewer than 12 characters"), "{err}");
    assert!(!path.join("c.wb").exists());
    world.exits(2, &["restore", "absent.wb", "--passphrase-file", "p"]);
    world.start();
    assert_eq!(world.admin_tokens(), ["admin"]);
}

#[test]
fn store_in_memory_has_nothing_to_back_up_or_restore() {
    let world = World::new("");
    for args in [
        &["backup", "b.wb", "--passphrase-file", "p", "--offline"][..],
        &["restore", "b.wb", "--passphrase-file", "p"],
    ] {
        let (_, err) = world.exits(2, args);
        assert!(
            err.contains("in memory") && err.contains("[store]"),
            "{err}"
        );
    }
}

/// The store opens with the new key only, and says so.
#[test]
fn rotated_key_is_named_by_the_next_start() {
    let mut world = World::new(CONFIG);
    world.start();
    let (_, err) = world.exits(0, &["key", "rotate", "--to", "new.key"]);
    assert!(
        err.contains("master_key = { file = ") && err.contains("new.key"),
        "{err}"
    );
    let mode = world
        .path()
        .join("new.key")
        .metadata()
        .expect("made")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    world.stop();
    let (_, err) = world.exits(1, &["serve"]);
    assert!(err.contains("master key"), "{err}");
    let config = format!("{CONFIG}master_key = {{ file = \"new.key\" }}\n");
    fs::write(world.path().join("waybill.toml"), config).expect("ours");
    world.start();
    assert_eq!(world.admin_tokens(), ["admin"]);
}

/// What bad input gets: all broken rows with their lines, before anything is asked or done.
#[test]
fn migration_of_a_broken_list_does_nothing() {
    let mut world = World::new(CONFIG);
    world.start();
    let list = "name,account_number,access_key,user_id,environment\n\
                Shop,A1B2C3,planted-key,merchant,test\n,A1B2C3,,,\nDepot,none of them,,,cie\n";
    fs::write(world.path().join("list.csv"), list).expect("ours");
    for command in ["plan", "run"] {
        let (out, err) = world.exits(2, &["migrate", command, "list.csv"]);
        assert!(out.is_empty() && !err.contains("planted-key"), "{err}");
        for words in [
            "list.csv:3: name is empty",
            "list.csv:4: account_number",
            "list.csv:4: environment",
        ] {
            assert!(err.contains(words), "{err}");
        }
        assert!(err.contains("3 rows are broken; nothing was done"), "{err}");
    }
    let (_, err) = world.exits(2, &["migrate", "undo"]);
    assert!(err.contains("use --yes"), "{err}");
}
