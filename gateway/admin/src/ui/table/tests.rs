//! The addresses, orders and pages of a table.

use super::*;
use askama::Template;

const KIND: TableKind<Compare<u32>> = TableKind {
    path: "/ui/numbers",
    hint: "a number",
    usual: "number",
    keeps: &["kept"],
    columns: &[
        Column::sorts("Number", "number", Ord::cmp),
        Column::newest_first("Last digit", "digit", |one, other| {
            (one % 10).cmp(&(other % 10))
        }),
        Column::plain("Facts"),
    ],
};

fn page(query: &str, rows: u32) -> (Vec<u32>, Table) {
    KIND.page(Asked::parse(query), (0..rows).collect(), |row| {
        vec![row.to_string().into()]
    })
}

fn html(template: &impl Template) -> String {
    template.render().expect("it goes to memory")
}

#[test]
fn rows_are_found_sorted_and_cut_into_pages() {
    for (query, first, count) in [
        ("", 0, 50),
        ("page=2", 100, 20),
        ("page=900", 100, 20),
        ("page=-1", 0, 50),
        ("page=99999999999999999999", 0, 50),
        ("page=18446744073709551615", 100, 20),
        ("sort=-number", 119, 50),
        ("sort=-digit", 9, 50),
        ("sort=digit&page=2", 48, 20),
        ("q=11", 11, 11),
        ("q=1+9", 19, 4),
        ("q=nobody", 0, 0),
        ("sort=nothing", 0, 50),
        ("sort=-", 0, 50),
        ("sort=&q=&page=", 0, 50),
        ("%ff=%ff&q=%", 0, 0),
    ] {
        let (rows, table) = page(query, 120);
        assert_eq!(rows.len(), count, "{query}");
        assert_eq!(rows.first().copied().unwrap_or_default(), first, "{query}");
        assert_eq!(table.range().len(), count, "{query}");
    }
}

#[test]
fn each_view_has_an_address_and_keeps_what_was_asked_before() {
    let (_, table) = page("kept=a%26b&dropped=1&q=1&sort=-digit&page=1", 1_000);
    let addresses: Vec<Option<&str>> = (table.heads.iter())
        .map(|it| it.address.as_deref())
        .collect();
    assert_eq!(
        addresses,
        [
            Some("/ui/numbers?kept=a%26b&q=1"),
            Some("/ui/numbers?kept=a%26b&q=1&sort=digit"),
            None
        ]
    );
    let next = table.next().expect("a further page");
    assert_eq!(next, "/ui/numbers?kept=a%26b&q=1&sort=-digit&page=2");
    assert_eq!(
        table.previous().as_deref(),
        Some("/ui/numbers?kept=a%26b&q=1&sort=-digit")
    );
    assert_eq!(
        table.with("kept", "7"),
        "/ui/numbers?kept=7&q=1&sort=-digit"
    );
    assert_eq!(table.everything(), "/ui/numbers?kept=a%26b");
    let head = html(&table.head());
    assert_eq!(head.matches("aria-sort").count(), 1, "{head}");
    assert!(head.contains("aria-sort=\"descending\""), "{head}");
    assert!(!head.contains("?kept=a%26b&q"), "escaped: {head}");
    let fields = html(&table.search());
    assert!(
        fields.contains("name=\"kept\" value=\"a&#38;b\""),
        "{fields}"
    );
    assert!(!fields.contains("dropped"), "{fields}");
    assert_eq!(fields.matches(" selected").count(), 1, "{fields}");
}

/// A search must not change the order by the way: a table whose rows come in no column's order keeps it.
#[test]
fn form_of_a_table_without_an_order_of_its_own_offers_to_keep_it() {
    let kind = TableKind { usual: "", ..KIND };
    for (query, chosen) in [("", "value=\"\""), ("sort=-number", "value=\"-number\"")] {
        let form = kind
            .page(Asked::parse(query), vec![1, 2, 3], |_| Vec::new())
            .1;
        let form = html(&form.search());
        assert!(form.contains(&format!("{chosen} selected")), "{form}");
        assert_eq!(form.matches(" selected").count(), 1, "{form}");
    }
    assert!(!html(&page("", 9).1.search()).contains("value=\"\">"));
}

#[test]
fn table_says_what_it_does_not_know_and_shows_text_as_text() {
    let long = "x".repeat(5_000);
    let asked = format!("q=%3Cb%3E{long}&sort=%3Cb%3E&page=7");
    let (rows, table) = page(&asked, 120);
    assert!(rows.is_empty());
    let said = format!("{}{}", html(&table.search()), html(&table.nothing()));
    assert!(said.contains("no column “&#60;b&#62;”"), "{said}");
    assert!(said.contains("first 100 characters"), "{said}");
    assert!(said.contains("the last one"), "{said}");
    assert!(!said.contains("<b>") && said.len() < 4_000, "{said}");
}

#[test]
fn short_table_has_no_form_unless_it_is_searched() {
    for (query, rows, form) in [
        ("", 2, false),
        ("", 3, true),
        ("q=1", 2, true),
        ("q=nobody", 0, true),
        ("q=+", 2, false),
    ] {
        let (_, table) = page(query, rows);
        assert_eq!(html(&table.search()).contains("<form"), form, "{query}");
        assert_eq!(
            table.is_at_its_beginning(),
            !query.contains("1") && !query.contains("nobody")
        );
    }
    assert!(!page("sort=-number", 9).1.is_at_its_beginning());
    assert!(!page("page=1", 90).1.is_at_its_beginning());
    assert!(page("sort=number&page=1", 9).1.is_at_its_beginning());
}
