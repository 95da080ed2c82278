//! Reads the rows of the older software one by one: an invalid row is named and does not hide the others.

use crate::{ControlError, Fault};
use gateway_api::MigrationProfile;
use gateway_model::{AccountNumber, Environment, Secret};
use std::collections::BTreeMap;

/// The maximum number of rows.
const MAX_ROWS: usize = 1000;
/// The maximum length of a name or user.
const MAX_TEXT: usize = 200;
/// The maximum length of an access key.
const MAX_KEY: usize = 200;

/// A valid row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The row's position in the list, from 1.
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) number: AccountNumber,
    pub(super) environment: Environment,
    pub(super) key: Option<Secret>,
    pub(super) user: Option<String>,
}

/// The valid rows, and the problems of the others.
pub(super) struct Rows {
    pub(super) good: Vec<Row>,
    pub(super) problems: Vec<String>,
}

pub(super) fn read(profiles: &[MigrationProfile]) -> Result<Rows, ControlError> {
    if profiles.is_empty() || profiles.len() > MAX_ROWS {
        let message = format!(
            "a list has 1 to {MAX_ROWS} rows, this one has {}",
            profiles.len()
        );
        return Err(ControlError::new(Fault::Invalid, "bad_list", message));
    }
    let mut rows = Rows {
        good: Vec::new(),
        problems: Vec::new(),
    };
    // Every row is read, so that one run shows all problems.
    for (line, profile) in (1..).zip(profiles) {
        match row(line, profile) {
            Ok(row) => rows.good.push(row),
            Err(why) => rows
                .problems
                .push(format!("row {line}{}: {why}", called(&profile.name))),
        }
    }
    // After all rows are read, since it compares rows with each other.
    rows.same_names();
    Ok(rows)
}

fn row(line: usize, profile: &MigrationProfile) -> Result<Row, String> {
    let name = profile.name.trim();
    if name.is_empty() {
        return Err("it has no name: give it one".to_owned());
    }
    if name.len() > MAX_TEXT || name.chars().any(char::is_control) {
        return Err("its name is too long or has control characters: shorten it".to_owned());
    }
    let number = profile.account_number.trim();
    if number.is_empty() {
        return Err("it has no account number: copy it from an invoice of the carrier".to_owned());
    }
    let number = number.parse().map_err(|_| {
        "its account number has characters that no number has: copy it from an invoice of the \
         carrier"
            .to_owned()
    })?;
    let environment = match profile.environment.as_deref().map(str::trim) {
        None | Some("") => Environment::Production,
        Some(text) => text.to_ascii_lowercase().parse().map_err(|_| {
            "its environment is neither `production` nor `test`: write one of them, or nothing for \
             production"
                .to_owned()
        })?,
    };
    Ok(Row {
        line,
        name: name.to_owned(),
        number,
        environment,
        key: key(profile)?,
        user: user(profile),
    })
}

fn key(profile: &MigrationProfile) -> Result<Option<Secret>, String> {
    let Some(key) = &profile.access_key else {
        return Ok(None);
    };
    let text = key.0.expose().trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > MAX_KEY || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(
            "its access key has spaces or characters that no key has: copy it again from \
                    the old software"
                .to_owned(),
        );
    }
    Ok(Some(Secret::new(text.to_owned())))
}

/// The user is only shown to people; an invalid one is left out.
fn user(profile: &MigrationProfile) -> Option<String> {
    let user = profile.user_id.as_deref()?.trim();
    let fits = !user.is_empty() && user.len() <= MAX_TEXT && !user.chars().any(char::is_control);
    fits.then(|| user.to_owned())
}

/// The name of a row for people, without characters that cannot be shown.
pub(super) fn called(name: &str) -> String {
    let name: String = name
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(64)
        .collect();
    if name.is_empty() {
        String::new()
    } else {
        format!(" ({name})")
    }
}

impl Rows {
    fn same_names(&mut self) {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut kept = Vec::new();
        for row in std::mem::take(&mut self.good) {
            // Case is ignored, as in the names of accounts that come of them.
            match seen.get(&row.name.to_lowercase()) {
                Some(first) => self.problems.push(format!(
                    "row {}{}: row {first} has the same name: rename one, or leave one out",
                    row.line,
                    called(&row.name)
                )),
                None => {
                    seen.insert(row.name.to_lowercase(), row.line);
                    kept.push(row);
                }
            }
        }
        self.good = kept;
    }
}
