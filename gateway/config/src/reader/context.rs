//! The surroundings of a configuration while it is read, and the mistakes found so far.

use super::{lines::LineIndex, variables::Variables};
use crate::{
    description::Section,
    error::{Mistake, Note, Place},
};
use std::path::Path;
use toml_span::Span;

/// The surroundings of one configuration, and the findings in it.
pub(crate) struct Context<'c> {
    pub(crate) lines: LineIndex<'c>,
    /// All sections that a file may have.
    pub(crate) sections: &'static [&'static Section],
    pub(crate) variables: &'c dyn Variables,
    /// The folder of the configuration file: relative paths start here.
    pub(crate) folder: &'c Path,
    /// Whether only its owner can read the configuration file.
    pub(crate) private: bool,
    pub(crate) mistakes: Vec<Mistake>,
    pub(crate) notes: Vec<Note>,
}

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

impl Context<'_> {
    pub(crate) fn place(&self, span: Span) -> Place {
        self.lines.place(span.start)
    }

    /// Records a mistake and goes on, so that one run shows all of them.
    pub(crate) fn mistake(
        &mut self,
        place: Place,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.mistakes.push(Mistake {
            place,
            message: message.into(),
            fix: fix.into(),
        });
    }

    pub(crate) fn note(&mut self, place: Place, message: impl Into<String>) {
        self.notes.push(Note {
            place,
            message: message.into(),
        });
    }
}
