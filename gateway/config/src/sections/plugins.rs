//! `[plugins]`: which plugin files may run.

use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::Variables,
    reader::{At, Context, Table, shortened},
};
use gateway_model::{CarrierId, Digest, Isolation, IsolationPolicy, PluginPolicy, TrustedKey};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
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
    effect: Effect::Restart,
    doc: "The folder of the plugin files. Every `*.so` file in it is a plugin.",
};
static CACHE: Key = Key {
    name: "cache",
    kind: Kind::Path("\"/var/cache/waybill\""),
    preset: Preset::Unset("`waybill/plugins` in the user's cache folder"),
    effect: Effect::Restart,
    doc: "The folder for private copies of the plugin files. The gateway loads these copies. \
         Only the gateway's user may have access to the folder.",
};
static STRICT: Key = Key {
    name: "strict",
    kind: Kind::Bool,
    preset: Preset::Bool(false),
    effect: Effect::Restart,
    doc: "Refuse plugin files that contain what a plugin does not need: functions for I/O, \
         further libraries, further exports. Without this key the gateway only reports them.",
};
static TRUSTED_KEYS: Key = Key {
    name: "trusted_keys",
    kind: Kind::Texts("\"RWQ…\""),
    preset: Preset::Unset("signatures are not looked at"),
    effect: Effect::Restart,
    doc: "Public keys of minisign: the second line of `minisign.pub`. A plugin file with a signature of \
          one of them beside it (`ups.so.minisig`) is trusted.",
};
static REQUIRE_TRUSTED: Key = Key {
    name: "require_trusted",
    kind: Kind::Bool,
    preset: Preset::Bool(false),
    effect: Effect::Restart,
    doc: "Refuse plugins that neither `plugins.lock` in the plugin folder names nor a trusted key has \
          signed. `waybill plugin lock` writes the file.",
};
static REQUIRE_PINS: Key = Key {
    name: "require_pins",
    kind: Kind::Bool,
    preset: Preset::Bool(false),
    effect: Effect::Restart,
    doc: "The older name of `require_trusted`. The next release does not know it any more.",
};
static PINS: Key = Key {
    name: "pins",
    kind: Kind::Map {
        name: "ups",
        value: "\"sha256:…\"",
    },
    preset: Preset::Unset("any content"),
    effect: Effect::Restart,
    doc: "For each plugin name, the SHA-256 digest of the only file that may have this name. \
         `plugins.lock` replaces this key, and the next release does not know it: run \
         `waybill plugin lock`, then remove the key.",
};
static ISOLATION: Key = Key {
    name: "isolation",
    kind: Kind::OneOf(&["auto", "process", "in_process"]),
    preset: Preset::Text("auto"),
    effect: Effect::Restart,
    doc: "The process that plugins run in. `process` gives each plugin a worker process without files, network \
          or environment. A crash there harms no other plugin and no request. `in_process` is the gateway's \
          own process. `auto` is `in_process` for a plugin that `plugins.lock` names or a trusted key has signed, and \
          `process` for every other plugin.",
};
static ISOLATION_OF: Key = Key {
    name: "isolation_of",
    kind: Kind::Map {
        name: "ups",
        value: "\"process\"",
    },
    preset: Preset::Unset("`isolation`"),
    effect: Effect::Restart,
    doc: "The process of single plugins, by their names: `process` or `in_process`.",
};
static CARRIERS: Key = Key {
    name: "carriers",
    kind: Kind::Map {
        name: "north-post-eu",
        value: "\"north-post\"",
    },
    preset: Preset::Unset("the carriers of the plugins"),
    effect: Effect::Restart,
    doc: "Your own names of carriers, each with the carrier whose plugin serves it. Routes and accounts with the name \
          have settings, tokens and an origin of their own. So one plugin can serve two carriers, or two regions of one.",
};
static WORKER_MEMORY: Key = Key {
    name: "worker_memory",
    kind: Kind::Size {
        min: 16 << 20,
        max: 64 << 30,
    },
    preset: Preset::Text("256MiB"),
    effect: Effect::Restart,
    doc: "The address space that a plugin may use in its worker process. The process ends when the plugin \
          needs more.",
};
static WORKER_SIGN_TIMEOUT: Key = Key {
    name: "worker_sign_timeout",
    kind: Kind::Duration {
        min: Duration::from_millis(1),
        max: Duration::from_secs(10),
    },
    preset: Preset::Text("100ms"),
    effect: Effect::Restart,
    doc: "How long a request waits for a signature from a worker process. After that time the gateway refuses \
          the request, and ends a signer that hangs.",
};

pub(crate) static SECTION: Section = Section {
    path: "plugins",
    repeated: false,
    doc: "Which plugin files may run.",
    keys: &[
        &DIR,
        &CACHE,
        &STRICT,
        &TRUSTED_KEYS,
        &REQUIRE_TRUSTED,
        &REQUIRE_PINS,
        &PINS,
        &ISOLATION,
        &ISOLATION_OF,
        &CARRIERS,
        &WORKER_MEMORY,
        &WORKER_SIGN_TIMEOUT,
    ],
};

impl Plugins {
    pub(crate) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Self {
        let dir = table
            .path(cx, &DIR)
            .map_or_else(|| cx.folder.join("plugins"), |at| at.value);
        let cache = table
            .path(cx, &CACHE)
            .map_or_else(|| cache_folder(cx.variables), |at| at.value);
        note_replaced(
            cx,
            table,
            &PINS,
            "run `waybill plugin lock`, then remove it",
        );
        note_replaced(cx, table, &REQUIRE_PINS, "write require_trusted instead");
        // Both are read in any case, so that a mistake in either is found.
        let (by_old_name, by_name) = (
            table.bool(cx, &REQUIRE_PINS),
            table.bool(cx, &REQUIRE_TRUSTED),
        );
        Self {
            dir,
            cache,
            policy: PluginPolicy {
                strict: table.bool(cx, &STRICT),
                require_trusted: by_old_name || by_name,
                trusted_keys: trusted_keys(cx, table),
                pins: pins(cx, table),
                isolation: isolation(cx, table),
                carriers: carriers(cx, table),
            },
        }
    }
}

/// A setting that this release still reads and the next one does not.
fn note_replaced(cx: &mut Context<'_>, table: &Table<'_>, key: &Key, what_to_do: &str) {
    let place = match table.value(key) {
        Some(value) => cx.place(value.span),
        None if table.is_overridden(cx, key) => table.place.clone(),
        None => return,
    };
    let message = format!(
        "{} is replaced, and the next release does not know it any more: {what_to_do}",
        table.label(key)
    );
    cx.note(place, message);
}

fn trusted_keys(cx: &mut Context<'_>, table: &Table<'_>) -> Vec<TrustedKey> {
    let mut keys = Vec::new();
    for At { value: text, place } in table.texts(cx, &TRUSTED_KEYS).unwrap_or_default() {
        match text.parse() {
            Ok(key) => keys.push(key),
            Err(error) => {
                let (label, text) = (table.label(&TRUSTED_KEYS), shortened(&text));
                let message = format!("{label}: {text:?}: {error}");
                cx.mistake(place, message, "write the key without its comment line");
            }
        }
    }
    keys
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

fn isolation(cx: &mut Context<'_>, table: &Table<'_>) -> IsolationPolicy {
    let default = table.parsed(cx, &ISOLATION, |text| match text {
        "auto" => Ok(None),
        text => one(text).map(Some),
    });
    let mut each = HashMap::new();
    for (name, (place, texts)) in table.map(cx, &ISOLATION_OF) {
        let [At { value: text, place }] = texts.as_slice() else {
            table.refuse(cx, &ISOLATION_OF, place, "a list");
            continue;
        };
        match one(text) {
            Ok(isolation) => {
                each.insert(name, isolation);
            }
            Err(error) => {
                let label = table.label(&ISOLATION_OF);
                let message = format!("{label} of {}: {error}", shortened(&name));
                cx.mistake(
                    place.clone(),
                    message,
                    "write \"process\" or \"in_process\"",
                );
            }
        }
    }
    IsolationPolicy {
        default: default.and_then(|at| at.value),
        each,
        memory: table.size(cx, &WORKER_MEMORY),
        sign_deadline: table.duration(cx, &WORKER_SIGN_TIMEOUT),
    }
}

fn carriers(cx: &mut Context<'_>, table: &Table<'_>) -> HashMap<CarrierId, CarrierId> {
    let label = table.label(&CARRIERS);
    let mut carriers: HashMap<CarrierId, CarrierId> = HashMap::new();
    for (name, (place, texts)) in table.map(cx, &CARRIERS) {
        let [At { value: text, place }] = texts.as_slice() else {
            table.refuse(cx, &CARRIERS, place, "a list");
            continue;
        };
        match (name.parse::<CarrierId>(), text.parse::<CarrierId>()) {
            (Ok(own), Ok(serving)) if own != serving => {
                carriers.insert(own, serving);
            }
            (Ok(own), Ok(_)) => {
                let message = format!("{label}: {own} is given as its own name");
                cx.mistake(
                    place.clone(),
                    message,
                    "remove it: a plugin serves its carrier anyway",
                );
            }
            (Err(error), _) | (Ok(_), Err(error)) => {
                let message = format!("{label} of {}: {error}", shortened(&name));
                cx.mistake(
                    place.clone(),
                    message,
                    "write { your-name = \"carrier-of-a-plugin\" }",
                );
            }
        }
    }
    // A name of a name would leave open which plugin is meant.
    let chained = carriers
        .iter()
        .find(|(_, serving)| carriers.contains_key(*serving));
    if let Some((own, serving)) = chained {
        let message = format!("{label}: {own} is served by {serving}, which is such a name itself");
        cx.mistake(
            table.place.clone(),
            message,
            "write the carrier of a plugin",
        );
    }
    carriers
}

fn one(text: &str) -> Result<Isolation, String> {
    [Isolation::Process, Isolation::InProcess]
        .into_iter()
        .find(|isolation| isolation.as_str() == text)
        .ok_or_else(|| format!("{:?} is not a kind of isolation", shortened(text)))
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
