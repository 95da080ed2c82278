use super::{Json, Style};

#[test]
fn document_in_live_style_has_spaces_between_members_only() {
    let body = Json::document(Style::Spaced, 64, |json| {
        json.object("Status", |json| {
            json.text("Code", "1");
            json.text("Description", "Success");
        });
        json.array("Alert", [1, 2], |json, item| json.integer_text("n", item));
        json.strings("Lines", ["a", "b\u{8}\""]);
        json.hundredths("Money", -1205);
        json.prepared_tenths(r#""Billed":{"Weight":""#, 50);
        json.hundredths("Nothing", 0);
        json.money("Rate", "USD", 1234);
        json.hundredths("Most", i64::MIN);
        json.prepared_tenths(r#""Least":{"Weight":""#, -7);
        json.prepared_around(r#""Code":""#, "03", r#"", "Name":"""#);
    });
    assert_eq!(
        String::from_utf8(body).expect("text"),
        r#"{"Status":{"Code":"1", "Description":"Success"}, "Alert":[{"n":"1"}, {"n":"2"}], "#
            .to_owned()
            + r#""Lines":["a", "b\u0008\""], "Money":"-12.05", "Billed":{"Weight":"5.0"}, "#
            + r#""Nothing":"0.00", "Rate":{"CurrencyCode":"USD", "MonetaryValue":"12.34"}, "#
            + r#""Most":"-92233720368547758.08", "Least":{"Weight":"-0.7"}, "Code":"03", "Name":""}"#
    );
}

#[test]
fn list_with_one_item_is_an_object_unless_told_otherwise() {
    let render = |always: bool, items: &[i64]| {
        let body = Json::document(Style::Compact, 64, |json| {
            json.list("L", always, items.iter(), |json, item| {
                json.number("n", *item)
            });
        });
        String::from_utf8(body).expect("text")
    };
    assert_eq!(render(false, &[]), "{}");
    assert_eq!(render(false, &[7]), r#"{"L":{"n":7}}"#);
    assert_eq!(render(true, &[7]), r#"{"L":[{"n":7}]}"#);
    assert_eq!(render(false, &[7, 8]), r#"{"L":[{"n":7},{"n":8}]}"#);
}
