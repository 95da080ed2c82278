//! What a section and a key are: described once for the reader, the reference in
//! `docs/configuration.md` and the JSON schema.

pub(crate) mod amount;
mod key;

pub(crate) use key::{Effect, Key, Kind, Preset, Section};
