//! Mistakes, overrides and secrets of configurations, over real files.

use crate::*;
use gateway_model::{MasterKeySource, StoreUrl};
use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _};

mod client_address;
mod listing;
mod many;
mod mistakes;
mod published;
mod secrets;
mod sections;
mod settings;
mod telemetry;

/// A folder with one configuration file that only its owner can read, and made-up variables.
struct World {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
}

impl World {
    fn new(text: &str) -> Self {
        let world = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            variables: BTreeMap::new(),
        };
        world.write("waybill.toml", text);
        world.mode("waybill.toml", 0o600);
        world
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("the folder is ours");
    }

    fn mode(&self, name: &str, mode: u32) {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(self.folder.path().join(name), permissions).expect("ours");
    }

    fn var(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    fn load(&self) -> Result<Config, ConfigErrors> {
        Config::load_with(&self.folder.path().join("waybill.toml"), &self.variables)
    }

    #[track_caller]
    fn config(&self) -> Config {
        self.load().unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// Each mistake as `line:column: message; fix`.
    #[track_caller]
    fn mistakes(&self) -> Vec<String> {
        let errors = self.load().expect_err("it is wrong");
        let file = format!("{}:", errors.file().display());
        let text = errors.to_string();
        text.lines()
            .map(|line| line.strip_prefix(&file).unwrap_or(line).to_owned())
            .collect()
    }
}

const ROUTE: &str = "[[route]]\ncarrier = \"ups\"\nenvironment = \"test\"\n";
const ACCOUNT: &str = "[[account]]\nname = \"main\"\ncarrier = \"ups\"\nenvironment = \"test\"\n\
                       client_id = \"id\"\nclient_secret = { value = \"planted\" }\n";

#[test]
fn empty_file_is_a_configuration_of_defaults() {
    let config = World::new("").config();
    assert_eq!(
        config.listen.apps,
        ["127.0.0.1:8080".parse().expect("an address")]
    );
    assert_eq!(config.listen.admin.port(), 8081);
    assert!(!config.listen.trust_loopback);
    assert_eq!(config.limits.body_bytes, 10 << 20);
    assert_eq!(config.limits.first_byte.as_secs(), 60);
    assert!((config.tokens.renew_at - 0.8).abs() < f64::EPSILON);
    assert!(matches!(config.store.url, StoreUrl::Memory));
    assert!(config.reminders.webhook.is_none() && config.reminders.mail.is_none());
    assert_eq!(config.reminders.before.as_secs(), 7 * 24 * 60 * 60);
}

#[test]
fn example_file_is_a_configuration() {
    let text = include_str!("../waybill.example.toml");
    let world = World::new(text)
        .var("UPS_CLIENT_SECRET", "planted-a")
        .var("SHOP_SECRET", "planted-b");
    let config = world.config();
    assert_eq!(config.routes.len(), 1);
    assert_eq!(config.accounts.len(), 1);
    assert_eq!(config.apps.len(), 1);
}

#[test]
fn every_key_is_read_as_written() {
    let text = "
[listen]
apps = [\"127.0.0.1:1\", \"[::1]:0\"]
admin = \"127.0.0.1:2\"
admin_hosts = \"Waybill.Internal\"
trust_loopback = true
[workers]
count = 3
[store]
url = \"sqlite://waybill.db\"
[plugins]
dir = \"so\"
cache = \"/var/cache/w\"
strict = true
require_trusted = true
trusted_keys = \"RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\"
pins = { ups = \"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\" }
[upstream]
http2 = true
[limits]
body = 5
replay_buffer = \"1KiB\"
head_timeout = \"250ms\"
[tokens]
renew_at = 0.5
mint_budget = 4
acquire_wait = \"0s\"
[log]
format = \"json\"
level = \"info,gateway_broker=trace\"
access_log = true
";
    let world = World::new(text);
    let config = world.config();
    assert_eq!(config.listen.apps.len(), 2);
    assert_eq!(config.listen.admin_hosts, ["waybill.internal"]);
    assert_eq!(config.workers.count.map(std::num::NonZero::get), Some(3));
    let folder = world.folder.path();
    assert!(
        matches!(&config.store.url, StoreUrl::Sqlite(file) if *file == folder.join("waybill.db"))
    );
    assert!(
        matches!(&config.store.master_key, MasterKeySource::File(file) if *file == folder.join("waybill.key"))
    );
    assert_eq!(config.plugins.dir, world.folder.path().join("so"));
    assert!(config.plugins.policy.strict && config.plugins.policy.require_trusted);
    assert_eq!(config.plugins.policy.trusted_keys.len(), 1);
    assert!(config.plugins.policy.pins.contains_key("ups"));
    assert_eq!(
        (config.limits.body_bytes, config.limits.replay_bytes),
        (5, 1024)
    );
    assert_eq!(config.limits.head_read.as_millis(), 250);
    assert_eq!(config.tokens.mint_budget, 4);
    assert_eq!(config.log.format, LogFormat::Json);
    assert!(config.log.access_log && config.upstream.http2);
}

#[test]
fn variable_overrides_the_file() {
    let world = World::new("[listen]\napps = \"127.0.0.1:1\"\n[limits]\nbody = 1\n")
        .var("WAYBILL_LISTEN_APPS", "127.0.0.1:7, 127.0.0.1:8")
        .var("WAYBILL_LISTEN_TRUST_LOOPBACK", "true")
        .var("WAYBILL_LIMITS_BODY", "2MiB")
        .var("WAYBILL_TOKENS_RENEW_AT", "0.6")
        .var("WAYBILL_WORKERS_COUNT", "2")
        .var("WAYBILL_LISTEN_ADMIN", "");
    let config = world.config();
    let ports: Vec<u16> = config
        .listen
        .apps
        .iter()
        .map(std::net::SocketAddr::port)
        .collect();
    assert_eq!(ports, [7, 8]);
    assert_eq!(
        config.listen.admin.port(),
        8081,
        "an empty variable is none"
    );
    assert!(config.listen.trust_loopback);
    assert_eq!(config.limits.body_bytes, 2 << 20);
    assert_eq!(config.workers.count.map(std::num::NonZero::get), Some(2));
}

#[test]
fn variable_with_a_mistake_is_named() {
    let mistakes = World::new("")
        .var("WAYBILL_WORKERS_COUNT", "many")
        .mistakes();
    assert_eq!(
        mistakes,
        [
            "environment variable WAYBILL_WORKERS_COUNT: [workers] count is out of range; \
          write a whole number from 1 to 1024"
        ]
    );
}

#[test]
fn misspelt_variable_is_noted_and_foreign_ones_are_not() {
    let config = World::new("")
        .var("WAYBILL_LISTEN_APP", "127.0.0.1:7")
        .var("WAYBILL_SERVICE_HOST", "10.0.0.1")
        .config();
    let notes: Vec<&str> = config
        .notes
        .iter()
        .filter(|note| matches!(note.place, Place::Variable(_)))
        .map(|note| note.message.as_str())
        .collect();
    assert_eq!(notes, ["it overrides nothing; WAYBILL_LISTEN_APPS would"]);
}

#[test]
fn app_defaults_come_first_among_its_accounts() {
    let second = ACCOUNT.replace("main", "second");
    let app = "[[app]]\nname = \"shop\"\nkey = { value = \"k\" }\n\
               accounts = [\"main\", \"second\"]\ndefault = { ups = \"second\" }\n";
    let config = World::new(&format!("{ROUTE}{ACCOUNT}{second}{app}")).config();
    let accounts: Vec<&str> = config.apps[0]
        .accounts
        .iter()
        .map(|id| id.as_str())
        .collect();
    assert_eq!(accounts, ["second", "main"]);
}
