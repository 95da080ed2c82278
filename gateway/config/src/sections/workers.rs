//! `[workers]`: how many threads serve requests.

use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::{Context, Table},
};
use std::num::NonZeroUsize;

/// The threads of the data plane.
#[derive(Clone, Copy, Debug)]
pub struct Workers {
    /// How many; `None`: one for each core that the process may use.
    pub count: Option<NonZeroUsize>,
}

static COUNT: Key = Key {
    name: "count",
    kind: Kind::Integer { min: 1, max: 1024 },
    preset: Preset::Unset("one per core"),
    effect: Effect::Restart,
    doc: "The number of worker threads of the data plane.",
};

pub(crate) static SECTION: Section = Section {
    path: "workers",
    repeated: false,
    doc: "The threads of the data plane.",
    keys: &[&COUNT],
};

impl Workers {
    pub(crate) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Self {
        let count = table.integer(cx, &COUNT);
        Self {
            count: count
                .and_then(|n| usize::try_from(n).ok())
                .and_then(NonZeroUsize::new),
        }
    }
}
