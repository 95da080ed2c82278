//! What a plugin says about itself, readable without running its code.

mod diagnosis;
mod legacy;
mod profile;
mod sign;

pub use sign::{SignBody, Signing};

use crate::Diagnosis;
use gateway_model::{CarrierId, CarrierProfile, Environment, Origin, Scheme};
use serde::Deserialize;
use std::{collections::BTreeMap, fmt};

/// More hosts or slots than any carrier has.
const MAX_ENTRIES: usize = 64;
/// The slot of a plugin that names none.
const DEFAULT_SLOT: &str = "access";

/// Why a manifest cannot be used. Each text names the key; the plugin's author has to act.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, or a value of the wrong type.
    #[error("it is not the expected JSON: {0}")]
    Json(String),
    /// A value that means nothing.
    #[error("`{key}`: {problem}")]
    Value {
        /// Which key.
        key: &'static str,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

impl ManifestError {
    pub(crate) fn value(key: &'static str, problem: impl Into<String>) -> Self {
        Self::Value {
            key,
            problem: problem.into(),
        }
    }
}

/// A version of the ABI, `major.minor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbiVersion {
    /// Breaking changes.
    pub major: u32,
    /// Additions.
    pub minor: u32,
}

impl fmt::Display for AbiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A parsed manifest. Keys of later minor versions are ignored.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Built with this version of the ABI.
    pub abi: AbiVersion,
    /// The lowest minor of the gateway that it can work with.
    pub requires: u32,
    /// The plugin's name: `ups`. Configuration refers to plugins by it.
    pub name: String,
    /// The plugin's version.
    pub version: String,
    /// What it was built with, for people: `rust/0.1.0`.
    pub sdk: Option<String>,
    /// Which carrier it serves.
    pub carrier: CarrierId,
    /// `token`, `sign` and so on.
    pub capabilities: Vec<String>,
    /// Hosts that it may send requests to, over HTTPS.
    pub hosts: Vec<String>,
    /// The credentials that it issues; never empty.
    pub slots: Vec<String>,
    /// What a plugin that signs requests wants to see of them.
    pub signing: Signing,
    /// JSON schema of an instance's configuration.
    pub config_schema: Option<serde_json::Value>,
    origins: Vec<(Environment, Origin)>,
    raw: Raw,
}

impl Manifest {
    /// Parses the JSON of the manifest.
    ///
    /// # Errors
    /// With the key that cannot be used.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let raw: Raw = serde_json::from_slice(bytes)
            .map_err(|error| ManifestError::Json(crate::text::clean(&error.to_string(), 200)))?;
        check_name(&raw.name)?;
        if raw.hosts.len() > MAX_ENTRIES || raw.slots.len() > MAX_ENTRIES {
            return Err(ManifestError::value("hosts", "more than 64 hosts or slots"));
        }
        let carrier = raw.carrier.id.parse::<CarrierId>();
        Ok(Self {
            abi: abi(&raw.abi)?,
            requires: raw.requires,
            name: raw.name.clone(),
            version: crate::text::clean(&raw.version, 64),
            sdk: raw.sdk.as_deref().map(|sdk| crate::text::clean(sdk, 64)),
            carrier: carrier.map_err(|e| ManifestError::value("carrier.id", e.to_string()))?,
            capabilities: raw.capabilities.clone(),
            hosts: hosts(&raw.hosts)?,
            slots: slots(&raw.slots)?,
            signing: sign::of(raw.sign.as_ref())?,
            config_schema: raw.config_schema.clone(),
            origins: origins(&raw)?,
            raw,
        })
    }

    /// Whether the plugin claims to sign requests. Its table has the last word.
    pub(crate) fn says_it_signs(&self) -> bool {
        self.raw.sign.is_some() || self.capabilities.iter().any(|can| can == "sign")
    }

    /// What the data plane works by.
    ///
    /// # Errors
    /// With the key that cannot be used.
    pub fn profile(&self) -> Result<CarrierProfile, ManifestError> {
        profile::of(self)
    }

    /// What the carrier's answers mean, and harmless calls.
    ///
    /// # Errors
    /// With the key that cannot be used.
    pub fn diagnosis(&self) -> Result<Diagnosis, ManifestError> {
        let always = self.profile()?.headers_when_absent;
        diagnosis::of(&self.raw.diagnosis, &always)
    }
}

fn check_name(name: &str) -> Result<(), ManifestError> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    if (1..=32).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(());
    }
    let problem = "a name is 1 to 32 of the characters a-z, 0-9, '-' and '_'";
    Err(ManifestError::value("name", problem))
}

fn abi(text: &str) -> Result<AbiVersion, ManifestError> {
    let parse = || {
        let (major, minor) = text.split_once('.')?;
        Some(AbiVersion {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    };
    parse().ok_or_else(|| ManifestError::value("abi", "a version is written like \"1.0\""))
}

/// Host names as they stand in an authority; a port other than 443 is part of the entry.
fn hosts(hosts: &[String]) -> Result<Vec<String>, ManifestError> {
    let parse = |host: &String| {
        let origin: Result<Origin, _> = format!("https://{host}").parse();
        match origin {
            Ok(origin) => Ok(origin.authority()),
            Err(error) => Err(ManifestError::value("hosts", error.to_string())),
        }
    };
    hosts.iter().map(parse).collect()
}

fn slots(slots: &[RawSlot]) -> Result<Vec<String>, ManifestError> {
    let mut names: Vec<String> = Vec::new();
    for slot in slots {
        check_name(&slot.name).map_err(|_| ManifestError::value("slots", "a bad slot name"))?;
        if names.contains(&slot.name) {
            return Err(ManifestError::value("slots", "two slots of one name"));
        }
        names.push(slot.name.clone());
    }
    if names.is_empty() {
        names.push(DEFAULT_SLOT.to_owned());
    }
    Ok(names)
}

fn origins(raw: &Raw) -> Result<Vec<(Environment, Origin)>, ManifestError> {
    let wrong = |problem: String| ManifestError::value("environments", problem);
    let parse = |(name, environment): (&String, &RawEnvironment)| {
        let name = name
            .parse::<Environment>()
            .map_err(|e| wrong(e.to_string()))?;
        let origin = environment.origin.parse::<Origin>();
        let origin = origin.map_err(|e| wrong(e.to_string()))?;
        match origin.scheme() {
            Scheme::Https => Ok((name, origin)),
            Scheme::Http => Err(wrong(format!("the origin {origin} must use https"))),
        }
    };
    raw.environments.iter().map(parse).collect()
}

#[derive(Clone, Debug, Deserialize)]
struct Raw {
    abi: String,
    #[serde(default)]
    requires: u32,
    name: String,
    version: String,
    sdk: Option<String>,
    carrier: RawCarrier,
    #[serde(default)]
    capabilities: Vec<String>,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    environments: BTreeMap<String, RawEnvironment>,
    #[serde(default)]
    slots: Vec<RawSlot>,
    #[serde(default)]
    rejected_statuses: Vec<u16>,
    errors: Option<RawTemplate>,
    unauthenticated: Option<RawRefusal>,
    downstream_token: Option<RawTokenEndpoint>,
    #[serde(default)]
    headers_when_absent: Vec<RawHeader>,
    #[serde(default)]
    credential_headers: Vec<String>,
    config_schema: Option<serde_json::Value>,
    legacy: Option<legacy::RawLegacy>,
    sign: Option<sign::RawSign>,
    #[serde(flatten)]
    diagnosis: diagnosis::RawDiagnosis,
}

#[derive(Clone, Debug, Deserialize)]
struct RawCarrier {
    id: String,
    display_name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct RawEnvironment {
    origin: String,
}

#[derive(Clone, Debug, Deserialize)]
struct RawSlot {
    name: String,
}

#[derive(Clone, Debug, Deserialize)]
struct RawTemplate {
    template: String,
}

#[derive(Clone, Debug, Deserialize)]
struct RawRefusal {
    status: u16,
    code: String,
    message: String,
}

#[derive(Clone, Debug, Deserialize)]
struct RawTokenEndpoint {
    path: String,
    template: String,
    invalid_client: RawRefusal,
    invalid_request: RawRefusal,
    too_many_requests: RawRefusal,
}

#[derive(Clone, Debug, Deserialize)]
struct RawHeader {
    name: String,
    value: Option<String>,
    #[serde(default)]
    request_id: bool,
}

#[cfg(test)]
mod tests;
