//! Questions to the person at the terminal.

use crate::error::CliError;
use anyhow::anyhow;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

/// More than any answer.
const LONGEST: u64 = 4096;

/// A line of text, if somebody can be asked for it.
pub fn line(what: &str, flag: &str) -> Result<String, CliError> {
    // Never from a pipe: the next line of a script would become the answer.
    if !io::stdin().is_terminal() {
        return Err(CliError::Usage(anyhow!(
            "{what} is wanted, and nobody can be asked for it: use {flag}"
        )));
    }
    let answer = answer(&format!("{what}: "))?;
    if answer.is_empty() {
        return Err(CliError::Usage(anyhow!("{what} is empty: use {flag}")));
    }
    Ok(answer)
}

/// What cannot be taken back happens with `--yes`, or when a person agrees.
pub fn confirm(question: &str, yes: bool) -> Result<(), CliError> {
    if yes {
        return Ok(());
    }
    // Refused rather than assumed: a script must say `--yes` itself.
    if !io::stdin().is_terminal() {
        return Err(CliError::Usage(anyhow!(
            "{question} Nobody can be asked, so nothing was done: use --yes"
        )));
    }
    match answer(&format!("{question} [y/N] "))?
        .to_lowercase()
        .as_str()
    {
        "y" | "yes" => Ok(()),
        _ => Err(CliError::Usage(anyhow!("nothing was done"))),
    }
}

fn answer(question: &str) -> Result<String, CliError> {
    // Standard error, so that a redirected output holds no question.
    let mut terminal = io::stderr();
    terminal.write_all(question.as_bytes())?;
    terminal.flush()?;
    let mut answer = String::new();
    // Bounded, as a pasted file is no answer.
    io::stdin().lock().take(LONGEST).read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}
