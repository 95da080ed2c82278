//! Questions to the person at the terminal.

use crate::error::CliError;
use anyhow::anyhow;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

/// Longer than any answer that a person types.
const LONGEST: u64 = 4096;

/// Asks for a line of text, if standard input is a terminal.
pub fn line(what: &str, flag: &str) -> Result<String, CliError> {
    // Never from a pipe: the next line of a script would become the answer.
    if !io::stdin().is_terminal() {
        return Err(CliError::Usage(anyhow!(
            "{what} is missing, and standard input is not a terminal: use {flag}"
        )));
    }
    let answer = answer(&format!("{what}: "))?;
    if answer.is_empty() {
        return Err(CliError::Usage(anyhow!("{what} is empty: use {flag}")));
    }
    Ok(answer)
}

/// An action that cannot be undone needs `--yes` or the agreement of a person.
pub fn confirm(question: &str, yes: bool) -> Result<(), CliError> {
    if yes {
        return Ok(());
    }
    // Refused rather than assumed: a script must say `--yes` itself.
    if !io::stdin().is_terminal() {
        return Err(CliError::Usage(anyhow!(
            "{question} Standard input is not a terminal, so nothing was done: use --yes"
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
