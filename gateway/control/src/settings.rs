//! How the control plane works.

use crate::Reminders;
use gateway_model::{CarrierId, Environment, Origin};
use std::time::Duration;

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
}
