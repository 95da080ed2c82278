//! A reader who types all commands of a page, one after another, in one shell.

use super::{Setting, blocks::Block, snippets::completed};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tests::{ConfigFile, folder, lay_out_package, programs, root, skipped};
use tokio::process::Command;

/// All commands of a page together take no longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// The address of all pages. Each page gets another address of the loopback network in its place, so the documented
/// ports are free there, and pages that run at the same time do not meet.
const ADDRESS: &str = "127.0.0.1";

/// Fails where the documented `curl` would print an error and exit with 0, and waits for what is being started.
const CURL: &str =
    "--fail-with-body -sS --retry 10 --retry-connrefused --retry-delay 1 --max-time 30";

const ROUTES: &str = r#"
[listen]
apps = "127.0.0.1:8080"
admin = "127.0.0.1:8081"

[store]
url = "sqlite://waybill.db"

[[route]]
carrier = "ups"
environment = "test"
origin = "http://127.0.0.1:8099"
danger_plaintext_upstream = true

[[route]]
carrier = "ups"
environment = "production"
prefix = "/production"
origin = "http://127.0.0.1:8098"
danger_plaintext_upstream = true

[[account]]
name = "in-the-file"
carrier = "ups"
environment = "test"
account_number = "A1B2C3"
client_id = "mock-client"
client_secret = { value = "mock-secret" }
default = true
"#;

/// The pages' client ids, all of one owner.
const CARRIER: &str = r#"
[[user]]
name = "merchant"
password = "parcel-1"
[[user.account]]
number = "A1B2C3"
negotiated_rates = true

[[app]]
client_id = "mock-client"
client_secret = "mock-secret"
name = "Mock Shop"
owner = "merchant"
redirect_uris = ["http://127.0.0.1:8081/oauth/callback"]

[[app]]
client_id = "the-id"
client_secret = "mock-secret"
name = "The one on the page"
owner = "merchant"
redirect_uris = ["http://127.0.0.1:8081/oauth/callback"]
"#;

/// Starts what a page takes for granted, and sets the variables that it uses.
const SERVING: &str = r#"
mock-ups --listen 127.0.0.1:8099 --production-listen 127.0.0.1:8098 --data carrier.toml >mock.log 2>&1 &
waybill serve >gateway.log 2>&1 &
curl -o ready http://127.0.0.1:8081/readyz
printf mock-secret >ups.secret
printf '{"passphrase": "a long passphrase"}' >passphrase.json
printf 'Authorization: Bearer %s' "$(cat waybill-admin.token)" >token
WAYBILL_TOKEN=$(cat waybill-admin.token)
"#;

/// Whether this machine has what the pages use.
pub(super) fn is_possible(page: &str) -> bool {
    let curl = std::process::Command::new("curl").arg("--version").output();
    if curl.is_err() {
        skipped(page, "its commands use curl, which is not installed");
    }
    curl.is_ok()
}

pub(super) struct Session {
    folder: TempDir,
    address: String,
    prelude: String,
}

impl Session {
    pub(super) fn new(index: usize, setting: Setting, blocks: &[Block]) -> Self {
        let folder = folder(&ConfigFile::for_mock("http://127.0.0.1:9"));
        let address = format!("127.31.{}.{}", std::process::id() % 250 + 1, index + 1);
        let mut prelude = String::new();
        let mut config = None;
        let mut waybill = programs().waybill.clone();
        match setting {
            Setting::Programs | Setting::Packages => {}
            Setting::Author => {
                let package = folder.path().join("package");
                lay_out_package(&package);
                waybill = package.join("bin/waybill");
            }
            Setting::Newcomer => {
                let block = blocks
                    .iter()
                    .find(|b| b.kind == "toml")
                    .expect("a configuration");
                config = Some(completed(&block.text, folder.path()));
            }
            Setting::Serving(accounts) => {
                config = Some(ROUTES.to_owned());
                prelude.push_str(SERVING);
                for account in accounts {
                    prelude.push_str(&format!(
                        "waybill account add {account} --env test --number A1B2C3 --client-id mock-client \
                         --secret-file ups.secret >/dev/null\n"
                    ));
                }
            }
        }
        let session = Self {
            folder,
            address,
            prelude,
        };
        session.furnish(config.as_deref(), &waybill);
        session
    }

    /// Puts down the files that the pages name.
    fn furnish(&self, config: Option<&str>, waybill: &Path) {
        let at = |name| self.at(name);
        let here = |text: &str| text.replace(ADDRESS, &self.address);
        if let Some(config) = config {
            write(&at("waybill.toml"), &here(config), 0o600);
        }
        write(&at("carrier.toml"), &here(CARRIER), 0o600);
        let shipment = root().join("docs/walkthroughs/shipment.json");
        fs::copy(shipment, at("shipment.json")).expect("the folder is ours");
        fs::create_dir(at("commands")).expect("the folder is ours");
        let curl = format!("#!/bin/sh\nPATH=$REAL_PATH exec curl {CURL} \"$@\"\n");
        write(&at("commands/curl"), &curl, 0o700);
        // Nobody signs in at the end of an invitation, so no command waits for that.
        let waybill = waybill.display();
        let waybill = format!(
            "#!/bin/sh\ncase \"$1 $2\" in 'account authorize') set -- \"$@\" --no-wait;; esac\nexec {waybill} \"$@\"\n"
        );
        write(&at("commands/waybill"), &waybill, 0o700);
        // A password manager, for the page that has one.
        write(
            &at("commands/pass"),
            "#!/bin/sh\nprintf mock-secret\n",
            0o700,
        );
    }

    /// Copies the files of a folder.
    pub(super) fn put_down(&self, files: &Path) {
        for entry in fs::read_dir(files).expect("the folder is there") {
            let from = entry.expect("an entry").path();
            let to = self.folder.path().join(from.file_name().expect("a file"));
            fs::copy(&from, to).expect("the folder is ours");
        }
    }

    /// Runs the page's `sh` blocks as one script.
    pub(super) async fn run(&self, blocks: &[Block]) {
        let mut script = self.prelude.clone();
        for block in blocks
            .iter()
            .filter(|b| b.kind == "sh" && b.not_run().is_none())
        {
            script.push_str(&format!(": {}\n{}\n", block.place(), block.text));
        }
        let script = script
            .replace(ADDRESS, &self.address)
            .replace("localhost:", &format!("{}:", self.address))
            .replace("../docs/walkthroughs/", "");
        write(&self.at("script"), &script, 0o600);
        let mut shell = self.shell().spawn().expect("there is a shell");
        let background = Group(shell.id().expect("it was not waited for"));
        let ended = tokio::time::timeout(PATIENCE, shell.wait()).await;
        let code = ended.map(|status| status.expect("a child of ours").code());
        drop(background);
        let read = |name| fs::read_to_string(self.at(name)).unwrap_or_default();
        assert_eq!(
            code,
            Ok(Some(0)),
            "{}\n{}",
            read("printed"),
            read("gateway.log")
        );
    }

    fn shell(&self) -> Command {
        let programs = programs().waybill.parent().expect("target").display();
        let real = std::env::var("PATH").unwrap_or_default();
        let printed = fs::File::create(self.at("printed")).expect("the folder is ours");
        let mut command = Command::new("sh");
        command
            .args(["-e", "-x", "script"])
            .current_dir(self.folder.path())
            .env_clear()
            .env(
                "PATH",
                format!("{}:{programs}:{real}", self.at("commands").display()),
            )
            .env("REAL_PATH", &real)
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(printed.try_clone().expect("a file"))
            .stderr(printed)
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// The shell and what the page started in the background; dropping it ends them.
struct Group(u32);

impl Drop for Group {
    fn drop(&mut self) {
        let group = format!("-{}", self.0);
        let mut kill = std::process::Command::new("kill");
        kill.args(["-KILL", "--", &group]).stderr(Stdio::null());
        // If nothing is left of the group, all has ended.
        let _ = kill.status();
    }
}

fn write(file: &Path, text: &str, mode: u32) {
    fs::write(file, text).expect("the folder is ours");
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("the file is ours");
}
