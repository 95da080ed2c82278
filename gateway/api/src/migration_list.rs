//! The list of accounts of the older software: CSV or TOML.

mod csv;
mod row;
mod toml;

pub use row::BrokenRow;

use crate::migration::MigrationProfile;
use gateway_model::{AccountNumber, Environment};
use row::Row;
use std::collections::BTreeMap;

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One row for each account; the first row names the columns.
    Csv,
    /// One `[[profile]]` for each account.
    Toml,
}

impl Format {
    /// The format of a text that has no file name to tell it.
    pub fn of(text: &str) -> Self {
        let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
        // No column may be called like this, so no CSV begins so.
        match first {
            Some(line) if line.starts_with('[') => Self::Toml,
            Some(_) | None => Self::Csv,
        }
    }
}

/// Whether a list may hold access keys, which are secrets. A list that cannot be understood may.
pub fn may_hold_keys(text: &str) -> bool {
    match Format::of(text) {
        Format::Toml => text.to_lowercase().replace('-', "_").contains("access_key"),
        Format::Csv => csv::may_hold_keys(text.trim_start_matches('\u{feff}')),
    }
}

/// Reads a list.
///
/// # Errors
/// With every broken row, in the order of the lines. No problem quotes a value, because it may be a secret.
pub fn parse(text: &str, format: Format) -> Result<Vec<MigrationProfile>, Vec<BrokenRow>> {
    // Spreadsheets like to begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut broken = Vec::new();
    let rows = match format {
        Format::Toml => toml::rows(text, &mut broken),
        // Without a first row a CSV reader would miss its columns, and not the rows.
        Format::Csv if text.trim().is_empty() => Vec::new(),
        // A reader of CSV takes the line feed of a pair for the start of the next row, and would name the line
        // before that of a row.
        Format::Csv => csv::rows(&text.replace("\r\n", "\n"), &mut broken),
    };
    let mut names: BTreeMap<String, u64> = BTreeMap::new();
    let mut profiles = Vec::new();
    for row in rows {
        let line = row.line;
        match profile(row) {
            Ok(profile) => {
                // Names become accounts, so two rows with one name would silently merge.
                if let Some(first) = names.insert(profile.name.clone(), line) {
                    let problem = format!("the name stands in line {first} already");
                    broken.push(BrokenRow { line, problem });
                }
                profiles.push(profile);
            }
            Err(problems) => {
                broken.extend(
                    problems
                        .into_iter()
                        .map(|problem| BrokenRow { line, problem }),
                );
            }
        }
    }
    if profiles.is_empty() && broken.is_empty() {
        let problem = "the list is empty".to_owned();
        broken.push(BrokenRow { line: 1, problem });
    }
    if broken.is_empty() {
        Ok(profiles)
    } else {
        // By line, as rows and values were checked one after the other.
        broken.sort_by_key(|row| row.line);
        Err(broken)
    }
}

/// Values are not repeated in problems: columns get shifted, and one of them is a secret.
fn profile(row: Row) -> Result<MigrationProfile, Vec<String>> {
    let mut problems = Vec::new();
    // Taken one by one, so that a blank field counts as missing.
    let mut fields = row.fields;
    let mut take = |name: &str| {
        let value = fields.remove(name).map(|value| value.trim().to_owned());
        value.filter(|value| !value.is_empty())
    };
    let name = take("name");
    let number = take("account_number");
    let environment = take("environment");
    let (access_key, user_id) = (take("access_key"), take("user_id"));
    if name.is_none() {
        problems.push("name is empty".to_owned());
    }
    match number.as_deref().map(str::parse::<AccountNumber>) {
        None => problems.push("account_number is empty".to_owned()),
        Some(Err(_)) => problems.push("account_number is not a carrier's number".to_owned()),
        Some(Ok(_)) => {}
    }
    if environment
        .as_deref()
        .is_some_and(|text| text.parse::<Environment>().is_err())
    {
        problems.push("environment is neither production nor test".to_owned());
    }
    // A shifted column shows here, before its content is sent anywhere.
    if access_key
        .as_ref()
        .is_some_and(|key| !key.bytes().all(|b| b.is_ascii_graphic()))
    {
        problems.push("access_key holds a space or a character outside ASCII".to_owned());
    }
    match (name, number) {
        (Some(name), Some(account_number)) if problems.is_empty() => Ok(MigrationProfile {
            name,
            account_number,
            access_key: access_key.map(Into::into),
            user_id,
            environment,
        }),
        (Some(_) | None, Some(_) | None) => Err(problems),
    }
}

#[cfg(test)]
mod tests;
