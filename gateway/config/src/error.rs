//! The mistakes in a configuration, all of them at once.

use serde::Serialize;
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The configuration file as a whole.
    File,
    /// A place in the configuration file, counted from 1; columns count characters.
    At {
        /// The line.
        line: u32,
        /// The column.
        column: u32,
    },
    /// An environment variable.
    Variable(String),
}

/// One mistake. Its texts quote names, numbers and places, but no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The place of the value.
    pub place: Place,
    /// What is wrong with the value.
    pub message: String,
    /// What to write instead.
    pub fix: String,
}

/// Something that works but that the operator should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The place of the value.
    pub place: Place,
    /// What the operator should know.
    pub message: String,
}

/// A configuration that cannot be used, with every mistake in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    file: PathBuf,
    mistakes: Vec<Mistake>,
}

impl ConfigErrors {
    /// Sorts the mistakes in the order of the file.
    pub fn new(file: &Path, mut mistakes: Vec<Mistake>) -> Self {
        // By place, as sections are not read in the order of the file.
        mistakes.sort_by(|a, b| a.place.cmp(&b.place));
        Self {
            file: file.to_owned(),
            mistakes,
        }
    }

    /// The configuration file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The mistakes, in the order of the file.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, mistake) in self.mistakes.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            let Mistake { message, fix, .. } = mistake;
            write!(
                f,
                "{}: {message}; {fix}",
                located(&self.file, &mistake.place)
            )?;
        }
        Ok(())
    }
}

/// `file:line:column`, as editors and terminals turn into a link.
pub fn located(file: &Path, place: &Place) -> String {
    match place {
        Place::File => file.display().to_string(),
        Place::At { line, column } => format!("{}:{line}:{column}", file.display()),
        Place::Variable(name) => format!("environment variable {name}"),
    }
}

/// A mistake or a note for `--json`.
#[derive(Debug, Serialize)]
pub struct Report {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variable: Option<String>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Report {
    fn new(place: &Place, message: &str, fix: Option<&str>) -> Self {
        let (line, column, variable) = match place {
            Place::File => (None, None, None),
            Place::At { line, column } => (Some(*line), Some(*column), None),
            Place::Variable(name) => (None, None, Some(name.clone())),
        };
        Self {
            line,
            column,
            variable,
            message: message.to_owned(),
            fix: fix.map(str::to_owned),
        }
    }
}

impl From<&Mistake> for Report {
    fn from(mistake: &Mistake) -> Self {
        Self::new(&mistake.place, &mistake.message, Some(&mistake.fix))
    }
}

impl From<&Note> for Report {
    fn from(note: &Note) -> Self {
        Self::new(&note.place, &note.message, None)
    }
}
