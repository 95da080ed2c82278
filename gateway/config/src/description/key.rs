//! How a key of the configuration is described: once, for the reader, the reference in
//! `docs/configuration.md` and the JSON schema alike.

use super::amount;
use std::time::Duration;

/// A table of the configuration, or a list of tables.
#[derive(Debug)]
pub(crate) struct Section {
    /// Dotted: `listen.tls`.
    pub(crate) path: &'static str,
    /// `[[route]]` rather than `[route]`.
    pub(crate) repeated: bool,
    /// What it is for.
    pub(crate) doc: &'static str,
    /// What may stand in it.
    pub(crate) keys: &'static [&'static Key],
}

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) preset: Preset,
    pub(crate) effect: Effect,
    pub(crate) doc: &'static str,
}

/// When a running gateway takes a new value of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// At a reload.
    Reload,
    /// At the next start only.
    Restart,
}

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Bool,
    Integer {
        min: u64,
        max: u64,
    },
    Fraction {
        min: f64,
        max: f64,
    },
    /// A number and a unit, `30s`.
    Duration {
        min: Duration,
        max: Duration,
    },
    /// A number and a unit, `64KiB`, or a number of bytes.
    Size {
        min: u64,
        max: u64,
    },
    /// Text of a form that the string says by example.
    Text(&'static str),
    /// Relative to the folder of the configuration file.
    Path(&'static str),
    OneOf(&'static [&'static str]),
    /// One text or a list of them.
    Texts(&'static str),
    /// Names given by the operator, each with a text.
    Map {
        name: &'static str,
        value: &'static str,
    },
    /// Names given by the operator, each with a text or a list of texts.
    MapOfTexts {
        name: &'static str,
        value: &'static str,
    },
    /// Names that a plugin defines, each with any value or a secret.
    Settings(&'static str),
    Secret,
    /// Several secrets, in order.
    Secrets,
    /// A text, or a secret where the text itself may be one.
    TextOrSecret(&'static str),
    /// Where a master key comes from.
    KeySource,
    /// Several sources of master keys.
    KeySources,
    /// A table in the table, with an example of it.
    Inner(&'static Section, &'static str),
}

/// The value of a key that the file does not have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Preset {
    Required,
    /// None; the text says what that means.
    Unset(&'static str),
    Bool(bool),
    Integer(u64),
    Fraction(f64),
    Text(&'static str),
}

impl Kind {
    /// An example or a range, for "write …" and for the reference.
    pub(crate) fn form(self) -> String {
        match self {
            Self::Bool => "true or false".into(),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Fraction { min, max } => format!("a number from {min} to {max}"),
            Self::Duration { min, max } => format!(
                "a time from \"{}\" to \"{}\" (units ms, s, m, h, d)",
                amount::duration_text(min),
                amount::duration_text(max)
            ),
            Self::Size { min, max } => format!(
                "a size from \"{}\" to \"{}\" (units B, KiB, MiB, GiB)",
                amount::size_text(min),
                amount::size_text(max)
            ),
            Self::Text(example) => example.into(),
            Self::Path(example) => format!("a path like {example}"),
            Self::OneOf(names) => names
                .iter()
                .map(|name| format!("\"{name}\""))
                .collect::<Vec<_>>()
                .join(" or "),
            Self::Texts(example) => format!("{example}, or a list of such texts"),
            Self::Map { name, value } => format!("{{ {name} = {value} }}"),
            Self::MapOfTexts { name, value } => {
                format!("{{ {name} = {value} }}, or a list of such texts for each name")
            }
            Self::Settings(example) => example.into(),
            Self::Secret => {
                "{ env = \"VARIABLE\" }, { file = \"path\" } or { value = \"…\" }".into()
            }
            Self::Secrets => format!("a list of {}", Self::Secret.form()),
            Self::TextOrSecret(example) => format!("{example}, or {}", Self::Secret.form()),
            Self::KeySource => "{ file = \"path\" }, { env = \"VARIABLE\" } or { command = \
                                [\"program\", \"argument\"] }"
                .into(),
            Self::KeySources => format!("a list of {}", Self::KeySource.form()),
            Self::Inner(_, example) => example.into(),
        }
    }

    /// Whether an environment variable can hold it.
    const fn fits_variable(self) -> bool {
        match self {
            Self::Bool
            | Self::Integer { .. }
            | Self::Fraction { .. }
            | Self::Duration { .. }
            | Self::Size { .. }
            | Self::Text(_)
            | Self::Path(_)
            | Self::OneOf(_)
            | Self::Texts(_)
            | Self::TextOrSecret(_) => true,
            // Maps, secrets and tables have no form that one variable could hold.
            Self::Map { .. }
            | Self::MapOfTexts { .. }
            | Self::Settings(_)
            | Self::Secret
            | Self::Secrets
            | Self::KeySource
            | Self::KeySources
            | Self::Inner(..) => false,
        }
    }
}

impl Preset {
    /// For the reference.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Required => "required".into(),
            Self::Unset(meaning) => meaning.into(),
            Self::Bool(value) => format!("`{value}`"),
            Self::Integer(value) => format!("`{value}`"),
            Self::Fraction(value) => format!("`{value}`"),
            Self::Text(value) => format!("`\"{value}\"`"),
        }
    }
}

impl Key {
    /// For the reference and the schema: what the key means, and whether a reload takes it.
    pub(crate) fn text(&self) -> String {
        match self.effect {
            Effect::Reload => self.doc.to_owned(),
            Effect::Restart => format!("{} Needs a restart.", self.doc),
        }
    }
}

impl Section {
    /// The environment variable that overrides a key: `WAYBILL_LISTEN_APPS`. Lists of tables have
    /// none.
    pub(crate) fn variable(&self, key: &Key) -> Option<String> {
        // Lists of tables have no names in variables that would tell one item from the next.
        (!self.repeated && key.kind.fits_variable()).then(|| {
            format!("WAYBILL_{}_{}", self.path.replace('.', "_"), key.name).to_ascii_uppercase()
        })
    }

    /// How the section is opened.
    pub(crate) fn heading(&self) -> String {
        if self.repeated {
            format!("[[{}]]", self.path)
        } else {
            format!("[{}]", self.path)
        }
    }
}
