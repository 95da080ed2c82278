//! What `serve` refuses, or could not serve, `waybill check-config` refuses with the same words.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};
use tests::{Certificate, ConfigFile, command_line, folder, run_command};

/// What `serve` does with the same configuration.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Serve {
    /// It ends, for the same reason.
    Refuses,
    /// It serves everything else.
    Starts,
}
use Serve::{Refuses, Starts};

/// A mistake: its name, how it is made, the words that name it, and what `serve` does.
type Row = (
    &'static str,
    fn(&mut ConfigFile, &Path),
    &'static str,
    Serve,
);

fn put(folder: &Path, name: &str, content: &str, mode: u32) {
    let file = folder.join(name);
    fs::write(&file, content).expect("the test owns the folder");
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("ours");
}

fn store(config: &mut ConfigFile, text: &str) {
    config.more = format!("[store]\n{text}\n");
}

fn tls(config: &mut ConfigFile) {
    config.more = "[listen.tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"\n".to_owned();
}

fn account(config: &mut ConfigFile, text: &str) {
    config.more = format!(
        "[[account]]\nname = \"second\"\ncarrier = \"ups\"\nenvironment = \"test\"\nclient_id = \
         \"id\"\n{text}\n"
    );
}

const SECRET: &str = "client_secret = { value = \"secret\" }\n";

fn of_accounts() -> Vec<Row> {
    vec![
        (
            "a number of five characters",
            |config, _| account(config, &format!("account_number = \"A1B2C\"\n{SECRET}")),
            "account second cannot work: account_number (UPS: shipper number) is not six",
            Starts,
        ),
        (
            "a second number of five characters",
            |config, _| {
                let numbers = "account_numbers = [\"A1B2C3\", \"A1B2C\"]\n";
                account(config, &format!("{numbers}{SECRET}"));
            },
            "account second cannot work: account_number (UPS: shipper number) is not six",
            Starts,
        ),
        (
            "an alias that another account has",
            |config, _| account(config, &format!("aliases = [\"main\"]\n{SECRET}")),
            "two accounts are called main",
            Refuses,
        ),
        (
            "a secret's file that is missing",
            |config, _| account(config, "client_secret = { file = \"absent\" }"),
            "absent cannot be read",
            Refuses,
        ),
        (
            "a secret's file that is empty",
            |config, folder| {
                put(folder, "empty", "", 0o600);
                account(config, "client_secret = { file = \"empty\" }");
            },
            "the secret is empty",
            Refuses,
        ),
        (
            "a variable that is not set",
            |config, _| account(config, "client_secret = { env = \"ABSENT\" }"),
            "\"ABSENT\" is not set",
            Refuses,
        ),
    ]
}

fn of_plugins() -> Vec<Row> {
    vec![
        (
            "no plugin folder",
            |_, folder| fs::remove_dir_all(folder.join("plugins")).expect("ours"),
            "the plugin folder",
            Refuses,
        ),
        (
            "a plugin folder that others may write to",
            |_, folder| {
                let mode = fs::Permissions::from_mode(0o777);
                fs::set_permissions(folder.join("plugins"), mode).expect("ours");
            },
            "is not safe",
            Refuses,
        ),
        (
            "a file that is no plugin",
            |_, folder| put(folder, "plugins/junk.so", "junk", 0o600),
            "junk.so cannot be used: this is not an ELF file",
            Starts,
        ),
        (
            "a plugin that is there twice",
            |_, folder| {
                let plugins = folder.join("plugins");
                fs::copy(plugins.join("ups.so"), plugins.join("two.so")).expect("ours");
            },
            "two.so cannot be used",
            Starts,
        ),
    ]
}

fn of_files() -> Vec<Row> {
    vec![
        (
            "a CA file that is missing",
            |config, _| config.more = "[upstream]\nca_file = \"ca.pem\"\n".to_owned(),
            "ca.pem",
            Refuses,
        ),
        (
            "a CA file whose certificate is damaged",
            |config, folder| {
                let pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
                put(folder, "ca.pem", pem, 0o600);
                config.more = "[upstream]\nca_file = \"ca.pem\"\n".to_owned();
            },
            "ca.pem cannot be used",
            Refuses,
        ),
        (
            "a certificate that is missing",
            |config, _| tls(config),
            "cert.pem",
            Refuses,
        ),
        (
            "a key of another certificate",
            |config, folder| {
                Certificate::for_localhost().write(folder);
                let key = fs::read_to_string(folder.join("key.pem")).expect("written");
                Certificate::for_localhost().write(folder);
                put(folder, "key.pem", &key, 0o600);
                tls(config);
            },
            "listen.tls cannot be used",
            Refuses,
        ),
        (
            "no folder for the first admin token",
            |config, _| config.more = "[admin]\ntoken_file = \"absent/token\"\n".to_owned(),
            "absent",
            Refuses,
        ),
    ]
}

fn of_store_and_listeners() -> Vec<Row> {
    vec![
        (
            "no folder for the store",
            |config, _| store(config, "url = \"sqlite://absent/waybill.db\""),
            "absent",
            Refuses,
        ),
        (
            "an old key that others can read",
            |config, folder| {
                put(folder, "old", &"ab".repeat(32), 0o644);
                let key = "url = \"sqlite://waybill.db\"\nold_keys = [{ file = \"old\" }]";
                store(config, key);
            },
            "may be read or changed by others (mode 644)",
            Refuses,
        ),
        (
            "an old key that is none",
            |config, folder| {
                put(folder, "old", "none", 0o600);
                let key = "url = \"sqlite://waybill.db\"\nold_keys = [{ file = \"old\" }]";
                store(config, key);
            },
            "is not a key",
            Refuses,
        ),
        (
            "a master key's variable that is not set",
            |config, _| {
                let key = "url = \"sqlite://waybill.db\"\nmaster_key = { env = \"ABSENT\" }";
                store(config, key);
            },
            "\"ABSENT\" is not set",
            Refuses,
        ),
        (
            "an old key that is missing",
            |config, _| {
                let key = "url = \"sqlite://waybill.db\"\nold_keys = [{ file = \"old\" }]";
                store(config, key);
            },
            "old does not exist",
            Refuses,
        ),
        (
            "an address of another machine",
            |config, _| config.apps = "192.0.2.1:8080".parse().expect("an address"),
            "cannot listen on 192.0.2.1:8080",
            Refuses,
        ),
        (
            "an admin address of another machine",
            |config, _| config.admin = "192.0.2.1:8081".parse().expect("an address"),
            "cannot listen on 192.0.2.1:8081",
            Refuses,
        ),
        (
            "two listeners at one address",
            |config, _| {
                config.apps = "127.0.0.1:8081".parse().expect("an address");
                config.admin = config.apps;
            },
            "are the same address and port",
            Refuses,
        ),
    ]
}

async fn run(folder: &Path, command: &str) -> (Option<i32>, String) {
    let mut run = command_line(folder);
    run.arg(command);
    let done = run_command(run).await;
    (done.code, done.stderr)
}

#[tokio::test]
async fn check_config_refuses_what_serve_refuses() {
    let rows = of_accounts().into_iter().chain(of_plugins());
    let rows = rows.chain(of_files());
    let mut wrong = Vec::new();
    for (what, make, words, serve) in rows.chain(of_store_and_listeners()) {
        let mut config = ConfigFile::for_mock("http://127.0.0.1:9");
        let folder = folder(&config);
        make(&mut config, folder.path());
        put(folder.path(), "waybill.toml", &config.text(), 0o600);
        let commands = match serve {
            Refuses => &["check-config", "serve"][..],
            Starts => &["check-config"],
        };
        for command in commands {
            let (code, said) = run(folder.path(), command).await;
            if !matches!(code, Some(1 | 2)) || !said.contains(words) {
                wrong.push(format!("{what}: {command}: {code:?}: {said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn check_config_leaves_nothing_behind_and_does_not_need_free_ports() {
    let mut config = ConfigFile::for_mock("http://127.0.0.1:9");
    store(&mut config, "url = \"sqlite://waybill.db\"");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    config.apps = taken.local_addr().expect("it is bound");
    let folder = folder(&config);
    let names = || {
        let entries = fs::read_dir(folder.path()).expect("the folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    };
    // The plugin's private copy is in the cache of the user who asks.
    fs::create_dir(folder.path().join(".cache")).expect("ours");
    let before = names();
    let (code, said) = run(folder.path(), "check-config").await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(names(), before);
}

#[tokio::test]
async fn level_variable_that_is_no_level_is_refused() {
    let folder = folder(&ConfigFile::for_mock("http://127.0.0.1:9"));
    for command in ["check-config", "serve"] {
        let mut run = command_line(folder.path());
        run.arg(command).env("WAYBILL_LOG", "gateway=loud");
        let done = run_command(run).await;
        assert_eq!(done.code, Some(2), "{command}: {}", done.stderr);
        let words = "WAYBILL_LOG is not a level";
        assert!(done.stderr.contains(words), "{command}: {}", done.stderr);
    }
}
