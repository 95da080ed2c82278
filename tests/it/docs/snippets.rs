//! Blocks that are not commands: configurations, documents in JSON and YAML, lists, units.

use super::blocks::{Block, blocks};
use sha2::{Digest as _, Sha256};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};
use tempfile::TempDir;
use tests::{
    Certificate, ConfigFile, Process, World, command_line, folder, programs, run_command, skipped,
};

/// Folders and addresses of an installed system that pages name, and what a test has instead.
const INSTALLED: [(&str, &str); 4] = [
    ("/usr/lib/waybill/plugins", "plugins"),
    ("/run/credentials/waybill.service/", ""),
    ("sqlite:///var/lib/waybill/", "sqlite://"),
    // An address of the gateway's machine is one of this machine.
    ("10.0.0.5:", "127.0.0.1:"),
];

fn of_kind(kind: &str) -> Vec<Block> {
    let all = blocks().into_iter();
    all.filter(|b| b.kind == kind && b.not_run().is_none())
        .collect()
}

/// `toml` on the mock's pages is for the mock.
fn is_for_the_mock(block: &Block) -> bool {
    block.page.starts_with("docs/mock-")
}

#[tokio::test]
async fn configurations_pass_check_config() {
    for block in of_kind("toml").iter().filter(|b| !is_for_the_mock(b)) {
        let folder = folder(&ConfigFile::for_mock("http://127.0.0.1:9"));
        let text = completed(&block.text, folder.path());
        if text.contains("require_trusted = true") {
            let mut lock = command_line(folder.path());
            lock.args(["plugin", "lock", "--dir", "plugins", "--yes"]);
            assert_eq!(run_command(lock).await.code, Some(0), "{}", block.place());
        }
        write(&folder.path().join("waybill.toml"), &text);
        let mut command = command_line(folder.path());
        command.arg("check-config");
        for variable in quoted_after(&block.text, "env = ") {
            // A database's URL and a list of fields have a form that is checked.
            let value = match variable.rsplit('_').next() {
                Some("URL") => "postgres://db.example/waybill".to_owned(),
                Some("HEADERS") => "api-key=0123456789".to_owned(),
                Some(_) | None => format!("{variable}-0123456789"),
            };
            command.env(&variable, value);
        }
        let done = run_command(command).await;
        assert_eq!(
            done.code,
            Some(0),
            "{}:\n{}{}\n{text}",
            block.place(),
            done.stdout,
            done.stderr
        );
    }
}

/// What a fragment leaves out is added: a route, and the accounts that it names.
pub(super) fn completed(fragment: &str, folder: &Path) -> String {
    let plugin = fs::read(folder.join("plugins/ups.so")).expect("the plugin was copied");
    let digest: String = Sha256::digest(plugin)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let mut text = fragment.replace("sha256:…", &format!("sha256:{digest}"));
    for (installed, here) in INSTALLED {
        text = text.replace(installed, here);
    }
    for file in quoted_after(&text, "file = ") {
        // A master key has a form that is checked.
        let content = if file.ends_with(".key") {
            "5a".repeat(32)
        } else {
            format!("content-of-{}", file.replace('/', "-"))
        };
        write(&folder.join(&file), &content);
    }
    let pem = |file: &String| file.ends_with(".pem");
    let (certs, keys) = (
        quoted_after(&text, "cert = "),
        quoted_after(&text, "key = "),
    );
    if let (Some(cert), Some(key)) = (
        certs.iter().find(|it| pem(it)),
        keys.iter().find(|it| pem(it)),
    ) {
        Certificate::for_localhost().write(folder);
        for (made, wanted) in [("cert.pem", cert), ("key.pem", key)] {
            let content = fs::read_to_string(folder.join(made)).expect("just written");
            write(&folder.join(wanted), &content);
        }
    }
    if !text.contains("[[route]]") {
        text.push_str("\n[[route]]\ncarrier = \"ups\"\nenvironment = \"test\"\n");
    }
    let environment = if text.contains("\"production\"") {
        "production"
    } else {
        "test"
    };
    let defined = quoted_after(&text, "name = ");
    let mut named = quoted_after(&text, "account = ");
    named.extend(quoted_after(&text, "accounts = "));
    for account in named.iter().filter(|name| !defined.contains(name)) {
        text.push_str(&format!(
            "\n[[account]]\nname = \"{account}\"\ncarrier = \"ups\"\nenvironment = \"{environment}\"\n\
             client_id = \"mock-client\"\nclient_secret = {{ value = \"mock-secret\" }}\n"
        ));
    }
    text
}

/// The quoted texts that follow a key, in a list or alone.
fn quoted_after(text: &str, key: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        // Keys are aligned on some pages.
        let line = line.split('#').next().unwrap_or(line);
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let begins =
            line.starts_with(key) || key != "name = " && line.contains(&format!("{{ {key}"));
        if let (true, Some((_, value))) = (begins, line.split_once(key)) {
            found.extend(value.split('"').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

#[tokio::test]
async fn files_for_the_mock_start_it() {
    for block in of_kind("toml").iter().filter(|b| is_for_the_mock(b)) {
        let has = |text| block.text.contains(text);
        let flag = match () {
            () if has("[[user]]") => "--data",
            () if has("[[fault]]") => "--scenario",
            () if has("[[rates]]") => "--tariff",
            () => "--settings",
        };
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file.toml");
        fs::write(&file, &block.text).expect("the folder is ours");
        let mut command = Command::new(&programs().mock_ups);
        command.args(["--listen", "127.0.0.1:0", flag]).arg(&file);
        // It panics with what the mock said if the mock refuses the file.
        let mut mock = Process::spawn(&mut command, folder);
        mock.line("listening on http://").await;
    }
}

#[test]
fn documents_in_json_and_yaml_parse() {
    for block in of_kind("json") {
        let text = block.text.trim();
        // A member of an object stands without its braces.
        let whole = if text.starts_with('"') {
            format!("{{{text}}}")
        } else {
            text.to_owned()
        };
        let parsed = serde_json::from_str::<serde_json::Value>(&whole);
        assert!(parsed.is_ok(), "{}: {parsed:?}", block.place());
    }
    for block in of_kind("yaml") {
        let parsed = serde_yaml_ng::from_str::<serde_yaml_ng::Value>(&block.text);
        assert!(parsed.is_ok(), "{}: {parsed:?}", block.place());
    }
}

#[tokio::test]
async fn lists_for_a_migration_are_planned() {
    let world = World::builder()
        .more("[store]\nurl = \"sqlite://waybill.db\"\n[[route]]\ncarrier = \"ups\"\nenvironment = \"production\"\nprefix = \"/production\"\n")
        .start()
        .await;
    for block in of_kind("csv") {
        let file = world.gateway.process.folder().join("list.csv");
        fs::write(file, &block.text).expect("the folder is ours");
        let plan = [
            "migrate",
            "plan",
            "list.csv",
            "--client-id",
            "mock-client",
            "--secret-stdin",
        ];
        let done = world.gateway.waybill("mock-secret", &plan).await;
        assert_eq!(
            done.code,
            Some(0),
            "{}:\n{}{}",
            block.place(),
            done.stdout,
            done.stderr
        );
    }
}

/// The unit, alone and with each drop-in of the pages.
#[tokio::test]
async fn units_pass_systemd_analyze() {
    if Command::new("systemd-analyze")
        .arg("--version")
        .output()
        .is_err()
    {
        skipped("the systemd unit", "systemd-analyze is not installed");
        return;
    }
    let unit =
        fs::read_to_string(tests::root().join("gateway/waybill.service")).expect("it is there");
    let unit = unit.replace(
        "/usr/bin/waybill",
        &programs().waybill.display().to_string(),
    );
    for block in of_kind("ini") {
        let folder: TempDir = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("waybill.service");
        fs::write(&path, &unit).expect("the folder is ours");
        fs::create_dir(folder.path().join("waybill.service.d")).expect("the folder is ours");
        fs::write(
            folder.path().join("waybill.service.d/page.conf"),
            &block.text,
        )
        .expect("the folder is ours");
        let mut command = Command::new("systemd-analyze");
        command.args(["verify", "--man=no"]).arg(&path);
        let done = run_command(command).await;
        let said = format!("{}{}", done.stdout, done.stderr);
        assert!(
            done.code == Some(0) && !said.contains("waybill.service"),
            "{}: {said}",
            block.place()
        );
    }
}

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().expect("a file has a folder")).expect("the folder is ours");
    fs::write(file, text).expect("the folder is ours");
    let owner_only = fs::Permissions::from_mode(0o600);
    fs::set_permissions(file, owner_only).expect("the file is ours");
}
