//! `[store]`: where tokens and accounts are kept.

use super::{
    key::{Key, Kind, Preset, Section},
    read::{Context, Table, shortened},
};
use std::path::PathBuf;

/// Where the operator wants tokens and accounts kept.
///
/// This version keeps tokens in memory whatever is asked for, and says so at start and in
/// `check-config`; the key is read so that a configuration need not change when a store comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// Nothing outlives the process.
    Memory,
    /// The named SQLite file, once this version's successors write one.
    Sqlite(PathBuf),
}

static URL: Key = Key {
    name: "url",
    kind: Kind::Text("\"memory:\" or \"sqlite://waybill.db\""),
    preset: Preset::Text("memory:"),
    doc: "Where tokens are kept. This version keeps them in memory only and fetches new ones after \
          a restart; `sqlite://FILE` is accepted, with a note, and no file is written.",
};

pub(super) static SECTION: Section = Section {
    path: "store",
    repeated: false,
    doc: "Where tokens are kept.",
    keys: &[&URL],
};

impl Store {
    pub(super) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Self {
        let Some(at) = table.parsed(cx, &URL, parse) else {
            return Self::Memory;
        };
        let Some(file) = at.value else {
            return Self::Memory;
        };
        cx.note(
            at.place,
            "this version has no durable store: tokens are kept in memory and fetched anew after \
             a restart, and the SQLite file is neither read nor written",
        );
        Self::Sqlite(cx.folder.join(file))
    }
}

/// `None` for memory, else the file.
fn parse(text: &str) -> Result<Option<String>, String> {
    match text.split_once(':') {
        Some(("memory", "")) => Ok(None),
        Some(("sqlite", rest)) => {
            let file = rest.strip_prefix("//").unwrap_or(rest);
            if file.is_empty() {
                Err("the URL names no file".into())
            } else {
                Ok(Some(file.to_owned()))
            }
        }
        // A store URL may carry a password, so only its scheme is quoted.
        Some((scheme, _)) => Err(format!(
            "{:?} is not a kind of store that this version knows",
            shortened(scheme)
        )),
        None => Err("it is not a URL".into()),
    }
}
