//! Reads a file by the descriptions of its sections. Nothing here knows a section by name.

mod context;
pub(crate) mod file;
mod find;
mod key_source;
mod lines;
mod number;
mod path;
mod secret;
mod settings;
mod syntax;
mod table;
mod texts;
mod variables;
mod wording;

pub(crate) use context::{At, Context};
pub(crate) use find::{
    note_near_variables, read_single, refuse_unknown_sections, repeated, single,
};
pub(crate) use settings::Settings;
pub(crate) use table::Table;
pub use variables::{ProcessVariables, Variables};
pub(crate) use wording::{nearest, shortened};
