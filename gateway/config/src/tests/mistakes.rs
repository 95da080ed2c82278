//! Every kind of mistake, with the line that reports it.

use super::{ACCOUNT, ROUTE, World};
use std::{fs, path::Path};

/// Everything at once, in the order of the file.
#[test]
fn mistakes_are_all_reported_with_their_places() {
    let text = r#"[listen]
apps = "127.0.0.1"
admn = "127.0.0.1:8081"
trust_loopback = "yes"

[wokers]
count = 1

[limits]
body = "10 bananas"
head_timeout = "2d"

[[route]]
carrier     = "ups"
environment = "tst"
account     = "mian"
origin      = "http://127.0.0.1:8099"

[[account]]
name = "main"
carrier = "ups"
environment = "test"
client_secret = "planted"
"#;
    let expected = [
        r#"2:9: [listen] apps: "127.0.0.1" is not an address and a port; write "127.0.0.1:8080", or a list of such texts"#,
        r#"3:1: [listen] has no key "admn"; write admin"#,
        r#"4:19: [listen] trust_loopback is a text; write true or false"#,
        r#"6:2: there is no section "wokers"; write workers"#,
        r#"10:9: [limits] body is not a size; write a size from "0B" to "1GiB" (units B, KiB, MiB, GiB)"#,
        r#"11:17: [limits] head_timeout is out of range; write a time from "100ms" to "10m" (units ms, s, m, h, d)"#,
        r#"15:16: [[route]] environment: an environment is "production" or "test"; write "production" or "test""#,
        r#"16:16: [[route]] names account mian, which does not exist; write "main""#,
        r#"17:16: [[route]] origin: http://127.0.0.1:8099 would carry secrets and tokens in clear; write https://, or add danger_plaintext_upstream = true for a mock on this machine"#,
        r#"19:1: account "main" has no client_id; write client_id = "the id that the carrier shows""#,
        r#"23:18: account "main" client_secret is a text; write { env = "VARIABLE" }, { file = "path" } or { value = "…" }"#,
    ];
    assert_eq!(World::new(text).mistakes(), expected);
}

/// The text has exactly one mistake, and its report contains the words.
#[track_caller]
fn one(text: &str, words: &str) {
    let mistakes = World::new(text).mistakes();
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(mistakes[0].contains(words), "{mistakes:#?}");
}

#[test]
fn values_of_a_wrong_type_are_refused() {
    one("listen = 1", "listen is a whole number; write [listen]");
    one("route = 1", "route is a whole number; write [[route]]");
    one(
        "[route]\ncarrier = \"ups\"",
        "route is a table; write [[route]]",
    );
    one("route = [1]", "route is a whole number; write [[route]]");
    one("[listen]\napps = 8080", "apps is a whole number");
    one(
        "[listen]\napps = [8080]",
        "apps is a list with a whole number in it",
    );
    one(
        "[listen]\ntls = \"cert.pem\"",
        "listen.tls is a text; write [listen.tls]",
    );
    one("[workers]\ncount = \"2\"", "count is a text");
    one("[workers]\ncount = -1", "count is out of range");
    one("[tokens]\nrenew_at = \"0.5\"", "renew_at is a text");
    one("[tokens]\nrenew_at = nan", "renew_at is out of range");
    one("[limits]\nbody = -1", "body is not a size");
    one(
        "[limits]\nhead_timeout = 5",
        "head_timeout is a whole number",
    );
    one("[plugins]\npins = []", "pins is a list");
    one(
        "[plugins]\ntrusted_keys = [\"RWQf6LRC\"]",
        "not a public key of minisign",
    );
}

#[test]
fn values_that_mean_nothing_are_refused() {
    one("[listen]\napps = []", "apps is empty");
    one(
        "[listen]\napps = [\"127.0.0.1:1\", \"127.0.0.1:1\"]",
        "is listed twice",
    );
    one(
        "[listen]\nadmin_hosts = \"http://a\"",
        "which is not a host name",
    );
    one("[log]\nformat = \"xml\"", "\"xml\" is not a format");
    one("[log]\nlevel = \"a=b=c\"", "is not a level");
    one(
        "[plugins]\npins = { ups = \"sha256:beef\" }",
        "64 hexadecimal digits",
    );
    one("[plugins]\ndir = \"\"", "dir is empty");
    one(
        "[store]\nurl = \"mysql://u:planted@h/d\"",
        "the store's URL is none of",
    );
    one("[store]\nurl = \"sqlite://\"", "needs a file");
    one("[fleet]\nname = \"gateway 1\"", "letters, digits, dots");
    one("[fleet]\nlease = \"500ms\"", "a time from \"1s\" to \"5m\"");
    one("[upstream]\nca_file = \"absent.pem\"", "cannot be read");
    one(
        &format!("{ROUTE}prefix = \"ups/\""),
        "is not a slash and one path segment",
    );
    one(
        &format!("{ROUTE}origin = \"https://u:planted@h\""),
        "has no user name and password",
    );
    one(
        &format!("{ROUTE}origin = \"https://h/api\""),
        "says more than scheme, host and port",
    );
}

#[test]
fn own_names_of_carriers_lead_to_a_plugin() {
    for (carriers, said) in [
        ("{ a = \"a\" }", "a is given as its own name"),
        ("{ a = \"b\", b = \"c\" }", "which is such a name itself"),
        ("{ \"A b\" = \"c\" }", "carriers of A b: "),
        ("{ a = [\"b\", \"c\"] }", "a list"),
    ] {
        one(&format!("{ROUTE}[plugins]\ncarriers = {carriers}"), said);
    }
}

#[test]
fn names_used_twice_are_refused() {
    one(
        &format!("{ROUTE}{ACCOUNT}{ACCOUNT}"),
        "two accounts are called main (the first in line 5)",
    );
    one(
        &format!("{ROUTE}prefix = \"/a\"\n{ROUTE}"),
        "two routes are for ups, test",
    );
    let other = ROUTE.replace("test", "production");
    one(
        &format!("{ROUTE}{other}"),
        "two routes have neither hosts nor prefix",
    );
    one(
        &format!("{ROUTE}prefix = \"/a\"\n{other}prefix = \"/a\""),
        "two routes have the prefix /a",
    );
    one(
        &format!("{ROUTE}hosts = \"a\"\n{other}hosts = [\"b\", \"A\"]"),
        "two routes have the host a",
    );
    let app = |name: &str, rest: &str| {
        format!("[[app]]\nname = \"{name}\"\naccounts = \"main\"\n{rest}\n")
    };
    let base = format!("{ROUTE}{ACCOUNT}");
    let key = |value: &str| format!("key = {{ value = \"{value}\" }}");
    one(
        &format!("{base}{}{}", app("a", &key("x")), app("a", &key("y"))),
        "two apps are called a",
    );
    one(
        &format!(
            "{base}{}{}",
            app("a", &key("planted")),
            app("b", &key("planted"))
        ),
        "two apps have the same key",
    );
    let login = "client_id = \"c\"\nclient_secret = { value = \"planted\" }";
    one(
        &format!("{base}{}{}", app("a", login), app("b", login)),
        "two apps have the client_id c",
    );
}

/// The environments never mix.
#[test]
fn production_and_test_are_kept_apart() {
    let live = ACCOUNT.replace("\"test\"", "\"production\"");
    one(
        &format!("{ROUTE}account = \"main\"\n{live}"),
        "account main is of ups, production, but the route is for ups, test; \
         write an account of ups, test",
    );
    let app = "[[app]]\nname = \"shop\"\nkey = { value = \"k\" }\naccounts = [\"main\"]\n";
    one(
        &format!("{ROUTE}{live}{app}"),
        "app \"shop\" may use account main, which is of ups, production, but no route is for that",
    );
}

#[test]
fn apps_that_could_do_nothing_are_refused() {
    let app = |rest: &str| format!("{ROUTE}{ACCOUNT}[[app]]\nname = \"shop\"\n{rest}\n");
    let secret = "client_secret = { value = \"planted\" }";
    one(&app("accounts = \"main\""), "has no way to prove who it is");
    one(
        &app("accounts = \"main\"\nclient_id = \"c\""),
        "no client_secret",
    );
    one(
        &app(&format!("accounts = \"main\"\n{secret}")),
        "no client_id",
    );
    one(
        &app("accounts = []\nkey = { value = \"k\" }"),
        "accounts is empty",
    );
    one(
        &app("accounts = [\"main\", \"main\"]\nkey = { value = \"k\" }"),
        "lists main twice",
    );
    one(
        &app("accounts = \"nobody\"\nkey = { value = \"k\" }"),
        "account nobody, which does not exist",
    );
    one(
        &app("accounts = \"main\"\nkey = { value = \"k\" }\ndefault = { ups = \"other\" }"),
        "default other is not among its accounts",
    );
    one(
        &app("accounts = \"main\"\nkey = { value = \"k\" }\ndefault = { fedex = \"main\" }"),
        "account main is of ups, not of fedex",
    );
    one(
        &app("accounts = \"main\"\nkey = { value = \"a b\" }"),
        "the key holds a space",
    );
}

#[test]
fn file_that_is_not_toml_is_refused_with_its_line() {
    for (text, line) in [
        ("[listen\n", "1:"),
        ("\n\napps = \n", "3:"),
        ("a = 1\na = 2", "2:"),
        ("key = planted", "1:"),
    ] {
        let mistakes = World::new(text).mistakes();
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert!(mistakes[0].starts_with(line), "{mistakes:?}");
        assert!(mistakes[0].contains("not TOML") && !mistakes[0].contains("planted"));
    }
}

#[test]
fn file_that_cannot_be_a_configuration_is_one_mistake() {
    let world = World::new("");
    let folder = world.folder.path();
    fs::write(folder.join("binary"), [0xff, 0xfe]).expect("ours");
    fs::write(folder.join("huge"), vec![b' '; 4 * 1024 * 1024 + 1]).expect("ours");
    for path in [
        Path::new("absent"),
        Path::new(""),
        Path::new("binary"),
        Path::new("huge"),
    ] {
        let result = super::Config::load_with(&folder.join(path), &world.variables);
        assert_eq!(
            result.expect_err("unusable").mistakes().len(),
            1,
            "{path:?}"
        );
    }
}

#[test]
fn huge_and_hostile_names_do_not_flood_the_report() {
    let text = format!("\"{}\" = 1\n\"\\u001b[2J\" = 1", "x".repeat(100_000));
    let report = World::new(&text).mistakes().join("\n");
    assert!(report.len() < 2_000, "{}", report.len());
    assert!(!report.contains('\u{1b}'));
}

/// The line shows no value: it may be a secret.
#[test]
fn text_without_quotes_is_refused_with_the_remedy() {
    for value in ["127.0.0.1:0", "2026-01-01", "planted"] {
        let mistakes = World::new(&format!("[listen]\napps = {value}\n")).mistakes();
        assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
        assert!(
            mistakes[0].starts_with("2:")
                && mistakes[0].ends_with("put text in quotes, as in apps = \"…\"")
                && !mistakes[0].contains(value),
            "{mistakes:#?}"
        );
    }
}

#[test]
fn listeners_at_one_address_are_refused() {
    for (apps, admin, refused) in [
        ("127.0.0.1:8081", "127.0.0.1:8081", true),
        ("0.0.0.0:8081", "127.0.0.1:8081", true),
        ("127.0.0.1:8081", "0.0.0.0:8081", true),
        ("[::]:8081", "[::1]:8081", true),
        ("127.0.0.2:8081", "127.0.0.1:8081", false),
        ("[::1]:8081", "127.0.0.1:8081", false),
        ("127.0.0.1:0", "127.0.0.1:0", false),
    ] {
        let text = format!("[listen]\napps = \"{apps}\"\nadmin = \"{admin}\"\n");
        let errors = World::new(&text).load().err();
        let words = errors.map(|errors| errors.to_string()).unwrap_or_default();
        let found = words.contains("are the same address and port");
        assert_eq!(found, refused, "{apps} {admin}: {words}");
    }
}
