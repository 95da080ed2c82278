//! The listing of settings: where each value is from, and no secret.

use super::World;
use crate::{Config, Place, Setting};

const TEXT: &str = r#"[listen]
apps = ["127.0.0.1:1", "127.0.0.1:2"]
[limits]
body = "2MiB"
[store]
url = "postgres://waybill:planted@db/waybill"
master_key = { command = ["cat", "planted"] }
old_keys = [{ file = "old.key" }]
[reminders.webhook]
url = "https://hooks.example/planted"
secret = { env = "HOOK" }
[[route]]
carrier = "ups"
environment = "test"
prefix = "/a"
[admin]
token_file = "a\"b.token"
[[account]]
name = "main"
carrier = "ups"
environment = "test"
client_id = "planted"
client_secret = { value = "planted" }
"#;

fn of<'c>(config: &'c Config, section: &str, key: &str) -> &'c Setting {
    let mut settings = config.settings.iter();
    let found = settings.find(|it| it.section == section && it.key == key);
    found.unwrap_or_else(|| panic!("{section} {key} is listed"))
}

#[test]
fn every_setting_is_listed_with_its_source() {
    let world = World::new(TEXT)
        .var("HOOK", "planted")
        .var("WAYBILL_LIMITS_HEAD", "9KiB");
    let config = world.config();
    let at = |line| Some(Place::At { line, column: 0 });
    let variable = Some(Place::Variable("WAYBILL_LIMITS_HEAD".to_owned()));
    for (section, key, value, place) in [
        (
            "[listen]",
            "apps",
            r#"["127.0.0.1:1", "127.0.0.1:2"]"#,
            at(2),
        ),
        ("[listen]", "admin", r#""127.0.0.1:8081""#, None),
        (
            "[listen]",
            "admin_hosts",
            "loopback names and addresses only",
            None,
        ),
        ("[limits]", "body", r#""2MiB""#, at(4)),
        ("[limits]", "head", r#""9KiB""#, variable),
        ("[store]", "url", "set", at(6)),
        ("[store]", "master_key", "set", at(7)),
        (
            "[store]",
            "old_keys",
            r#"set, from { file = "old.key" }"#,
            at(8),
        ),
        ("[reminders.webhook]", "url", "set", at(10)),
        (
            "[reminders.webhook]",
            "secret",
            r#"set, from { env = "HOOK" }"#,
            at(11),
        ),
        ("[[route]] 1", "prefix", r#""/a""#, at(15)),
        ("[admin]", "token_file", r#""a\"b.token""#, at(17)),
    ] {
        let setting = of(&config, section, key);
        assert_eq!(setting.value, value, "{section} {key}");
        let found = match &setting.place {
            Some(Place::At { line, .. }) => at(*line),
            other => other.clone(),
        };
        assert_eq!(found, place, "{section} {key}");
        assert_eq!(setting.secret, value.starts_with("set"), "{section} {key}");
    }
    let listed = format!("{:?}", config.settings);
    assert!(!listed.contains("planted"), "{listed}");
    assert!(!listed.contains("[[account]]") && !listed.contains("reminders.mail"));
}

#[test]
fn what_needs_a_restart_is_listed_as_it_runs() {
    let file = |apps: &str, body: &str| {
        format!("[listen]\napps = \"{apps}\"\n[limits]\nbody = \"{body}\"\n")
    };
    let running = World::new(&file("127.0.0.1:1", "2MiB")).config();
    let new = World::new(&file("127.0.0.1:2", "3MiB")).config();
    let new = new.without_restart(&running);
    let (apps, body) = (of(&new, "[listen]", "apps"), of(&new, "[limits]", "body"));
    assert_eq!(
        (apps.value.as_str(), apps.pending),
        (r#""127.0.0.1:1""#, true)
    );
    assert_eq!((body.value.as_str(), body.pending), (r#""3MiB""#, false));
}
