//! Reads a file into its sections, or reports every mistake in them.

use super::{context::Context, lines::LineIndex, syntax, variables::Variables};
use crate::{
    description::Section,
    error::{ConfigErrors, Mistake, Note, Place},
};
use std::{io::Read as _, path::Path};
use toml_span::value::Table as TomlTable;

/// Larger than any configuration. A wrong path, to a log for example, stops here.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Reads what `sections` wants of a file; `None` from it stands for mistakes that it noted.
pub(crate) fn read<T>(
    file: &Path,
    known: &'static [&'static Section],
    variables: &dyn Variables,
    sections: impl for<'t> FnOnce(&mut Context<'_>, Option<&'t TomlTable<'t>>) -> Option<T>,
) -> Result<(T, Vec<Note>), ConfigErrors> {
    let (text, private) = read_file(file).map_err(|problem| {
        let mistake = Mistake {
            place: Place::File,
            message: problem,
            fix: "name a configuration file with --config".into(),
        };
        ConfigErrors::new(file, vec![mistake])
    })?;
    let mut cx = Context {
        lines: LineIndex::new(&text),
        sections: known,
        variables,
        // A bare file name has no folder, and relative paths then start where the program runs.
        folder: file.parent().unwrap_or_else(|| Path::new("")),
        private,
        mistakes: Vec::new(),
        notes: Vec::new(),
    };
    let found = match toml_span::parse(&text) {
        Ok(root) => sections(&mut cx, root.as_table()),
        Err(error) => {
            let place = cx.place(error.span);
            let message = format!("not TOML: {error}");
            // The parser's own message stays, as it quotes no value.
            cx.mistake(place, message, syntax::fix(&text, error.span.start));
            None
        }
    };
    match found {
        // A mistake anywhere refuses the whole file, also if a value could be made of it.
        Some(found) if cx.mistakes.is_empty() => Ok((found, cx.notes)),
        Some(_) | None => Err(ConfigErrors::new(file, cx.mistakes)),
    }
}

/// The text, and whether only the owner can read it.
fn read_file(path: &Path) -> Result<(String, bool), String> {
    let file = std::fs::File::open(path).map_err(|e| format!("cannot be read: {e}"))?;
    // Of the open file, not of the path: the file could be exchanged in between.
    let metadata = file
        .metadata()
        .map_err(|e| format!("cannot be read: {e}"))?;
    if metadata.is_dir() {
        return Err("is a folder".into());
    }
    let mut text = String::new();
    let length = file
        // One byte more than allowed, so that a longer file is noticed and not cut.
        .take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(|e| format!("cannot be read: {e}"))?;
    if length as u64 > LONGEST {
        return Err("is longer than 4MiB".into());
    }
    // Of the open file, not of the path: the path could be replaced in between.
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
    // Any bit for the group or for others: the file may then hold no secret.
    Ok((text, mode & 0o077 == 0))
}
