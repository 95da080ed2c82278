//! Rows of a CSV file; the first one names the columns.

use super::row::{BrokenRow, FIELDS, Row, field};
use ::csv::{ReaderBuilder, StringRecord, Trim};

pub(super) fn rows(text: &str, broken: &mut Vec<BrokenRow>) -> Vec<Row> {
    let mut reader = ReaderBuilder::new()
        .trim(Trim::All)
        // Flexible: a row with too few fields must be told with its line, not end the reading.
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let columns = match reader.headers() {
        Ok(header) => columns(header),
        Err(_) => Err("the first line does not name the columns".to_owned()),
    };
    let columns = match columns {
        Ok(columns) => columns,
        Err(problem) => {
            broken.push(BrokenRow { line: 1, problem });
            return Vec::new();
        }
    };
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, ::csv::Position::line);
                // Compared by hand, as the reader was told to take any length.
                if record.len() == columns.len() {
                    let fields = columns
                        .iter()
                        .copied()
                        .zip(record.iter().map(str::to_owned));
                    let fields = fields.collect();
                    rows.push(Row { line, fields });
                } else {
                    let (found, wanted) = (record.len(), columns.len());
                    let problem = format!("{found} fields where the first line names {wanted}");
                    broken.push(BrokenRow { line, problem });
                }
            }
            Err(error) => {
                let line = error.position().map_or(0, ::csv::Position::line);
                // The reader's own words may quote the row, which may hold a secret.
                let problem = "it is not CSV".to_owned();
                broken.push(BrokenRow { line, problem });
            }
        }
    }
    rows
}

/// Whether a column is that of the access keys, or the columns are not known.
pub(super) fn may_hold_keys(text: &str) -> bool {
    let mut reader = ReaderBuilder::new()
        .trim(Trim::All)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let columns = reader.headers().ok().and_then(|it| columns(it).ok());
    columns.is_none_or(|columns| columns.contains(&"access_key"))
}

/// Spreadsheets write semicolons where the comma is the decimal mark.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    // The header decides: values may hold both characters.
    if first.contains(';') && !first.contains(',') {
        b';'
    } else {
        b','
    }
}

fn columns(header: &StringRecord) -> Result<Vec<&'static str>, String> {
    let mut columns = Vec::new();
    for name in header {
        // Not quoted: without a first line of names this is a row, and may hold a secret.
        let Some(field) = field(name) else {
            let known = FIELDS.join(", ");
            return Err(format!("the first line must name the columns, of {known}"));
        };
        if columns.contains(&field) {
            return Err(format!("two columns are called {field}"));
        }
        columns.push(field);
    }
    for wanted in ["name", "account_number"] {
        if !columns.contains(&wanted) {
            return Err(format!("there is no column {wanted}"));
        }
    }
    Ok(columns)
}
