//! How the control plane works.

use crate::Reminders;
use gateway_model::{CarrierId, Environment, Origin};
use std::{path::PathBuf, time::Duration};

/// How the control plane works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The gateway's version, for people.
    pub version: &'static str,
    /// How long a person may take to consent.
    pub consent_lifetime: Duration,
    /// One authorization or probe may take this long.
    pub request_timeout: Duration,
    /// How many days before its end a grant is reminded of.
    pub remind_days: u16,
    /// Who is told, besides those who look.
    pub reminders: Reminders,
    /// What the operator overrides, per carrier and environment.
    pub realms: Vec<Realm>,
    /// What it keeps on disk.
    pub files: Files,
}

/// What the gateway keeps on disk, as far as somebody has to look after it.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Where a migration leaves its backup; without it none can begin.
    pub backup_dir: Option<PathBuf>,
    /// Files whose modes matter.
    pub private: Vec<PrivateFile>,
}

/// A file that not everybody may read or change.
#[derive(Clone, Debug)]
pub struct PrivateFile {
    /// For people: `the store`.
    pub what: &'static str,
    /// Where it is.
    pub path: PathBuf,
    /// The mode bits that it must not have: `0o077`.
    pub forbidden: u32,
    /// Whether the next start fails without it.
    pub needed: bool,
}

/// What the operator overrides for one carrier and environment.
#[derive(Clone, Debug)]
pub struct Realm {
    /// Which carrier.
    pub carrier: CarrierId,
    /// Which of its environments.
    pub environment: Environment,
    /// Where its API and token endpoint are, instead of where its plugin says.
    pub origin: Option<Origin>,
    /// Allows an `http` origin. Secrets then travel in clear.
    pub danger_plaintext: bool,
    /// A refresh token of unknown fate may be presented once more, when a login is the only
    /// alternative.
    pub last_chance: bool,
}
