use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::{Indicator, Lines, Many, Opt, Text, members, read};
use super::{holds_control_character, is_json, thousandths};

#[derive(Debug, Default)]
struct Sample<'a> {
    text: Text<'a>,
    maybe: Option<Text<'a>>,
    flag: Indicator,
    one: Opt<Inner<'a>>,
    many: Many<Inner<'a>>,
    lines: Lines<'a>,
}

members!('a, Sample<'a> {
    "text" => text, "maybe" => maybe, "flag" => flag, "one" => one, "many" => many, "lines" => lines,
});

#[derive(Debug, Default, PartialEq)]
struct Inner<'a> {
    code: Text<'a>,
}

members!('a, Inner<'a> { "code" | "Code" => code });

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

/// What is no JSON is refused, and nothing makes the reader panic. `IgnoredAny` goes by the grammar alone: `1e999` is
/// JSON (RFC 8259 section 6), although no `Value` can hold it.
fn is_refused_unless_json(text: &str) -> Result<(), TestCaseError> {
    let read = read::<Sample<'_>>(text);
    prop_assert!(
        read.is_err() || serde_json::from_str::<IgnoredAny>(text).is_ok(),
        "{}",
        text
    );
    Ok(())
}

proptest! {
    #![proptest_config(tests_kit::properties(256))]

    #[test]
    fn reader_takes_nothing_but_json(text in pieces()) {
        is_refused_unless_json(&text)?;
    }

    #[test]
    fn reader_takes_nothing_but_json_in_members(
        values in prop::collection::vec((0..7_usize, pieces()), 1..5),
    ) {
        let names = ["text", "maybe", "flag", "one", "many", "lines", "other"];
        let members: Vec<_> = values
            .iter()
            .map(|(name, value)| format!("\"{}\": {value}", names[*name]))
            .collect();
        is_refused_unless_json(&format!("{{{}}}", members.join(",")))?;
    }
}

#[test]
fn what_stands_for_an_object_must_be_json() {
    for value in ["1e999", r#""\ud800""#, r#""\x""#, "nul"] {
        for name in ["one", "many", "other"] {
            let text = format!(r#"{{"{name}":{value}}}"#);
            let is_json = serde_json::from_str::<IgnoredAny>(&text).is_ok();
            let read = read::<Sample<'_>>(&text);
            assert!(read.is_err() || is_json, "{text}");
        }
    }
}

#[test]
fn reader_reads_what_clients_send() {
    let text = r#"{"text":"a name of more than eight bytes","maybe":7,"flag":"","other":{"x":[1,"\""]},
        "one":[{"code":"01"},{"code":"02"}],"many":[{"code":"A\u0042"},{"code":null}]}"#;
    let sample: Sample<'_> = read(text).expect("JSON");
    assert_eq!(sample.text.as_str(), "a name of more than eight bytes");
    assert_eq!(sample.maybe.expect("there").as_str(), "7");
    assert!(sample.flag.0);
    assert_eq!(sample.one.as_ref().expect("first").code.as_str(), "01");
    assert_eq!(sample.many.0[0].code.as_str(), "AB");
    assert_eq!(sample.many.0[1].code.present(), None);
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
        assert!(read::<Sample<'_>>(text).is_err(), "{text}");
    }
}

#[test]
fn reader_gives_up_on_depth_without_overflowing() {
    let text = format!(
        "{{\"other\":{}{}}}",
        "[".repeat(400_000),
        "]".repeat(400_000)
    );
    assert!(read::<Sample<'_>>(&text).is_err());
    assert!(is_json(br#"{"other":[[]]}"#));
}

#[test]
fn objects_lists_and_scalars_stand_in_for_each_other() {
    let read = |text: &'static str| read::<Sample<'_>>(text).expect("lenient");
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
fn indicators_are_off_by_null_and_false_only() {
    for (value, is_on) in [
        ("null", false),
        ("false", false),
        ("true", true),
        (r#""""#, true),
        (r#""N""#, true),
        ("{}", true),
    ] {
        let text = format!(r#"{{"flag":{value}}}"#);
        let sample: Sample<'_> = read(&text).expect("lenient");
        assert_eq!(sample.flag.0, is_on, "{value}");
    }
}

#[test]
fn endless_lists_are_cut() {
    let text = format!(
        r#"{{"many":[{0}{{}}],"lines":[{1}1]}}"#,
        "{},".repeat(9_999),
        "1,".repeat(9_999)
    );
    let sample: Sample<'_> = read(&text).expect("lenient");
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
