//! `[plugins]`: which plugin files may run.

use super::{
    key::{Key, Kind, Preset, Section},
    read::{At, Context, Table},
};
use gateway_model::CarrierId;
use std::{collections::BTreeMap, fmt, path::PathBuf, str::FromStr};

/// Which plugin files may run.
#[derive(Clone, Debug)]
pub struct Plugins {
    /// Every `*.so` here is a plugin.
    pub dir: PathBuf,
    /// A faulted plugin keeps the gateway from starting.
    pub strict: bool,
    /// The only file that may serve a carrier.
    pub pins: BTreeMap<CarrierId, Sha256>,
}

/// A SHA-256 digest, written `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sha256(pub [u8; 32]);

/// The text is not a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not \"sha256:\" and 64 hexadecimal digits")]
pub struct NotADigest;

impl FromStr for Sha256 {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let hex = text.strip_prefix("sha256:").ok_or(NotADigest)?.as_bytes();
        if hex.len() != 64 {
            return Err(NotADigest);
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(hex.chunks_exact(2)) {
            let digit = |d: u8| char::from(d).to_digit(16).ok_or(NotADigest);
            let value = digit(pair[0])? * 16 + digit(pair[1])?;
            *byte = u8::try_from(value).map_err(|_| NotADigest)?;
        }
        Ok(Self(digest))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

static DIR: Key = Key {
    name: "dir",
    kind: Kind::Path("\"plugins\""),
    preset: Preset::Text("plugins"),
    doc: "Folder of the plugin files; every `*.so` in it is one.",
};
static STRICT: Key = Key {
    name: "strict",
    kind: Kind::Bool,
    preset: Preset::Bool(false),
    doc: "Refuse to start when any plugin file is refused. Otherwise the other carriers are served \
          and `/readyz` tells.",
};
static PINS: Key = Key {
    name: "pins",
    kind: Kind::Map {
        name: "ups",
        value: "\"sha256:…\"",
    },
    preset: Preset::Unset("any file may serve"),
    doc: "For a carrier, the SHA-256 of the only plugin file that may serve it. `waybill plugin \
          list` shows the digests.",
};

pub(super) static SECTION: Section = Section {
    path: "plugins",
    repeated: false,
    doc: "Which plugin files may run.",
    keys: &[&DIR, &STRICT, &PINS],
};

impl Plugins {
    pub(super) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Self {
        let dir = table
            .path(cx, &DIR)
            .map_or_else(|| cx.folder.join("plugins"), |at| at.value);
        Self {
            dir,
            strict: table.bool(cx, &STRICT),
            pins: pins(cx, table),
        }
    }
}

fn pins(cx: &mut Context<'_>, table: &Table<'_>) -> BTreeMap<CarrierId, Sha256> {
    let mut pins = BTreeMap::new();
    for (name, (place, texts)) in table.map(cx, &PINS) {
        let carrier: CarrierId = match name.parse() {
            Ok(carrier) => carrier,
            Err(error) => {
                let message = format!("{}: {error}", table.label(&PINS));
                cx.mistake(place, message, "write a carrier id such as ups");
                continue;
            }
        };
        let [
            At {
                value: text,
                place: at,
            },
        ] = texts.as_slice()
        else {
            table.refuse(cx, &PINS, place, "a list");
            continue;
        };
        match text.parse() {
            Ok(digest) => {
                pins.insert(carrier, digest);
            }
            Err(error) => {
                let message = format!("{} of {carrier}: {error}", table.label(&PINS));
                let fix = "write the digest that `waybill plugin list` shows";
                cx.mistake(at.clone(), message, fix);
            }
        }
    }
    pins
}
