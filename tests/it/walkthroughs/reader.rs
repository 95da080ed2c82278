//! A reader who does all that a document says, with the real programs.

use super::{
    document::{Step, matches, steps},
    person::Person,
};
use mock_ups::MockUps;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tests::{ConfigFile, Gateway, eventually, programs, root, skipped};
use tokio::process::{Child, Command};

/// The addresses that the documents name: of apps, admin listener, mock, and mock's production.
const APPS: &str = "127.0.0.1:8080";
const ADMIN: &str = "127.0.0.1:8081";
const MOCK: &str = "127.0.0.1:8099";
const PRODUCTION: &str = "127.0.0.1:8098";
/// A command takes no longer.
const PATIENCE: Duration = Duration::from_secs(45);
/// So often somebody looks who waits for something to come.
const MOST_LOOKS: usize = 60;
/// Commands that only look: whoever looks too early looks again.
const LOOKS: [&str; 5] = [
    "waybill notices",
    "waybill token show",
    "waybill account show",
    "waybill account list",
    "curl -s http",
];

pub(super) struct Reader {
    document: String,
    mock: MockUps,
    gateway: Gateway,
    person: Option<Person>,
    /// The command that waits for the person, and how much of its output was read.
    waiting: Option<(Child, usize)>,
}

impl Reader {
    /// Follows one document of `docs/walkthroughs` from its first block to the last.
    pub(super) async fn follows(document: &str) {
        if std::process::Command::new("curl")
            .arg("--version")
            .output()
            .is_err()
        {
            skipped(document, "its commands use curl, which is not installed");
            return;
        }
        let folder = root().join("docs/walkthroughs");
        let text = fs::read_to_string(folder.join(document)).expect("the document is there");
        let start = fs::read_to_string(folder.join("README.md")).expect("it is there");
        let steps = steps(&text);
        let own = steps.iter().find_map(config);
        let common = self::steps(&start);
        let config = own
            .or_else(|| common.iter().find_map(config))
            .expect("a configuration");
        let mut reader = Self::starts(document, config).await;
        let mut steps = steps.iter().peekable();
        while let Some(step) = steps.next() {
            match step {
                Step::Config(_) => {}
                Step::Command { line, prints } => {
                    let waits = matches!(steps.peek(), Some(Step::Browser(_)))
                        && !line.contains("--no-wait");
                    reader.types(line, prints, waits).await;
                }
                Step::GoesOn(prints) => reader.reads_on(prints).await,
                Step::Browser(steps) => reader.browses(steps).await,
            }
        }
        assert!(
            reader.waiting.is_none(),
            "{document}: a command was left waiting"
        );
    }

    async fn starts(document: &str, config: &str) -> Self {
        let mock = MockUps::builder().start().await.expect("the mock starts");
        let any_port = "127.0.0.1:0";
        let config = config
            .replace(APPS, any_port)
            .replace(ADMIN, any_port)
            .replace(&format!("http://{MOCK}"), &mock.base_url())
            .replace(&format!("http://{PRODUCTION}"), &mock.production_base_url());
        let gateway = Gateway::start_with(&ConfigFile::for_mock(mock.base_url()), |folder| {
            write(&folder.join("waybill.toml"), &config);
            let shipment = root().join("docs/walkthroughs/shipment.json");
            fs::copy(shipment, folder.join("shipment.json")).expect("the test owns the folder");
        })
        .await;
        let callback = format!("http://{}/oauth/callback", gateway.admin);
        for uri in [callback.as_str(), "https://waybill.invalid/oauth/callback"] {
            assert!(mock.add_redirect_uri("mock-client", uri));
        }
        Self {
            document: document.to_owned(),
            mock,
            gateway,
            person: None,
            waiting: None,
        }
    }

    /// The documents' addresses and those of this world.
    fn addresses(&self) -> [(&'static str, String); 4] {
        let plain = |url: String| url.trim_start_matches("http://").to_owned();
        [
            (APPS, self.gateway.apps.to_string()),
            (ADMIN, self.gateway.admin.to_string()),
            (MOCK, plain(self.mock.base_url())),
            (PRODUCTION, plain(self.mock.production_base_url())),
        ]
    }

    async fn types(&mut self, line: &str, prints: &[String], waits: bool) {
        assert!(
            self.waiting.is_none(),
            "{}: {line}: one waits",
            self.document
        );
        let look = LOOKS.iter().any(|look| line.starts_with(look));
        let mut looks = 0;
        loop {
            let mut child = self.spawn(line);
            if waits {
                let mut printed = String::new();
                eventually(&format!("{line} prints what is written"), async || {
                    printed = self.printed();
                    matches(prints, &printed)
                })
                .await;
                self.waiting = Some((child, printed.lines().count()));
                return;
            }
            let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
            let code = ended.expect("it ends").expect("a child of ours").code();
            let printed = with_code(self.printed(), code);
            if matches(prints, &printed) {
                return;
            }
            assert!(
                look && looks < MOST_LOOKS,
                "{}: $ {line}\nprinted:\n{printed}\nbut the document says:\n{}\n",
                self.document,
                prints.join("\n"),
            );
            looks += 1;
            // The admin API is rate limited.
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    async fn reads_on(&mut self, prints: &[String]) {
        let (mut child, read) = self.waiting.take().expect("a command waits");
        let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
        let code = ended.expect("it ends").expect("a child of ours").code();
        let all = self.printed();
        let rest: Vec<&str> = all.lines().skip(read).collect();
        let printed = with_code(rest.join("\n"), code);
        assert!(
            matches(prints, &printed),
            "{}: went on with:\n{printed}\nbut the document says:\n{}\n",
            self.document,
            prints.join("\n"),
        );
    }

    async fn browses(&mut self, steps: &[String]) {
        if self.person.is_none() {
            self.person = Some(Person::start(&self.document).await);
        }
        let printed = fs::read_to_string(self.output()).unwrap_or_default();
        let mut lines = printed.lines().map(str::trim);
        let url = lines.find(|line| line.contains("/security/v1/oauth/authorize?"));
        let person = self.person.as_mut().expect("just set");
        for step in steps {
            if let Some(address) = person
                .does(step, url.expect("an address was printed"))
                .await
            {
                write(&self.gateway.process.folder().join("address"), &address);
            }
        }
    }

    fn spawn(&self, line: &str) -> Child {
        let line = (self.addresses().into_iter()).fold(line.to_owned(), |line, (written, real)| {
            line.replace(written, &real)
        });
        let output = fs::File::create(self.output()).expect("the test owns the folder");
        let programs = programs().waybill.parent().expect("target").display();
        let path = std::env::var("PATH").unwrap_or_default();
        Command::new("sh")
            .args(["-c", &line])
            .current_dir(self.gateway.process.folder())
            .env_clear()
            .env("PATH", format!("{programs}:{path}"))
            .env("HOME", self.gateway.process.folder())
            .env("TZ", "UTC")
            // The documents' ports are fixed, and then this is not needed.
            .env(
                "WAYBILL_ADMIN_URL",
                format!("http://{}", self.gateway.admin),
            )
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a file"))
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .expect("there is a shell")
    }

    fn output(&self) -> PathBuf {
        self.gateway.process.folder().join("printed")
    }

    /// What the last command printed, with the documents' addresses.
    fn printed(&self) -> String {
        let printed = fs::read_to_string(self.output()).unwrap_or_default();
        (self.addresses().into_iter()).fold(printed, |text, (written, real)| {
            text.replace(&real, written)
        })
    }
}

fn config(step: &Step) -> Option<&String> {
    match step {
        Step::Config(text) => Some(text),
        Step::Command { .. } | Step::GoesOn(_) | Step::Browser(_) => None,
    }
}

fn with_code(mut printed: String, code: Option<i32>) -> String {
    if code != Some(0) {
        let code = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
        if !printed.is_empty() && !printed.ends_with('\n') {
            printed.push('\n');
        }
        printed.push_str(&format!("(exit code {code})\n"));
    }
    printed
}

fn write(file: &Path, text: &str) {
    fs::write(file, text).expect("the test owns the folder");
    let owner_only = fs::Permissions::from_mode(0o600);
    fs::set_permissions(file, owner_only).expect("the file is ours");
}
