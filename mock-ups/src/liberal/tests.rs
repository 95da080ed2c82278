use proptest::prelude::*;
use serde::Deserialize;

use super::{Flag, Lines, Many, Opt, Text, Unread, members, read};
use super::{holds_control_character, is_json, thousandths};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sample<'a> {
    #[serde(borrow)]
    text: Text<'a>,
    flag: Flag,
    #[serde(borrow)]
    one: Opt<Inner<'a>>,
    #[serde(borrow)]
    many: Many<Inner<'a>>,
    #[serde(borrow)]
    lines: Lines<'a>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Inner<'a> {
    #[serde(borrow)]
    code: Text<'a>,
}

members!('a, Inner<'a> { "code" => code });

/// What can be read both ways.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Both<'a> {
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    maybe: Option<Text<'a>>,
    flag: Flag,
    #[serde(borrow)]
    one: Opt<Inner<'a>>,
    #[serde(borrow)]
    many: Many<Inner<'a>>,
}

members!('a, Both<'a> {
    "text" => text, "maybe" => maybe, "flag" => flag, "one" => one, "many" => many,
});

impl PartialEq for Both<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
            && self.maybe == other.maybe
            && self.flag == other.flag
            && self.one.0 == other.one.0
            && self.many.0 == other.many.0
    }
}

/// Pieces of JSON, right and wrong, of which texts are strung together.
fn pieces() -> impl Strategy<Value = String> {
    let words = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        " ",
        "\n",
        "\"text\":",
        "\"maybe\":",
        "\"flag\":",
        "\"one\":",
        "\"many\":",
        "\"code\":",
        "\"other\":",
        "\"te\\u0078t\":",
        "\"\"",
        "\"plain\"",
        "\"twelve bytes\"",
        "\"a\\tb\"",
        "\"\\ud800\"",
        "\"\\ud83d\\ude00\"",
        "\"\\x\"",
        "\"\u{e9}\"",
        "\"raw\nline\"",
        "null",
        "true",
        "false",
        "nul",
        "0",
        "-0",
        "7",
        "1.5",
        "1e2",
        "1e999",
        "01",
        "12345678901234567890",
        "-",
        "{\"code\":1}",
        "{\"code\":\"a\"},",
        "{\"text\":\"x\",",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..12).prop_map(|all| all.concat())
}

/// A list among the items of a list is where the two differ: `serde` reads it as members in order.
fn holds_nested_list(value: &serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::Array(items) => items
            .iter()
            .any(|item| item.is_array() || holds_nested_list(item)),
        Value::Object(members) => members.values().any(holds_nested_list),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn reads_alike(text: &str) -> Result<(), TestCaseError> {
    let nested = serde_json::from_str(text).is_ok_and(|value| holds_nested_list(&value));
    prop_assume!(!nested && !text.trim_start().starts_with('['));
    let by_serde = serde_json::from_str::<Both<'_>>(text).map_err(|_| Unread);
    prop_assert_eq!(by_serde, read::<Both<'_>>(text), "{}", text);
    Ok(())
}

proptest! {
    #[test]
    fn reader_reads_what_serde_reads(text in pieces()) {
        reads_alike(&text)?;
    }

    #[test]
    fn reader_reads_members_as_serde_does(
        values in prop::collection::vec((0..6_usize, pieces()), 1..5),
    ) {
        let names = ["text", "maybe", "flag", "one", "many", "other"];
        let members: Vec<_> = values
            .iter()
            .map(|(name, value)| format!("\"{}\": {value}", names[*name]))
            .collect();
        reads_alike(&format!("{{{}}}", members.join(",")))?;
    }
}

#[test]
fn reader_is_as_strict_as_serde_with_what_stands_for_an_object() {
    for value in ["1e999", r#""\ud800""#, r#""\x""#, "1e2", "nul", "null"] {
        for name in ["one", "many", "flag", "other"] {
            reads_alike(&format!(r#"{{"{name}":{value}}}"#)).expect(name);
        }
    }
}

#[test]
fn reader_reads_what_clients_send() {
    let text = r#"{"text":"a name of more than eight bytes","maybe":7,"flag":"","other":{"x":[1,"\""]},
        "one":[{"code":"01"},{"code":"02"}],"many":[{"code":"A\u0042"},{"code":null}]}"#;
    let both: Both<'_> = read(text).expect("JSON");
    assert_eq!(both.text.as_str(), "a name of more than eight bytes");
    assert_eq!(both.maybe.expect("there").as_str(), "7");
    assert!(both.flag.0);
    assert_eq!(both.one.as_ref().expect("first").code.as_str(), "01");
    assert_eq!(both.many.0[0].code.as_str(), "AB");
    assert_eq!(both.many.0[1].code.present(), None);
}

#[test]
fn reader_refuses_a_member_that_comes_twice_and_text_after_the_end() {
    for text in [
        r#"{"text":"a","text":"b"}"#,
        r#"{"text":"a"} x"#,
        r#"{"text":"a",}"#,
        r#"{"text":{}}"#,
        r#"{"many":[[]]}"#,
        r#"{"text":"a"#,
        r#"{"text":"a\"#,
        "",
    ] {
        assert_eq!(read::<Both<'_>>(text), Err(Unread), "{text}");
    }
}

#[test]
fn reader_gives_up_on_depth_without_overflowing() {
    let text = format!(
        "{{\"other\":{}{}}}",
        "[".repeat(400_000),
        "]".repeat(400_000)
    );
    assert_eq!(read::<Both<'_>>(&text), Err(Unread));
    assert!(is_json(br#"{"other":[[]]}"#));
}

#[test]
fn objects_lists_and_scalars_stand_in_for_each_other() {
    let read = |text: &'static str| serde_json::from_str::<Sample<'_>>(text).expect("liberal");
    let sample =
        read(r#"{"text":7,"flag":"","one":[{"code":1.5}],"many":{"code":"a"},"lines":"l","x":[]}"#);
    assert_eq!(sample.text.as_str(), "7");
    assert!(sample.flag.0);
    assert_eq!(sample.one.as_ref().expect("first").code.as_str(), "1.5");
    assert_eq!(sample.many.0.len(), 1);
    assert_eq!(sample.lines.0[0].as_str(), "l");

    let sample = read(r#"{"one":"","many":null,"flag":null,"text":null,"lines":["a",2]}"#);
    assert!(sample.one.as_ref().is_none() && sample.many.0.is_empty() && !sample.flag.0);
    assert_eq!(sample.text.present(), None);
    assert_eq!(sample.lines.0.len(), 2);
}

#[test]
fn endless_lists_are_cut() {
    let text = format!(
        r#"{{"many":[{0}{{}}],"lines":[{1}1]}}"#,
        "{},".repeat(9_999),
        "1,".repeat(9_999)
    );
    let sample: Sample<'_> = serde_json::from_str(&text).expect("liberal");
    assert_eq!((sample.many.0.len(), sample.lines.0.len()), (256, 256));
}

#[test]
fn thousandths_reads_plain_decimals_only() {
    for (text, value) in [
        ("7.874", Some(7874)),
        ("5", Some(5000)),
        (".5", Some(500)),
        ("10.", Some(10_000)),
        ("0.0001", Some(1)),
        ("-1", Some(-1000)),
        ("", None),
        (".", None),
        ("1e9", None),
        ("12345678901", None),
        ("NaN", None),
        ("1.2.3", None),
    ] {
        assert_eq!(thousandths(text), value, "{text}");
    }
}

#[test]
fn control_characters_are_found_raw_and_escaped() {
    assert!(holds_control_character(br#"{"a":"x\b"}"#));
    assert!(holds_control_character(br#"{"a":"\u0001"}"#));
    assert!(holds_control_character(b"{\"a\":\"\x01\"}"));
    assert!(!holds_control_character(br#"{"a":"\\b \n \u0009 \u00e9"}"#));
    assert!(!holds_control_character(b"{\n\t\"a\": 1}\r\n"));
    assert!(!holds_control_character(br#"{"a":"\"#));
}
