use super::*;
use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _, path::Path};

/// Keys that are read into a setting of another name.
const ELSEWHERE: [(&str, &str); 1] = [("plugins", "require_pins")];

const ONE: &str = r#"
[[route]]
carrier = "ups"
environment = "test"
account = "kept"
[[route]]
carrier = "ups"
environment = "production"
prefix = "/live"
[[account]]
name = "kept"
carrier = "ups"
environment = "test"
client_id = "id"
client_secret = { value = "secret" }
[[account]]
name = "gone"
carrier = "ups"
environment = "test"
client_id = "id"
client_secret = { value = "secret" }
[[app]]
name = "shop"
client_id = "shop"
client_secret = { value = "shop secret" }
accounts = ["kept"]
"#;

/// Every setting of the sections that stand once, with another value than its preset.
const OTHER: &str = r#"
[listen]
apps = "127.0.0.1:9"
admin = "127.0.0.1:10"
admin_hosts = "waybill.internal"
trust_loopback = true
trusted_proxies = "10.0.0.0/8"
admin_client_address = "x-forwarded-for"
apps_client_address = "proxy-protocol"
[listen.tls]
cert = "cert.pem"
key = "key.pem"
[listen.admin_tls]
cert = "cert.pem"
key = "key.pem"
[admin]
token_file = "other.token"
[workers]
count = 3
[plugins]
dir = "other"
cache = "/var/cache/other"
strict = true
trusted_keys = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
require_trusted = true
pins = { ups = "sha256:0000000000000000000000000000000000000000000000000000000000000000" }
isolation = "process"
isolation_of = { ups = "in_process" }
carriers = { ups-eu = "ups" }
worker_memory = "64MiB"
worker_sign_timeout = "50ms"
[tokens]
renew_at = 0.7
jitter = 0.2
margin = "6s"
mint_budget = 31
mint_refill = "3s"
request_timeout = "50s"
acquire_wait = "9s"
app_token_lifetime = "2h"
app_token_requests_per_minute = 121
[upstream]
ca_file = "cert.pem"
http2 = true
[limits]
head = "32KiB"
target = "4KiB"
body = "1MiB"
replay_buffer = "128KiB"
connections = 100
upstream_idle_connections = 100
http2_streams = 50
head_timeout = "9s"
body_idle_timeout = "29s"
write_timeout = "29s"
write_rate = "128B"
keep_alive_timeout = "74s"
handshake_timeout = "9s"
connect_timeout = "9s"
first_byte_timeout = "59s"
upstream_idle_timeout = "29s"
drain_timeout = "29s"
http1_server = "hyper"
[log]
format = "json"
level = "debug"
access_log = true
[metrics]
account_series = true
request_series = 7
[telemetry]
trace_context = true
sample_ratio = 0.5
endpoint = "http://127.0.0.1:4318"
headers = { value = "key=planted" }
timeout = "9s"
traces = false
metrics = true
metrics_interval = "30s"
logs = true
service_name = "other"
attributes = { team = "a" }
[store]
url = "postgres://other/name"
listen_url = "postgres://direct/name"
master_key = { file = "other.key" }
old_keys = [{ file = "older.key" }]
[fleet]
name = "other"
lease = "16s"
[consent]
redirect_uri = "https://waybill.example/oauth/callback"
lifetime = "9m"
[reminders]
days_before = 8
zone = "Europe/Berlin"
[reminders.webhook]
url = "https://hook.example/"
secret = { value = "a key of the webhook" }
[reminders.mail]
server = "smtp://mail.example"
from = "waybill@example.com"
to = "ops@example.com"
username = "waybill"
password = { value = "a password" }
"#;

fn read(folder: &Path, text: &str) -> Config {
    let file = folder.join("waybill.toml");
    fs::write(&file, text).expect("the folder is the test's");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("the test's");
    for (name, label) in [("cert.pem", "CERTIFICATE"), ("key.pem", "PRIVATE KEY")] {
        let pem = format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
        fs::write(folder.join(name), pem).expect("the folder is the test's");
    }
    let variables = BTreeMap::<String, String>::new();
    Config::load_with(&file, &variables).unwrap_or_else(|errors| panic!("{errors}"))
}

fn every_key() -> BTreeSet<String> {
    let single = SECTIONS.iter().filter(|section| !section.repeated);
    let keys = single.flat_map(|section| section.keys.iter().map(|key| (section.path, key.name)));
    let compared = keys.filter(|key| !ELSEWHERE.contains(key));
    compared
        .map(|(section, key)| format!("[{section}] {key}"))
        .collect()
}

#[test]
fn each_key_that_differs_is_found_once_under_its_own_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let one = read(folder.path(), ONE);
    let other = read(folder.path(), &format!("{OTHER}{ONE}"));
    let changes = Changes::between(&one, &other);
    let found: Vec<_> = changes
        .settings
        .iter()
        .chain(&changes.needs_restart)
        .cloned()
        .collect();
    // The networks have no source of their own in the first file, so their kinds differ instead.
    let mut expected = every_key();
    expected.remove("[listen] trusted_proxies");
    assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), expected);
    assert_eq!(
        found.len(),
        expected.len(),
        "none is named twice: {found:?}"
    );
    let further = OTHER.replace("10.0.0.0/8", "10.0.0.0/9");
    let further = read(folder.path(), &format!("{further}{ONE}"));
    let changes = Changes::between(&other, &further);
    assert_eq!(changes.settings, ["[listen] trusted_proxies"]);
    assert!(changes.needs_restart.is_empty(), "{changes:?}");
}

#[test]
fn lines_that_move_are_no_change() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let one = read(folder.path(), &format!("{OTHER}{ONE}"));
    let moved = read(folder.path(), &format!("# A comment.\n\n{OTHER}\n\n{ONE}"));
    let changes = Changes::between(&one, &moved);
    assert!(changes.is_empty(), "{changes:?}");
}

#[test]
fn running_gateway_keeps_exactly_what_needs_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let running = read(folder.path(), ONE);
    let file = read(folder.path(), &format!("{OTHER}{ONE}"));
    let taken = file.clone().without_restart(&running);
    let taken_now = Changes::between(&running, &taken);
    assert!(taken_now.needs_restart.is_empty(), "{taken_now:?}");
    assert_eq!(
        taken_now.settings,
        Changes::between(&running, &file).settings
    );
    let left = Changes::between(&taken, &file);
    assert!(left.settings.is_empty(), "{left:?}");
    // Named again by each later reload, until somebody restarts.
    assert_eq!(
        left.needs_restart,
        Changes::between(&running, &file).needs_restart
    );
}

#[test]
fn tables_are_compared_by_name_and_secrets_by_content() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let one = read(folder.path(), ONE);
    let other = ONE
        .replace("name = \"gone\"", "name = \"new\"")
        .replace("{ value = \"secret\" }", "{ value = \"another\" }")
        .replace("shop secret", "another shop secret")
        .replace(
            "prefix = \"/live\"",
            "prefix = \"/live\"\nlast_chance = false",
        );
    let other = read(folder.path(), &other);
    let changes = Changes::between(&one, &other);
    assert_eq!(changes.accounts.added, ["new"]);
    assert_eq!(changes.accounts.removed, ["gone"]);
    assert_eq!(changes.accounts.changed, ["kept"]);
    assert_eq!(changes.apps.changed, ["shop"]);
    assert_eq!(changes.routes.changed, ["ups production /live"]);
    assert!(changes.settings.is_empty() && changes.needs_restart.is_empty());
    let switched = other.switched_accounts(&one);
    assert_eq!(
        switched.iter().map(AccountId::as_str).collect::<Vec<_>>(),
        ["new"]
    );
}
