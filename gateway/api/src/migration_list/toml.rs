//! `[[profile]]` tables of a TOML file.

use super::row::{BrokenRow, FIELDS, Row, field};
use std::collections::BTreeMap;
use toml_span::value::{Table, ValueInner};

pub(super) fn rows(text: &str, broken: &mut Vec<BrokenRow>) -> Vec<Row> {
    // Counted once: a count from the file's start for each row would be quadratic.
    let newlines: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line_of = |at: usize| {
        let line = newlines.partition_point(|newline| *newline < at) + 1;
        u64::try_from(line).unwrap_or(u64::MAX)
    };
    let root = match toml_span::parse(text) {
        Ok(root) => root,
        Err(error) => {
            let line = line_of(error.span.start);
            // The parser's words may quote the line.
            let problem = "it is not TOML".to_owned();
            broken.push(BrokenRow { line, problem });
            return Vec::new();
        }
    };
    let mut rows = Vec::new();
    for (key, value) in root.as_table().into_iter().flatten() {
        let line = line_of(key.span.start);
        let ValueInner::Array(items) = value.as_ref() else {
            broken.push(only_profiles(line));
            continue;
        };
        if key.name != "profile" {
            broken.push(only_profiles(line));
            continue;
        }
        for item in items {
            let line = line_of(item.span.start);
            match item.as_ref() {
                ValueInner::Table(table) => rows.extend(row(table, line, broken)),
                ValueInner::String(_)
                | ValueInner::Integer(_)
                | ValueInner::Float(_)
                | ValueInner::Boolean(_)
                | ValueInner::Array(_) => broken.push(only_profiles(line)),
            }
        }
    }
    rows
}

fn only_profiles(line: u64) -> BrokenRow {
    let problem = "there may be [[profile]] tables only".to_owned();
    BrokenRow { line, problem }
}

fn row(table: &Table<'_>, line: u64, broken: &mut Vec<BrokenRow>) -> Option<Row> {
    let mut fields = BTreeMap::new();
    let mut problems = Vec::new();
    for (key, value) in table {
        match (field(&key.name), value.as_str()) {
            (Some(field), Some(text)) => {
                fields.insert(field, text.to_owned());
            }
            (Some(field), None) => problems.push(format!("{field} is not a text")),
            (None, _) => problems.push(format!("a key is none of {}", FIELDS.join(", "))),
        }
    }
    // A row with a problem is not used at all: half a row could become a wrong account.
    let whole = problems.is_empty();
    broken.extend(
        problems
            .into_iter()
            .map(|problem| BrokenRow { line, problem }),
    );
    whole.then_some(Row { line, fields })
}
