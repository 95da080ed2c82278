//! `[log]`: what the gateway tells about itself while it runs.

use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::{Context, Table, shortened},
};

/// What the gateway tells about itself while it runs.
#[derive(Clone, Debug)]
pub struct Log {
    /// How lines look.
    pub format: LogFormat,
    /// A level, or directives such as `info,gateway_broker=debug`.
    pub level: String,
    /// One line per request.
    pub access_log: bool,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// `Pretty` on a terminal, `Json` otherwise.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object per line.
    Json,
}

static FORMAT: Key = Key {
    name: "format",
    kind: Kind::OneOf(&["auto", "pretty", "json"]),
    preset: Preset::Text("auto"),
    effect: Effect::Restart,
    doc: "How log lines look. `auto` is `pretty` on a terminal and `json` otherwise.",
};
static LEVEL: Key = Key {
    name: "level",
    kind: Kind::Text("\"error\", \"warn\", \"info\", \"debug\" or \"trace\""),
    preset: Preset::Text("info"),
    effect: Effect::Reload,
    doc: "The least important level that is written. You can set it for each part too, as in \
         `info,gateway_broker=debug`. The environment variable `WAYBILL_LOG` overrides it.",
};
static ACCESS_LOG: Key = Key {
    name: "access_log",
    kind: Kind::Bool,
    preset: Preset::Bool(false),
    effect: Effect::Reload,
    doc: "Write one line per request: app, account, method, path without its query, status, times.",
};

pub(crate) static SECTION: Section = Section {
    path: "log",
    repeated: false,
    doc: "Log lines go to standard error; no level writes a secret.",
    keys: &[&FORMAT, &LEVEL, &ACCESS_LOG],
};

impl Log {
    pub(crate) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Self {
        let format = table.parsed(cx, &FORMAT, |text| match text {
            "auto" => Ok(LogFormat::Auto),
            "pretty" => Ok(LogFormat::Pretty),
            "json" => Ok(LogFormat::Json),
            other => Err(format!("{:?} is not a format", shortened(other))),
        });
        let level = table.parsed(cx, &LEVEL, |text| {
            // Parsed now: a wrong level must not be found when the first line is missing.
            text.parse::<tracing_subscriber::filter::Targets>()
                .map(|_| text.to_owned())
                .map_err(|_| format!("{:?} is not a level", shortened(text)))
        });
        Self {
            format: format.map_or(LogFormat::Auto, |at| at.value),
            level: level.map_or_else(|| "info".to_owned(), |at| at.value),
            access_log: table.bool(cx, &ACCESS_LOG),
        }
    }
}
