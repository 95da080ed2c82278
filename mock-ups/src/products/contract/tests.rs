//! Declarations and what they refuse.

use serde_json::{Value, json};

use super::declaration::{check, parse};
use super::ledger::Ledger;
use super::refusal::Broken;

const DECLARATION: &str = "
@address
  city* text 1..5
  zip zip
id* token 2..4
kind one-of KG|Square Meters
to* object @address
  extra flag
items* list 1..2
  count* integer 1..9
  price number ..1.5
names each 1..2 text ..3
note? text 1..
day date
";

fn right() -> Value {
    json!({"id": "a-1", "kind": "Square Meters", "to": {"city": "Bonn", "extra": true},
        "items": [{"count": 9, "price": 1.5}], "names": ["abc"], "note": null, "day": "20240229"})
}

#[test]
fn each_rule_names_the_member_that_breaks_it() {
    let members = parse(DECLARATION).expect("it is a declaration");
    assert_eq!(check(&members, &right(), false), Ok(()));
    for (pointer, value, broken, field) in [
        ("/id", json!("a"), Broken::Length, "id"),
        ("/id", json!("a/1"), Broken::Value, "id"),
        ("/id", json!(12), Broken::Type, "id"),
        ("/id", Value::Null, Broken::Type, "id"),
        ("/kind", json!("kg"), Broken::Value, "kind"),
        ("/to", json!({}), Broken::Missing, "to.city"),
        ("/to/city", json!("Berlin"), Broken::Length, "to.city"),
        ("/to/extra", json!("true"), Broken::Type, "to.extra"),
        ("/items", json!([]), Broken::Missing, "items"),
        ("/items", json!([1]), Broken::Type, "items[0]"),
        ("/items/0/count", json!(1.5), Broken::Type, "items[0].count"),
        ("/items/0/count", json!(10), Broken::Value, "items[0].count"),
        (
            "/items/0/price",
            json!(1.6),
            Broken::Value,
            "items[0].price",
        ),
        ("/names", json!(["a", "abcd"]), Broken::Length, "names[1]"),
        ("/names", json!(["a", "b", "c"]), Broken::Length, "names"),
        ("/day", json!("20230229"), Broken::Value, "day"),
    ] {
        let mut body = right();
        *body.pointer_mut(pointer).expect("it is there") = value;
        let violation = check(&members, &body, false).expect_err(pointer);
        assert_eq!((violation.broken, &*violation.field), (broken, field));
    }
    assert!(check(&members, &json!([]), false).is_err());
}

#[test]
fn products_that_were_xml_are_lenient() {
    let members = parse(DECLARATION).expect("it is a declaration");
    let mut body = right();
    body["items"] = json!({"count": 1});
    body["id"] = json!(12);
    body["kind"] = Value::Null;
    assert_eq!(check(&members, &body, true), Ok(()));
    body["to"]["city"] = json!(" ");
    let violation = check(&members, &body, true).expect_err("it is blank");
    assert_eq!(violation.broken, Broken::Missing);
}

#[test]
fn mistakes_in_a_declaration_are_named() {
    for (text, named) in [
        ("a txt", "a txt"),
        ("a text x..", "a text"),
        ("a object @b", "@b"),
        ("a object\n    b text", "b text"),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn a_ledger_forgets_its_oldest_record() {
    let ledger = Ledger::bounded(2);
    for (key, record) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
        ledger.insert(key, record);
    }
    assert_eq!(ledger.with("a", |record| *record), None);
    assert_eq!(ledger.collect(|record| Some(*record)), [2, 4]);
    assert_eq!(ledger.with_or_new("d", |record| *record), 0);
    assert_eq!(ledger.collect(|record| Some(*record)), [4, 0]);
    assert_eq!((ledger.next_number(), ledger.next_number()), (1, 2));
    ledger.clear();
    assert_eq!((ledger.with("c", |_| ()), ledger.next_number()), (None, 1));
}
