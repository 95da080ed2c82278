//! How secrets come in: from a file, from standard input, or typed without echo. Never as an
//! argument: every user of the machine can see arguments.

use super::echo::EchoOff;
use crate::error::CliError;
use anyhow::anyhow;
use gateway_model::Secret;
use std::{
    io::{self, IsTerminal as _, Read},
    path::{Path, PathBuf},
};

/// Longer than any secret; a wrong path (a log, a core file) stops here.
const LONGEST: u64 = 64 * 1024;

/// Where one secret comes from.
#[derive(Debug, clap::Args)]
pub struct SecretArgs {
    /// File that holds the secret and nothing else
    #[arg(long, value_name = "FILE", conflicts_with = "secret_stdin")]
    pub secret_file: Option<PathBuf>,
    /// Read the secret from standard input
    #[arg(long)]
    pub secret_stdin: bool,
}

impl SecretArgs {
    /// Whether the caller said where it comes from.
    pub const fn is_given(&self) -> bool {
        self.secret_file.is_some() || self.secret_stdin
    }

    /// Reads the secret, or asks for it.
    pub fn read(&self, what: &str) -> Result<Secret, CliError> {
        match &self.secret_file {
            Some(file) => named_file(what, file),
            None if self.secret_stdin => stdin(what),
            None => {
                let ways = "--secret-file FILE or --secret-stdin";
                ask(what, ways)
            }
        }
    }
}

/// A secret that a file holds.
pub fn named_file(what: &str, file: &Path) -> Result<Secret, CliError> {
    from_file(file)
        .map_err(|problem| CliError::Usage(anyhow!("{what}: {} {problem}", file.display())))
}

/// A secret that a file holds; the error is a phrase to follow the file's name.
pub fn from_file(file: &Path) -> Result<Secret, String> {
    let opened = std::fs::File::open(file);
    read(opened.map_err(|error| format!("cannot be read: {error}"))?)
}

/// A secret on standard input.
pub fn stdin(what: &str) -> Result<Secret, CliError> {
    read(io::stdin().lock())
        .map_err(|problem| CliError::Usage(anyhow!("{what}: standard input {problem}")))
}

/// Asks on the terminal, without echo.
pub fn ask(what: &str, ways: &str) -> Result<Secret, CliError> {
    // `rpassword` opens the terminal itself; the check keeps a script from hanging there.
    if !io::stdin().is_terminal() {
        return Err(CliError::Usage(anyhow!(
            "{what} is missing, and standard input is not a terminal: use {ways}"
        )));
    }
    let unreadable = |error: io::Error| CliError::Usage(anyhow!("{what}: {error}"));
    // Before the prompt: `rpassword` prints it first, and what a script or a fast hand types at once would show.
    let echo = EchoOff::begin().map_err(unreadable)?;
    let typed = rpassword::prompt_password(format!("{what}: ")).map_err(unreadable)?;
    drop(echo);
    usable(typed).map_err(|problem| CliError::Usage(anyhow!("{what}: it {problem}")))
}

fn read(from: impl Read) -> Result<Secret, String> {
    // Room for one byte more, so that the text is never moved, which would leave a copy behind.
    let mut text = String::with_capacity(usize::try_from(LONGEST).unwrap_or(0) + 1);
    // One byte more than allowed, so that a longer text is noticed and not cut.
    match from.take(LONGEST + 1).read_to_string(&mut text) {
        Ok(length) if length as u64 > LONGEST => Err("is longer than 64KiB".to_owned()),
        Ok(_) => usable(text),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

fn usable(mut text: String) -> Result<Secret, String> {
    // The line break that editors and `echo` add is no part of a secret.
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    let secret = Secret::new(text);
    if secret.expose().is_empty() {
        return Err("is empty".to_owned());
    }
    // A second line is mostly a wrong file, such as a key in PEM.
    if secret.expose().chars().any(char::is_control) {
        return Err("holds more than one line, or a control character".to_owned());
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_one_line_without_its_end() {
        let secret = read("planted-1\r\n".as_bytes()).expect("one line");
        assert_eq!(secret.expose(), "planted-1");
    }

    #[test]
    fn what_is_no_secret_is_refused_without_quoting_it() {
        for (text, words) in [
            (String::new(), "is empty"),
            ("\n".to_owned(), "is empty"),
            ("planted\nplanted".to_owned(), "more than one line"),
            ("planted\u{0}".to_owned(), "control character"),
            ("planted".repeat(10_000), "longer than 64KiB"),
        ] {
            let problem = read(text.as_bytes()).expect_err("not a secret");
            assert!(
                problem.contains(words) && !problem.contains("planted"),
                "{problem}"
            );
        }
        let problem = read(&b"\xff\xfe"[..]).expect_err("not text");
        assert!(problem.contains("cannot be read"), "{problem}");
    }
}
