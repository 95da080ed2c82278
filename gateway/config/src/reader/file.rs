//! From a file to its sections, or to every mistake in them.

use super::{context::Context, lines::LineIndex, syntax, variables::Variables};
use crate::{
    description::Section,
    error::{ConfigErrors, Mistake, Note, Place},
};
use std::{io::Read as _, path::Path};
use toml_span::value::Table as TomlTable;

/// Larger than any configuration; a wrong path stops here.
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
            cx.mistake(place, message, syntax::fix(&text, error.span.start));
            None
        }
    };
    match found {
        Some(found) if cx.mistakes.is_empty() => Ok((found, cx.notes)),
        Some(_) | None => Err(ConfigErrors::new(file, cx.mistakes)),
    }
}

/// The text, and whether only the owner can read it.
fn read_file(path: &Path) -> Result<(String, bool), String> {
    let file = std::fs::File::open(path).map_err(|e| format!("cannot be read: {e}"))?;
    let metadata = file
        .metadata()
        .map_err(|e| format!("cannot be read: {e}"))?;
    if metadata.is_dir() {
        return Err("is a folder".into());
    }
    let mut text = String::new();
    let length = file
        .take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(|e| format!("cannot be read: {e}"))?;
    if length as u64 > LONGEST {
        return Err("is longer than 4MiB".into());
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
    Ok((text, mode & 0o077 == 0))
}
