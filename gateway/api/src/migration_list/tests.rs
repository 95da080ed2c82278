use super::*;

const HEADER: &str = "name,account_number,access_key,user_id,environment\n";

fn format(is_toml: bool) -> Format {
    if is_toml { Format::Toml } else { Format::Csv }
}

fn broken(text: &str, is_toml: bool) -> Vec<(u64, String)> {
    let rows = parse(text, format(is_toml)).expect_err("it is broken");
    let all = format!("{rows:?}");
    assert!(!all.contains("planted"), "{all}");
    rows.into_iter()
        .map(|row| (row.line, row.problem))
        .collect()
}

#[test]
fn spreadsheets_in_their_ways_are_read() {
    for text in [
        format!("{HEADER}Shop,A1B2C3,planted-key,merchant,test\nDepot,D4E5F6,,,\n"),
        format!("\u{feff}{HEADER}Shop,A1B2C3,planted-key,merchant,test\r\nDepot,D4E5F6,,,\r\n"),
        "Name;Account Number;Access-Key;user_id;ENVIRONMENT\n\
         \"Shop\"; A1B2C3 ;planted-key;merchant;test\nDepot;D4E5F6;;;"
            .to_owned(),
    ] {
        let profiles = parse(&text, Format::Csv).expect("two rows");
        let names: Vec<&str> = profiles.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["Shop", "Depot"], "{text}");
        let key = profiles[0].access_key.as_ref().map(|key| key.0.expose());
        assert_eq!(key, Some("planted-key"));
        assert_eq!(profiles[0].environment.as_deref(), Some("test"));
        assert!(profiles[1].access_key.is_none() && profiles[1].environment.is_none());
    }
}

/// What bad input gets: every broken row with its line, and no secret.
#[test]
fn broken_rows_are_all_reported_with_their_lines() {
    let text = format!(
        "{HEADER}Shop,A1B2C3,k,u,test\n,,,,\nShop,A1B2C3,k,u,test\nX,not a number,planted key,u,cie\n\
         planted,planted\n"
    );
    let expected = [
        (3, "name is empty"),
        (3, "account_number is empty"),
        (4, "the name stands in line 2 already"),
        (5, "account_number is not a carrier's number"),
        (5, "environment is neither production nor test"),
        (5, "access_key holds a space or a character outside ASCII"),
        (6, "2 fields where the first line names 5"),
    ];
    let expected: Vec<(u64, String)> = expected
        .into_iter()
        .map(|(line, problem)| (line, problem.to_owned()))
        .collect();
    assert_eq!(broken(&text, false), expected);
    // As a form of a web page and some spreadsheets send it.
    assert_eq!(broken(&text.replace('\n', "\r\n"), false), expected);
}

#[test]
fn list_without_its_columns_is_refused() {
    for (text, words) in [
        ("", "the list is empty"),
        ("\u{feff}\r\n", "the list is empty"),
        ("Shop,A1B2C3,planted\n", "must name the columns"),
        ("name,name\n", "two columns are called name"),
        ("name,user_id\n", "no column account_number"),
        (HEADER, "the list is empty"),
        ("\u{0}planted", "must name the columns"),
    ] {
        let found = broken(text, false);
        assert_eq!(found.len(), 1, "{text:?} {found:?}");
        assert!(found[0].1.contains(words), "{text:?} {found:?}");
    }
}

#[test]
fn toml_list_is_read_and_its_mistakes_have_lines() {
    let good =
        "[[profile]]\nname = \"Shop\"\naccount_number = \"A1B2C3\"\naccess_key = \"planted\"\n";
    let found = parse(good, Format::Toml).expect("one profile");
    assert_eq!(found[0].account_number, "A1B2C3");
    let text = format!("other = \"planted\"\n{good}[[profile]]\nname = 5\nnmae = \"planted\"\n");
    let found = broken(&text, true);
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(
        found[0],
        (1, "there may be [[profile]] tables only".to_owned())
    );
    assert!(found[1..].iter().all(|(line, _)| *line == 6), "{found:?}");
    assert_eq!(
        broken("name = planted", true),
        [(1, "it is not TOML".to_owned())]
    );
}

#[test]
fn pasted_list_tells_its_format() {
    for (text, format) in [
        ("name,account_number\nShop,A1B2C3", Format::Csv),
        ("\u{feff}Name;Account Number\n", Format::Csv),
        ("", Format::Csv),
        (
            "\n# the shops\n\n[[profile]]\nname = \"Shop\"",
            Format::Toml,
        ),
    ] {
        assert_eq!(Format::of(text), format, "{text:?}");
    }
}

#[test]
fn list_may_hold_keys_unless_its_columns_say_otherwise() {
    for (text, may) in [
        ("name,account_number,user_id\nShop,A1B2C3,merchant", false),
        ("name,account_number,Access-Key\nShop,A1B2C3,planted", true),
        ("Shop,A1B2C3,planted", true),
        ("", true),
        ("[[profile]]\nname = \"Shop\"", false),
        ("[[profile]]\naccess_key = \"planted\"", true),
    ] {
        assert_eq!(may_hold_keys(text), may, "{text:?}");
    }
}
