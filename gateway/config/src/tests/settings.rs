//! `settings` of an account: values and secrets under names that a plugin defines.

use super::World;
use gateway_model::SettingName;
use serde_json::json;

const ACCOUNT: &str = "[[route]]\ncarrier = \"fedex\"\nenvironment = \"test\"\n[[account]]\nname = \"main\"\n\
     carrier = \"fedex\"\nenvironment = \"test\"\nclient_id = \"id\"\nclient_secret = { env = \"S\" }\n\
     default = true\n";

fn world(settings: &str) -> World {
    let text = format!("{ACCOUNT}[account.settings]\n{settings}\n");
    World::new(&text)
        .var("S", "planted")
        .var("CHILD", "planted-child")
}

fn name(text: &str) -> SettingName {
    text.parse().expect("a name")
}

#[test]
fn settings_keep_their_types_and_secrets_are_read_from_their_source() {
    let config = world(
        "child_key = \"k\"\nretries = 3\nstrict = true\nfields = { \"X-Key\" = \"a\" }\n\
         list = [\"a\", 1.5]\nchild_secret = { env = \"CHILD\" }",
    )
    .config();
    let account = &config.accounts[0];
    let plain = serde_json::to_value(&account.settings).expect("JSON");
    let wanted = json!({
        "child_key": "k", "retries": 3, "strict": true, "fields": { "X-Key": "a" }, "list": ["a", 1.5],
    });
    assert_eq!(plain, wanted);
    let secret = &account.secret_settings[&name("child_secret")];
    assert_eq!(secret.expose(), "planted-child");
    assert!(!format!("{config:?}").contains("planted"));
    for key in ["child_key", "child_secret", "client_id", "client_secret"] {
        assert!(account.places.contains_key(key), "{key}");
    }
}

#[test]
fn settings_that_cannot_be_are_refused_with_their_line() {
    for (settings, words) in [
        (
            "Child = 1",
            "12:1: account \"main\" settings: \"Child\" is not the name of a setting",
        ),
        (
            "origin = \"https://elsewhere.example\"",
            "it is a key of the account itself",
        ),
        (
            "size = inf",
            "12:8: account \"main\" settings size is a number that JSON has not",
        ),
        ("deep = [[[[[[[[1]]]]]]]]", "too deep"),
        (
            "key = { env = \"NOBODY_SET_IT\" }",
            "settings key: the environment variable",
        ),
        (
            "key = { value = \"\" }",
            "settings key: the secret is empty",
        ),
    ] {
        let mistakes = world(settings).mistakes();
        let [mistake] = mistakes.as_slice() else {
            panic!("{settings}: {mistakes:?}")
        };
        assert!(mistake.contains(words), "{settings}: {mistake}");
    }
    let text = format!("{ACCOUNT}settings = \"child\"\n");
    let mistakes = World::new(&text).var("S", "planted").mistakes();
    assert!(mistakes[0].contains("settings is a text"), "{mistakes:?}");
}
