//! One row of a list, whatever its format.

use std::collections::BTreeMap;

/// What a row or table may hold.
pub(super) const FIELDS: [&str; 5] = [
    "name",
    "account_number",
    "access_key",
    "user_id",
    "environment",
];

/// One broken row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BrokenRow {
    pub(super) line: u64,
    // As spreadsheets and people write headings: blanks, hyphens, capitals.
    pub(super) problem: String,
}

/// The fields of one row, and where it stands.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) fields: BTreeMap<&'static str, String>,
}

/// The field that a column or key means.
pub(super) fn field(name: &str) -> Option<&'static str> {
    let name = name.trim().to_lowercase().replace([' ', '-'], "_");
    FIELDS.into_iter().find(|field| *field == name)
}
