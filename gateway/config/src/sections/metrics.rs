//! `[metrics]`: how much `/metrics` tells.

use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::{Context, Table},
};

/// How much `/metrics` tells.
#[derive(Clone, Copy, Debug)]
pub struct Metrics {
    /// Series for each account, not only for each carrier and environment.
    pub account_series: bool,
    /// How many combinations of route, app and operation are counted apart; 0: none.
    pub request_series: usize,
}

static ACCOUNT_SERIES: Key = Key {
    name: "account_series",
    kind: Kind::Bool,
    // Off: 10,000 accounts would make several megabytes of each scrape.
    preset: Preset::Bool(false),
    effect: Effect::Reload,
    doc: "Write series for each account too. An account has ten series, which take up to 1 KB of \
          each scrape. Without them the accounts of a carrier and environment are summed.",
};
static REQUEST_SERIES: Key = Key {
    name: "request_series",
    kind: Kind::Integer {
        min: 0,
        max: 10_000,
    },
    // Two environments of a carrier with forty operations, and some of them by several apps.
    preset: Preset::Integer(100),
    effect: Effect::Restart,
    doc: "The number of combinations of route, app and operation that are counted apart. Requests of \
          further combinations are counted together, with `(overflow)` as their labels. With 0 no \
          combination is counted.",
};

pub(crate) static SECTION: Section = Section {
    path: "metrics",
    repeated: false,
    doc: "How much `/metrics` of the admin listener tells ([observability.md](observability.md)).",
    keys: &[&ACCOUNT_SERIES, &REQUEST_SERIES],
};

impl Metrics {
    pub(crate) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Self {
        let series = table.integer(cx, &REQUEST_SERIES).unwrap_or_default();
        Self {
            account_series: table.bool(cx, &ACCOUNT_SERIES),
            request_series: usize::try_from(series).unwrap_or(usize::MAX),
        }
    }
}
