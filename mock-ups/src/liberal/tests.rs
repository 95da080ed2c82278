use serde::Deserialize;

use super::{Flag, Lines, Many, Opt, Text, holds_control_character, thousandths};

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

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Inner<'a> {
    #[serde(borrow)]
    code: Text<'a>,
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
