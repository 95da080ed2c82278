//! Store, consent, reminders, and the longer lists of accounts and apps.

use super::{ACCOUNT, ROUTE, World};
use crate::{AdminAccess, MailServer, load_plugins, load_store};
use gateway_model::{GrantKind, RateLimit};
use gateway_model::{MasterKeySource, StoreUrl};
use std::num::NonZeroU32;

const PLANTED: &str = "planted-0b5d";
const REALM: &str = "carrier = \"ups\"\nenvironment = \"test\"\n";

/// The text has exactly one mistake; it has the words and not the secret.
#[track_caller]
fn one(world: &World, words: &str) {
    let mistakes = world.mistakes();
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(mistakes[0].contains(words), "{mistakes:#?}");
    assert!(!mistakes[0].contains(PLANTED), "{mistakes:#?}");
}

fn postgres(url: &str) -> World {
    World::new(&format!(
        "[store]\nurl = {url}\nmaster_key = {{ file = \"k\" }}\n"
    ))
}

#[test]
fn store_url_comes_from_the_file_a_variable_or_a_secret() {
    let url = format!("postgres://u:{PLANTED}@h/d");
    let in_file = postgres(&format!("\"{url}\""));
    let variable = postgres("\"memory:\"").var("WAYBILL_STORE_URL", &url);
    let secret = postgres("{ env = \"DB\" }").var("DB", &url);
    let file = postgres("{ file = \"db\" }");
    file.write("db", &format!("{url}\n"));
    for world in [in_file, variable, secret, file] {
        let config = world.config();
        assert!(matches!(&config.store.url, StoreUrl::Postgres(found) if found.expose() == url));
        assert!(!format!("{config:?}").contains(PLANTED));
    }
}

#[test]
fn listen_url_is_read_like_the_url_and_only_for_postgresql() {
    let url = format!("postgres://u:{PLANTED}@direct/d");
    let text = |listen: &str| {
        format!(
            "[store]\nurl = \"postgres://h/d\"\nmaster_key = {{ file = \"k\" }}\nlisten_url = {listen}\n"
        )
    };
    let in_file = World::new(&text(&format!("\"{url}\"")));
    let variable = World::new(&text("\"postgres://x/d\"")).var("WAYBILL_STORE_LISTEN_URL", &url);
    let secret = World::new(&text("{ env = \"DB\" }")).var("DB", &url);
    for world in [in_file, variable, secret] {
        let config = world.config();
        let found = config.store.listen_url.as_ref();
        assert_eq!(found.map(gateway_model::Secret::expose), Some(url.as_str()));
        assert!(!format!("{config:?}").contains(PLANTED));
    }
    let world = World::new(&text(&format!("\"{url}\"")));
    world.mode("waybill.toml", 0o644);
    one(&world, "holds a password and stands in a file that others");
    let sqlite = World::new(&text("\"sqlite://waybill.db\""));
    one(&sqlite, "is not the URL of a PostgreSQL database");
    for url in ["sqlite://waybill.db", "memory:"] {
        let text = format!("[store]\nurl = \"{url}\"\nlisten_url = \"postgres://h/d\"\n");
        one(
            &World::new(&text),
            "listen_url is for a store in PostgreSQL, and `url` names another one; remove it",
        );
    }
}

/// A password in the file itself needs a file that nobody else can read.
#[test]
fn store_password_in_a_file_that_others_can_read_is_refused() {
    let world = postgres(&format!("\"postgres://u:{PLANTED}@h/d\""));
    world.mode("waybill.toml", 0o644);
    one(&world, "holds a password and stands in a file that others");
    let world = postgres("\"postgres://u@h/d\"");
    world.mode("waybill.toml", 0o644);
    world.config();
}

#[test]
fn store_mistakes_say_what_to_write() {
    let url = "[store]\nurl = \"postgres://h/d\"\n";
    one(
        &World::new(url),
        "[store] has no master_key; write master_key = { file",
    );
    for (key, words) in [
        ("\"planted-0b5d\"", "master_key is a text"),
        ("{}", "master_key is not exactly one source of a key"),
        (
            "{ file = \"a\", env = \"b\" }",
            "not exactly one source of a key",
        ),
        ("{ fil = \"a\" }", "has no key \"fil\"; write file"),
        ("{ file = \"\" }", "master_key file is empty"),
        (
            "{ env = \"NOBODY_SET_IT\" }",
            "\"NOBODY_SET_IT\" is not set",
        ),
        ("{ command = \"cat\" }", "master_key command is a text"),
        ("{ command = [] }", "is not a program and its arguments"),
        (
            "{ command = [\"cat\", 5] }",
            "is not a program and its arguments",
        ),
    ] {
        one(&World::new(&format!("{url}master_key = {key}\n")), words);
    }
    let old = format!("{url}master_key = {{ file = \"k\" }}\nold_keys = {{ file = \"a\" }}\n");
    one(&World::new(&old), "old_keys is a table");
}

#[test]
fn master_keys_are_read_from_each_source() {
    let text = "[store]\nurl = \"sqlite:db/w.db\"\nmaster_key = { command = [\"age\", \"-d\"] }\n\
                old_keys = [{ file = \"old\" }, { env = \"OLD\" }]\n";
    let world = World::new(text).var("OLD", PLANTED);
    let store = world.config().store;
    assert!(
        matches!(&store.master_key, MasterKeySource::Command(words) if words == &["age", "-d"])
    );
    let [MasterKeySource::File(file), MasterKeySource::Env(name)] = store.old_keys.as_slice()
    else {
        panic!("{:?}", store.old_keys);
    };
    assert_eq!(
        (file, name.as_str()),
        (&world.folder.path().join("old"), "OLD")
    );
}

#[test]
fn key_of_a_store_in_memory_is_noted() {
    let config = World::new("[store]\nmaster_key = { file = \"k\" }\n").config();
    assert!(matches!(
        config.store.master_key,
        MasterKeySource::Ephemeral
    ));
    assert!(
        config
            .notes
            .iter()
            .any(|note| note.message.contains("master_key is not used"))
    );
}

#[test]
fn settings_that_the_lock_file_replaces_are_noted_and_still_read() {
    let digest = "0".repeat(64);
    let text = format!("[plugins]\nrequire_pins = true\npins = {{ ups = \"{digest}\" }}\n");
    let config = World::new(&text).config();
    let policy = &config.plugins.policy;
    assert!(policy.require_trusted && policy.pins.contains_key("ups"));
    let noted = |text: &str| config.notes.iter().any(|note| note.message.contains(text));
    assert!(noted("pins is replaced") && noted("waybill plugin lock"));
    assert!(noted("require_pins is replaced") && noted("require_trusted"));
}

#[test]
fn redirect_uri_is_kept_letter_by_letter() {
    let uri = "HTTPS://Waybill.example/oauth/callback";
    let config = World::new(&format!("[consent]\nredirect_uri = \"{uri}\"\n")).config();
    let admin = "127.0.0.1:4711".parse().expect("an address");
    // Carriers compare it byte by byte.
    assert_eq!(config.redirect_uri(admin), uri);
    let config = World::new("").config();
    assert_eq!(
        config.redirect_uri(admin),
        "http://127.0.0.1:4711/oauth/callback"
    );
    assert_eq!(config.consent.lifetime.as_secs(), 600);
}

#[test]
fn redirect_uri_of_an_admin_listener_with_tls_has_the_name_of_its_certificate() {
    let tls = "[listen.admin_tls]\ncert = \"c.pem\"\nkey = \"k.pem\"\n";
    let admin = "127.0.0.1:4711".parse().expect("an address");
    for (hosts, uri) in [
        ("", "https://127.0.0.1:4711/oauth/callback"),
        (
            "[listen]\nadmin_hosts = [\"waybill.internal\", \"other\"]\n",
            "https://waybill.internal:4711/oauth/callback",
        ),
    ] {
        let world = World::new(&format!("{hosts}{tls}"));
        for (name, label) in [("c.pem", "CERTIFICATE"), ("k.pem", "PRIVATE KEY")] {
            let pem = format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
            std::fs::write(world.folder.path().join(name), pem).expect("the test owns the folder");
        }
        assert_eq!(world.config().redirect_uri(admin), uri);
    }
}

#[test]
fn redirect_uri_that_cannot_be_registered_is_refused() {
    for (uri, words) in [
        ("/oauth/callback", "not an absolute address"),
        ("ftp://h/c", "neither http:// nor https://"),
        ("https://h/c?planted-0b5d=1", "has a query"),
        ("https://h/c#planted-0b5d", "has a fragment"),
        ("https://u:planted-0b5d@h/c", "names a user"),
        ("https://h/a b", "a space"),
    ] {
        one(
            &World::new(&format!("[consent]\nredirect_uri = \"{uri}\"\n")),
            words,
        );
    }
    one(
        &World::new("[consent]\nlifetime = \"2h\"\n"),
        "lifetime is out of range",
    );
}

#[test]
fn reminders_go_where_they_are_told() {
    let text = "
[reminders]
days_before = 14
zone = \"UTC\"
webhook = { url = \"https://hooks.example/x\", secret = { value = \"planted-0b5d\" } }
[reminders.mail]
server = \"smtp://mail.example\"
from = \"Waybill <waybill@example.com>\"
to = [\"ops@example.com\", \"Boss <boss@example.com>\"]
username = \"waybill\"
password = { value = \"planted-0b5d\" }
";
    let config = World::new(text).config();
    assert!(!format!("{config:?}").contains(PLANTED));
    let reminders = config.reminders;
    assert_eq!(reminders.before.as_secs(), 14 * 24 * 60 * 60);
    assert_eq!(
        reminders
            .zone
            .and_then(|z| z.iana_name().map(str::to_owned))
            .as_deref(),
        Some("UTC")
    );
    assert_eq!(reminders.webhook.expect("given").secret.expose(), PLANTED);
    let mail = reminders.mail.expect("given");
    let server = MailServer {
        implicit_tls: false,
        host: "mail.example".into(),
        port: 587,
    };
    assert_eq!(mail.server, server);
    assert_eq!(mail.to.len(), 2);
    assert_eq!(mail.login.expect("given").username, "waybill");
}

#[test]
fn reminders_that_would_reach_nobody_are_refused() {
    let mail = "[reminders.mail]\nserver = \"smtps://h\"\nfrom = \"a@b.example\"\n";
    for (text, words) in [
        (
            "[reminders]\ndays_before = 0".to_owned(),
            "days_before is out of range",
        ),
        (
            "[reminders]\nzone = \"Mars/Base\"".to_owned(),
            "is not a time zone",
        ),
        (format!("{mail}to = []"), "to is empty"),
        (
            format!("{mail}to = \"nobody\""),
            "\"nobody\" is not a mail address",
        ),
        (mail.to_owned(), "[reminders.mail] has no to"),
        (
            format!("{mail}to = \"a@b.example\"\nusername = \"u\""),
            "has a username but no password",
        ),
        (
            format!("{mail}to = \"a@b.example\"").replace("smtps://h", "smtps://u:planted-0b5d@h"),
            "names a user",
        ),
        (
            format!("{mail}to = \"a@b.example\"").replace("smtps://h", "imap://h"),
            "neither smtp:// nor smtps://",
        ),
        (
            "[reminders.webhook]\nsecret = { value = \"planted-0b5d\" }".to_owned(),
            "[reminders.webhook] has no url",
        ),
        (
            "[reminders.webhook]\nurl = \"mailto:planted-0b5d\"\nsecret = { value = \"s\" }"
                .to_owned(),
            "not an absolute http or https address",
        ),
    ] {
        one(&World::new(&text), words);
    }
}

#[test]
fn account_has_everything_that_rotation_and_consent_need() {
    let text = format!(
        "{ROUTE}[[account]]\nname = \"main\"\n{REALM}client_id = \"id\"\n\
         grant = \"authorization_code\"\naccount_numbers = [\"A1B2C3\", \"D4E5F6\"]\n\
         aliases = [\"old\", \"older\"]\ndefault = true\n\
         client_secrets = [{{ value = \"new\" }}, {{ value = \"planted-0b5d\" }}]\n"
    );
    let config = World::new(&text).config();
    let account = &config.accounts[0];
    assert_eq!(account.grant, GrantKind::AuthorizationCode);
    let numbers: Vec<&str> = account.account_numbers.iter().map(|n| n.as_str()).collect();
    assert_eq!(numbers, ["A1B2C3", "D4E5F6"]);
    assert_eq!(account.aliases.len(), 2);
    let secrets: Vec<&str> = account.client_secrets.iter().map(|s| s.expose()).collect();
    assert_eq!(secrets, ["new", PLANTED]);
    assert!(account.active && account.default);
}

#[test]
fn account_that_contradicts_itself_is_refused() {
    let account = |rest: &str| World::new(&format!("{ROUTE}{ACCOUNT}{rest}\n"));
    for (rest, words) in [
        (
            "client_secrets = [{ value = \"planted-0b5d\" }]",
            "has both client_secret and client_secrets",
        ),
        (
            "account_number = \"A1B2C3\"\naccount_numbers = [\"D4E5F6\"]",
            "has both account_number and",
        ),
        (
            "account_numbers = [\"A1B2C3\", \"A1B2C3\"]",
            "lists A1B2C3 twice",
        ),
        ("grant = \"password\"", "\"password\" is not a grant"),
        ("aliases = [\"main\"]", "two accounts are called main"),
        (
            "active = false\ndefault = true",
            "is the default but not active",
        ),
    ] {
        one(&account(rest), words);
    }
    let none = ACCOUNT.replace("client_secret = { value = \"planted\" }\n", "");
    one(
        &World::new(&format!("{ROUTE}{none}")),
        "has no client_secret; write client_secret",
    );
    for (list, words) in [
        ("[]", "client_secrets is empty"),
        (
            "[{ value = \"planted-0b5d\" }, { value = \"planted-0b5d\" }]",
            "has one secret twice",
        ),
        ("{ value = \"planted-0b5d\" }", "client_secrets is a table"),
    ] {
        let world = World::new(&format!("{ROUTE}{none}client_secrets = {list}\n"));
        let mistakes = world.mistakes();
        assert!(mistakes.iter().any(|m| m.contains(words)), "{mistakes:#?}");
        assert!(!mistakes.concat().contains(PLANTED));
    }
}

#[test]
fn two_defaults_of_one_environment_are_refused() {
    let first = format!("{ACCOUNT}default = true\n");
    let second = first.replace("main", "second");
    one(
        &World::new(&format!("{ROUTE}{first}{second}")),
        "accounts main and second are both the default of ups, test",
    );
    let route = format!("{ROUTE}account = \"main\"\n");
    one(
        &World::new(&format!("{route}{ACCOUNT}{second}")),
        "are both the default of ups, test",
    );
    World::new(&format!("{route}{first}")).config();
}

/// Without the number nobody notices a sign-in with the wrong user.
#[test]
fn consent_account_without_a_number_is_noted() {
    let account = format!("{ACCOUNT}grant = \"authorization_code\"\n");
    let config = World::new(&format!("{ROUTE}{account}")).config();
    assert!(
        config
            .notes
            .iter()
            .any(|note| note.message.contains("has no account_number"))
    );
}

fn app(rest: &str) -> World {
    let app = "[[app]]\nname = \"shop\"\naccounts = [\"main\"]\n";
    World::new(&format!("{ROUTE}{ACCOUNT}{app}{rest}\n"))
}

#[test]
fn app_has_a_rate_and_retired_keys() {
    let config =
        app("rate = { per_second = 5 }\nlegacy_keys = [{ value = \"planted-0b5d\" }]").config();
    let app = &config.apps[0];
    assert_eq!(
        app.rate,
        Some(RateLimit {
            per_second: NonZeroU32::new(5).unwrap(),
            burst: NonZeroU32::new(5).unwrap(),
        })
    );
    assert_eq!(app.legacy_keys[0].expose(), PLANTED);
    assert!(app.login.is_none() && app.key.is_none());
}

#[test]
fn app_with_a_useless_rate_or_key_is_refused() {
    let key = "key = { value = \"k\" }\n";
    for (rest, words) in [
        ("rate = 5", "rate is a whole number"),
        (
            "rate = { burst = 5 }",
            "app \"shop\" rate has no per_second",
        ),
        ("rate = { per_second = 0 }", "per_second is out of range"),
        (
            "rate = { per_second = 1, bust = 2 }",
            "rate has no key \"bust\"; write burst",
        ),
        (
            "legacy_keys = [{ value = \"planted-0b5d \" }]",
            "holds a space",
        ),
        (
            "legacy_keys = [{ value = \"k\" }]",
            "two apps have the same key",
        ),
    ] {
        one(&app(&format!("{key}{rest}")), words);
    }
}

/// A command is often run without the secrets of the gateway.
#[test]
fn parts_are_read_without_the_rest() {
    let text = "[listen]\nadmin = \"127.0.0.1:9\"\n[listen.admin_tls]\ncert = \"c.pem\"\nkey = \"absent\"\n[admin]\ntoken_file = \"t\"\n\
                [store]\nurl = \"sqlite:w.db\"\n[plugins]\nstrict = true\n[[account]]\nclient_secret = { env = \"ABSENT\" }\n";
    let world = World::new(text);
    world.load().expect_err("the account is not complete");
    let file = world.folder.path().join("waybill.toml");
    let access = AdminAccess::load(&file, &world.variables).expect("its keys are right");
    assert_eq!(access.listener.port(), 9);
    assert_eq!(access.certificate, Some(world.folder.path().join("c.pem")));
    assert_eq!(access.token_file, world.folder.path().join("t"));
    let store = load_store(&file, &world.variables).expect("its keys are right");
    assert!(matches!(store.url, StoreUrl::Sqlite(_)));
    let plugins = load_plugins(&file, &world.variables).expect("its keys are right");
    assert!(plugins.policy.strict);
}

/// What stands in the store is named by commands, because the file is read without it.
#[test]
fn account_that_may_be_in_the_store_is_refused_with_the_commands() {
    let route = format!("{ROUTE}account = \"stored\"\n");
    let fix = "add an [[account]] with name = \"stored\"";
    let [mistake] = <[String; 1]>::try_from(World::new(&route).mistakes()).expect("one mistake");
    assert!(mistake.ends_with(fix), "{mistake}");
    let lasting = format!("[store]\nurl = \"sqlite:w.db\"\n{route}");
    one(
        &World::new(&lasting),
        &format!("{fix}, or remove it here and"),
    );
}
