//! `[admin]`: who may use the admin API.

use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::{Context, Table},
};
use std::path::PathBuf;

/// Who may use the admin API.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Where the first admin token is written, and where the command line finds it.
    pub token_file: PathBuf,
}

static TOKEN_FILE: Key = Key {
    name: "token_file",
    kind: Kind::Path("\"waybill-admin.token\""),
    preset: Preset::Text("waybill-admin.token"),
    effect: Effect::Restart,
    doc: "The file of the first admin token. `serve` makes the file, and only its owner can read \
         it. The command line reads the token from it.",
};

pub(crate) static SECTION: Section = Section {
    path: "admin",
    repeated: false,
    doc: "Access to the admin API. The address of the admin API is `admin` in `[listen]`.",
    keys: &[&TOKEN_FILE],
};

impl Admin {
    pub(crate) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Self {
        let file = table.path(cx, &TOKEN_FILE);
        Self {
            token_file: file.map_or_else(PathBuf::new, |at| at.value),
        }
    }
}
