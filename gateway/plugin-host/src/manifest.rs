//! What a plugin says about itself, readable without running its code.

mod api;
mod diagnosis;
mod envelope;
mod error;
mod json;
mod legacy;
mod profile;
mod sign;
mod token_endpoint;
mod values;

pub use error::ManifestError;
pub use sign::{SignBody, Signing};
pub use values::AbiVersion;

use crate::Diagnosis;
use api::DeclaredSlots;
use gateway_model::{CarrierId, CarrierProfile, Environment, Origin, Scheme};
use json::{EnvironmentJson, ManifestJson, SlotJson};
use std::sync::Arc;
use values::{abi, check_name, hosts};

/// More hosts or slots than any carrier has.
const MAX_ENTRIES: usize = 64;
/// The slot of a plugin that names none.
const DEFAULT_SLOT: &str = "access";

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
    source: Box<str>,
    json: ManifestJson,
}

impl Manifest {
    /// Parses the JSON of the manifest.
    ///
    /// # Errors
    /// With the key that cannot be used.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let json: ManifestJson = serde_json::from_slice(bytes)
            // Cleaned and cut, because the message goes to terminals and logs.
            .map_err(|error| ManifestError::Json(crate::text::clean(&error.to_string(), 200)))?;
        // The name first: every later message about the plugin contains it.
        check_name(&json.name)?;
        // Before anything is built of them.
        if json.hosts.len() > MAX_ENTRIES || json.slots.len() > MAX_ENTRIES {
            return Err(ManifestError::value("hosts", "more than 64 hosts or slots"));
        }
        let carrier = json.carrier.id.parse::<CarrierId>();
        Ok(Self {
            abi: abi(&json.abi)?,
            requires: json.requires,
            name: json.name.clone(),
            version: crate::text::clean(&json.version, 64),
            sdk: json.sdk.as_deref().map(|sdk| crate::text::clean(sdk, 64)),
            carrier: carrier.map_err(|e| ManifestError::value("carrier.id", e.to_string()))?,
            capabilities: json.capabilities.clone(),
            hosts: hosts(&json.hosts)?,
            slots: slots(&json.slots)?,
            signing: sign::of(json.sign.as_ref())?,
            config_schema: json.config_schema.clone(),
            origins: origins(&json)?,
            // Cannot differ: what parsed as JSON is UTF-8.
            source: String::from_utf8_lossy(bytes).into(),
            json,
        })
    }

    /// The JSON that this was parsed from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the plugin claims to sign requests. Its table has the last word.
    pub(crate) fn says_it_signs(&self) -> bool {
        self.json.sign.is_some() || self.capabilities.iter().any(|can| can == "sign")
    }

    /// What the data plane works by.
    ///
    /// # Errors
    /// With the key that cannot be used.
    pub fn profile(&self) -> Result<CarrierProfile, ManifestError> {
        let slots = DeclaredSlots {
            names: &self.slots,
            requires: self.requires,
        };
        profile::of(
            &self.json,
            &self.carrier,
            &self.hosts,
            &slots,
            &self.origins,
        )
    }

    /// What the carrier's answers mean, and harmless calls.
    ///
    /// # Errors
    /// With the key that cannot be used.
    pub fn diagnosis(&self) -> Result<Diagnosis, ManifestError> {
        let always = self.profile()?.headers_when_absent;
        let places = Arc::new(envelope::code_places(self.json.errors.as_ref())?);
        let slots = self.json.slots.iter();
        Ok(Diagnosis {
            slot_settings: slots
                .map(|slot| (slot.name.clone(), slot.settings.clone()))
                .collect(),
            ..diagnosis::of(&self.json.diagnosis, &always, &places)?
        })
    }
}

fn slots(slots: &[SlotJson]) -> Result<Vec<String>, ManifestError> {
    let mut names: Vec<String> = Vec::new();
    for slot in slots {
        check_name(&slot.name).map_err(|_| ManifestError::value("slots", "a bad slot name"))?;
        if names.contains(&slot.name) {
            return Err(ManifestError::value("slots", "two slots of one name"));
        }
        names.push(slot.name.clone());
    }
    // A plugin with one kind of credential need not name it.
    if names.is_empty() {
        names.push(DEFAULT_SLOT.to_owned());
    }
    Ok(names)
}

fn origins(json: &ManifestJson) -> Result<Vec<(Environment, Origin)>, ManifestError> {
    let wrong = |problem: String| ManifestError::value("environments", problem);
    let parse = |(name, environment): (&String, &EnvironmentJson)| {
        let name = name
            .parse::<Environment>()
            .map_err(|e| wrong(e.to_string()))?;
        let origin = environment.origin.parse::<Origin>();
        let origin = origin.map_err(|e| wrong(e.to_string()))?;
        match origin.scheme() {
            Scheme::Https => Ok((name, origin)),
            // Secrets go there; only an operator may allow plaintext, for a mock.
            Scheme::Http => Err(wrong(format!("the origin {origin} must use https"))),
        }
    };
    json.environments.iter().map(parse).collect()
}

#[cfg(test)]
mod tests;
