//! `[upstream]`: how carriers are reached.

use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::{Context, Table},
};
use std::path::PathBuf;

/// How carriers are reached.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Certificate authorities trusted besides the system's; a PEM file that could be read.
    pub ca_file: Option<PathBuf>,
    /// Offer HTTP/2.
    pub http2: bool,
}

static CA_FILE: Key = Key {
    name: "ca_file",
    kind: Kind::Path("\"ca.pem\""),
    preset: Preset::Unset("the system's authorities only"),
    effect: Effect::Reload,
    doc: "A PEM file of certificate authorities that the gateway trusts in addition to the \
         system's. Verification cannot be switched off.",
};
static HTTP2: Key = Key {
    name: "http2",
    kind: Kind::Bool,
    preset: Preset::Bool(false),
    effect: Effect::Reload,
    doc: "Offer HTTP/2 to carriers. It costs more than HTTP/1.1 for this kind of traffic.",
};

pub(crate) static SECTION: Section = Section {
    path: "upstream",
    repeated: false,
    doc: "Connections to carriers, for API requests and token requests.",
    keys: &[&CA_FILE, &HTTP2],
};

impl Upstream {
    pub(crate) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Self {
        Self {
            // Added to the system's, never in their place: a route may still lead to the real carrier.
            ca_file: table.pem(cx, &CA_FILE, &["CERTIFICATE"]),
            http2: table.bool(cx, &HTTP2),
        }
    }
}
