//! The list of legacy accounts: CSV or TOML. Every broken row is reported with its line, and then
//! nothing is done.

mod csv;
mod row;
mod toml;

use crate::error::CliError;
use gateway_api::MigrationProfile;
use gateway_model::{AccountNumber, Environment};
use row::{BrokenRow, Row};
use std::{collections::BTreeMap, io::Read as _, path::Path};

/// More than any list.
const LONGEST: u64 = 16 * 1024 * 1024;
/// Broken rows beyond this number are counted only.
const REPORTED: usize = 50;

/// Reads a list; its name says what it is.
pub(super) fn read(file: &Path) -> Result<Vec<MigrationProfile>, CliError> {
    let text = text_of(file).map_err(|problem| refused(file, &problem))?;
    // By the name: both formats can begin with the same line.
    let is_toml = file
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    profiles(&text, is_toml).map_err(|broken| {
        let count = broken.len();
        let mut message = String::new();
        // Bounded, as a list in the wrong format is broken in every row.
        for row in broken.iter().take(REPORTED) {
            message.push_str(&format!(
                "{}:{}: {}\n",
                file.display(),
                row.line,
                row.problem
            ));
        }
        let noun = if count == 1 { "row is" } else { "rows are" };
        message.push_str(&format!(
            "{count} {noun} broken; nothing was done: correct the list"
        ));
        CliError::Usage(anyhow::anyhow!(message))
    })
}

fn text_of(file: &Path) -> Result<String, String> {
    let mut text = String::new();
    let read =
        // One byte more than allowed, so that a longer file is noticed and not cut.
        std::fs::File::open(file).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    match read {
        Ok(length) if length as u64 > LONGEST => Err("is longer than 16MiB".to_owned()),
        Ok(_) => Ok(text),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

fn refused(file: &Path, problem: &str) -> CliError {
    CliError::Usage(anyhow::anyhow!("the list {} {problem}", file.display()))
}

fn profiles(text: &str, is_toml: bool) -> Result<Vec<MigrationProfile>, Vec<BrokenRow>> {
    // Spreadsheets like to begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut broken = Vec::new();
    let rows = if text.trim().is_empty() {
        Vec::new()
    } else if is_toml {
        toml::rows(text, &mut broken)
    } else {
        csv::rows(text, &mut broken)
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
