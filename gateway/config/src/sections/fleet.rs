//! `[fleet]`: several gateways on one PostgreSQL.

use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::{Context, Table},
};
use std::time::Duration;

/// How this gateway takes part in a fleet.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// What people call this gateway; `None`: the host name.
    pub name: Option<String>,
    /// How long the accounts of a gateway that says nothing stay its own.
    pub lease: Duration,
}

/// As long as a host name may be.
const LONGEST_NAME: usize = 253;

static NAME: Key = Key {
    name: "name",
    kind: Kind::Text("\"gateway-1\""),
    preset: Preset::Unset("the host name"),
    effect: Effect::Restart,
    doc: "The name of this gateway in `waybill replicas`, the log and the audit trail.",
};
static LEASE: Key = Key {
    name: "lease",
    kind: Kind::Duration {
        min: Duration::from_secs(1),
        max: Duration::from_secs(5 * 60),
    },
    // Five times as long as most pauses of a virtual machine, and shorter than any token's margin of renewal.
    preset: Preset::Text("15s"),
    effect: Effect::Restart,
    doc: "After this time without a heartbeat a gateway counts as dead, and the other gateways renew \
          its accounts. A gateway sends a heartbeat to the database three times in this time.",
};

pub(crate) static SECTION: Section = Section {
    path: "fleet",
    repeated: false,
    doc: "Several gateways on one PostgreSQL ([fleet.md](fleet.md)). A gateway whose store is in PostgreSQL is \
          always a fleet, if only of one. With another store this section has no effect.",
    keys: &[&NAME, &LEASE],
};

impl Fleet {
    pub(crate) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Self {
        let name = table.parsed(cx, &NAME, |text| checked(text).map(str::to_owned));
        Self {
            name: name.map(|at| at.value),
            lease: table.duration(cx, &LEASE),
        }
    }
}

/// A name that is one word in a table and in a log line.
fn checked(name: &str) -> Result<&str, &'static str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(name);
    }
    Err("a name has 1 to 253 letters, digits, dots, hyphens and underscores")
}
