//! Where secrets come from, and that they go nowhere.

use super::{ROUTE, World};

const PLANTED: &str = "planted-7c1f";

fn account(secret: &str) -> String {
    format!(
        "{ROUTE}[[account]]\nname = \"main\"\ncarrier = \"ups\"\nenvironment = \"test\"\n\
         client_id = \"id\"\nclient_secret = {secret}\n"
    )
}

#[track_caller]
fn refused(world: &World, words: &str) {
    let errors = world.load().expect_err("it is wrong");
    let text = errors.to_string();
    assert_eq!(errors.mistakes().len(), 1, "{text}");
    assert!(text.contains(words), "{text}");
    assert!(
        !text.contains(PLANTED) && !format!("{errors:?}").contains(PLANTED),
        "{text}"
    );
}

#[test]
fn secret_is_taken_from_each_source_and_shown_by_none() {
    let value = World::new(&account(&format!("{{ value = \"{PLANTED}\" }}")));
    let env = World::new(&account("{ env = \"S\" }")).var("S", PLANTED);
    let file = World::new(&account("{ file = \"s\" }"));
    file.write("s", &format!("{PLANTED}\r\n"));
    for world in [value, env, file] {
        let config = world.config();
        assert_eq!(config.accounts[0].client_secret().expose(), PLANTED);
        assert!(!format!("{config:?}").contains(PLANTED));
    }
}

/// A secret in the file itself needs a file that nobody else can read.
#[test]
fn value_in_a_file_that_others_can_read_is_refused() {
    let world = World::new(&account(&format!("{{ value = \"{PLANTED}\" }}")));
    for mode in [0o640, 0o604, 0o644] {
        world.mode("waybill.toml", mode);
        refused(&world, "others than its owner can read");
    }
    world.mode("waybill.toml", 0o400);
    world.config();
}

#[test]
fn secret_that_is_not_there_is_named_by_its_source() {
    refused(
        &World::new(&account("{ env = \"NOBODY_SET_IT\" }")),
        "\"NOBODY_SET_IT\" is not set",
    );
    refused(
        &World::new(&account("{ file = \"absent\" }")),
        "absent cannot be read",
    );
    refused(&World::new(&account("{ file = \".\" }")), "cannot be read");
}

#[test]
fn secret_that_cannot_be_one_is_refused() {
    refused(&World::new(&account("{ value = \"\" }")), "is empty");
    refused(
        &World::new(&account("{ env = \"S\" }")).var("S", ""),
        "is empty",
    );
    let two = format!("{{ value = \"{PLANTED}\\n{PLANTED}\" }}");
    refused(&World::new(&account(&two)), "holds a line break");
    let file = World::new(&account("{ file = \"s\" }"));
    file.write("s", &PLANTED.repeat(10_000));
    refused(&file, "is longer than 64KiB");
}

#[test]
fn secret_in_a_wrong_form_is_refused_without_quoting_it() {
    for form in [
        format!("\"{PLANTED}\""),
        format!("[\"{PLANTED}\"]"),
        "{}".into(),
        format!("{{ value = \"{PLANTED}\", env = \"S\" }}"),
        "{ value = 5 }".into(),
    ] {
        refused(&World::new(&account(&form)), "client_secret is ");
    }
    refused(
        &World::new(&account(&format!("{{ vale = \"{PLANTED}\" }}"))),
        "write value",
    );
}

/// A secret pasted where the id belongs must not be shown either.
#[test]
fn client_id_that_is_refused_is_not_quoted() {
    let text = account("{ env = \"S\" }").replace("\"id\"", &format!("\"{PLANTED}:{PLANTED}\""));
    refused(&World::new(&text).var("S", "x"), "a colon");
}
