//! `[admin]`: who may use the admin API.

use crate::{
    description::{Key, Kind, Preset, Section},
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
    doc: "Where `serve` writes the first admin token when it makes it, readable by its owner only, \
          and where the command line looks for it.",
};

pub(crate) static SECTION: Section = Section {
    path: "admin",
    repeated: false,
    doc: "Who may use the admin API. Its address is `admin` of `[listen]`.",
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
