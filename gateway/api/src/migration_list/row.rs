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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenRow {
    /// The line of the list, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub problem: String,
}

/// The fields of one row, and where it stands.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) fields: BTreeMap<&'static str, String>,
}

/// The field that a column or key means.
pub(super) fn field(name: &str) -> Option<&'static str> {
    // As spreadsheets and people write headings: blanks, hyphens, capitals.
    let name = name.trim().to_lowercase().replace([' ', '-'], "_");
    FIELDS.into_iter().find(|field| *field == name)
}
