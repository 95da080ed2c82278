//! The file with the accounts of the older software. Every broken row is reported with its line, and then
//! nothing is done.

use crate::error::CliError;
use gateway_api::{MigrationProfile, migration_list};
use std::{io::Read as _, path::Path};

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
    let format = if is_toml {
        migration_list::Format::Toml
    } else {
        migration_list::Format::Csv
    };
    migration_list::parse(&text, format).map_err(|broken| {
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
