//! The settings of the control plane.

mod reminders;

pub use reminders::{Mail, MailLogin, MailSecurity, Reminders, Webhook};

use gateway_model::{CarrierId, Environment, Origin};
use std::{path::PathBuf, time::Duration};

/// The settings of the control plane.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The gateway's version, for people.
    pub version: &'static str,
    /// How long a person may take to sign in.
    pub consent_lifetime: Duration,
    /// The time limit of one authorization or probe.
    pub request_timeout: Duration,
    /// How many days before a grant's end its reminder is sent.
    pub remind_days: u16,
    /// Where reminders are sent.
    pub reminders: Reminders,
    /// What the operator overrides, per carrier and environment.
    pub realms: Vec<Realm>,
    /// The files of the gateway.
    pub files: Files,
    /// How the gateway takes part in a fleet.
    pub fleet: Fleet,
}

/// How the gateway takes part in a fleet. It matters only with a store that is shared.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// The gateway's name, for people.
    pub name: String,
    /// How long a gateway that says nothing counts as live.
    pub lease: Duration,
}

/// The files of the gateway that an operator has to look after.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The folder for the backup before a migration; without it no migration can begin.
    pub backup_dir: Option<PathBuf>,
    /// Files that other users must not read or change.
    pub private: Vec<PrivateFile>,
}

/// A file that other users must not read or change.
#[derive(Clone, Debug)]
pub struct PrivateFile {
    /// The file's purpose, for people: `the store`.
    pub what: &'static str,
    /// The file's path.
    pub path: PathBuf,
    /// The mode bits that it must not have: `0o077`.
    pub forbidden: u32,
    /// Whether the gateway cannot start without the file.
    pub needed: bool,
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            name: "gateway".to_owned(),
            lease: Duration::from_secs(15),
        }
    }
}

/// The operator's overrides for one carrier and environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    /// The carrier.
    pub carrier: CarrierId,
    /// The carrier's environment.
    pub environment: Environment,
    /// The origin of the API and the token endpoint, instead of the plugin's.
    pub origin: Option<Origin>,
    /// Allows an `http` origin. Secrets are then sent in clear.
    pub danger_plaintext: bool,
    /// Whether a refresh token whose last presentation has an unknown outcome may be presented once
    /// more, when a new sign-in is the only alternative.
    pub last_chance: bool,
}
