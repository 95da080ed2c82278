//! `[plugins]`: which plugin files may run.

use crate::{
    description::{Key, Kind, Preset, Section},
    reader::Variables,
    reader::{At, Context, Table, shortened},
};
use gateway_model::{Digest, PluginPolicy};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// Which plugin files may run.
#[derive(Clone, Debug)]
pub struct Plugins {
    /// Every `*.so` here is a plugin.
    pub dir: PathBuf,
    /// Private copies of the files that were checked; only this user may enter.
    pub cache: PathBuf,
    /// What a plugin file must fulfil to be loaded.
    pub policy: PluginPolicy,
}

static DIR: Key = Key {
    name: "dir",
    kind: Kind::Path("\"plugins\""),
    preset: Preset::Text("plugins"),
    doc: "The folder of the plugin files. Every `*.so` file in it is a plugin.",
};
static CACHE: Key = Key {
    name: "cache",
    kind: Kind::Path("\"/var/cache/waybill\""),
    preset: Preset::Unset("`waybill/plugins` in the user's cache folder"),
    doc: "The folder for private copies of the plugin files. The gateway loads these copies. \
         Only the gateway's user may have access to the folder.",
};
static STRICT: Key = Key {
    name: "strict",
    kind: Kind::Bool,
    preset: Preset::Bool(false),
    doc: "Refuse plugin files that contain what a plugin does not need: functions for I/O, \
         further libraries, further exports. Without this key the gateway only reports them.",
};
static REQUIRE_PINS: Key = Key {
    name: "require_pins",
    kind: Kind::Bool,
    preset: Preset::Bool(false),
    doc: "Refuse plugins that `pins` does not name.",
};
static PINS: Key = Key {
    name: "pins",
    kind: Kind::Map {
        name: "ups",
        value: "\"sha256:…\"",
    },
    preset: Preset::Unset("any content"),
    doc: "For each plugin name, the SHA-256 digest of the only file that may have this name. \
         `waybill plugin list` shows the digests.",
};

pub(crate) static SECTION: Section = Section {
    path: "plugins",
    repeated: false,
    doc: "Which plugin files may run.",
    keys: &[&DIR, &CACHE, &STRICT, &REQUIRE_PINS, &PINS],
};

impl Plugins {
    pub(crate) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Self {
        let dir = table
            .path(cx, &DIR)
            .map_or_else(|| cx.folder.join("plugins"), |at| at.value);
        let cache = table
            .path(cx, &CACHE)
            .map_or_else(|| cache_folder(cx.variables), |at| at.value);
        Self {
            dir,
            cache,
            policy: PluginPolicy {
                strict: table.bool(cx, &STRICT),
                require_pins: table.bool(cx, &REQUIRE_PINS),
                pins: pins(cx, table),
            },
        }
    }
}

/// Where a user's programs keep what they can make again.
pub fn cache_folder(variables: &dyn Variables) -> PathBuf {
    // Absolute only: a relative cache would depend on where the program is started.
    let set = |name: &str| variables.get(name).filter(|value| value.starts_with('/'));
    // systemd's CacheDirectory=, then the XDG base directory specification.
    let base = set("CACHE_DIRECTORY")
        .map(PathBuf::from)
        .or_else(|| set("XDG_CACHE_HOME").map(|home| Path::new(&home).join("waybill")))
        .or_else(|| set("HOME").map(|home| Path::new(&home).join(".cache/waybill")))
        .unwrap_or_else(|| {
            // The user's id is in the name, so that nobody else can have made the folder for us.
            let user = rustix::process::geteuid().as_raw();
            std::env::temp_dir().join(format!("waybill-{user}"))
        });
    base.join("plugins")
}

fn pins(cx: &mut Context<'_>, table: &Table<'_>) -> HashMap<String, Digest> {
    let mut pins = HashMap::new();
    for (name, (place, texts)) in table.map(cx, &PINS) {
        // One digest for each plugin: with two it would not be the only content.
        let [At { value: text, place }] = texts.as_slice() else {
            table.refuse(cx, &PINS, place, "a list");
            continue;
        };
        // With or without the prefix, as `plugin list` and `sha256sum` write it.
        match text.strip_prefix("sha256:").unwrap_or(text).parse() {
            Ok(digest) => {
                pins.insert(name, digest);
            }
            Err(error) => {
                let message = format!("{} of {}: {error}", table.label(&PINS), shortened(&name));
                let fix = "write the digest that `waybill plugin list` shows";
                cx.mistake(place.clone(), message, fix);
            }
        }
    }
    pins
}
