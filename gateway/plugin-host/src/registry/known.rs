//! What a manifest says about its carrier, which the data plane serves by.

use crate::{Diagnosis, Manifest, ManifestError, Plugin, SignBody};
use gateway_model::{CarrierId, CarrierProfile};
use std::sync::Arc;

/// What is known of a carrier.
#[derive(Clone, Debug)]
pub struct KnownCarrier {
    /// What the data plane works by.
    pub profile: Arc<CarrierProfile>,
    /// What the carrier's answers mean to people.
    pub diagnosis: Arc<Diagnosis>,
    /// The credentials that the plugin issues; never empty.
    pub slots: Vec<String>,
    /// Whether the carrier's requests are signed.
    pub signs: Option<SignBody>,
}

/// What a plugin said about itself when it was active last, in a form that can be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastManifest {
    /// The plugin's carrier.
    pub carrier: CarrierId,
    /// The JSON of the manifest.
    pub manifest: String,
    /// The SHA-256 of the plugin's file; empty for a plugin that is linked in.
    pub sha256: String,
    /// Whether the plugin signs requests. Its manifest may leave that to the plugin's table.
    pub signs: bool,
}

impl KnownCarrier {
    /// What a plugin's manifest says.
    pub fn of(plugin: &Plugin) -> Self {
        Self {
            profile: Arc::clone(plugin.profile()),
            diagnosis: Arc::clone(plugin.diagnosis()),
            slots: plugin.manifest().slots.clone(),
            signs: plugin.signs(),
        }
    }

    /// The same for a carrier to which the operator gave this name.
    pub(super) fn named(&self, carrier: &CarrierId) -> Self {
        let profile = CarrierProfile {
            id: carrier.clone(),
            display_name: carrier.to_string(),
            ..(*self.profile).clone()
        };
        Self {
            profile: Arc::new(profile),
            ..self.clone()
        }
    }

    pub(super) fn remembered(last: &LastManifest) -> Result<Self, ManifestError> {
        let manifest = Manifest::parse(last.manifest.as_bytes())?;
        Ok(Self {
            profile: Arc::new(manifest.profile()?),
            diagnosis: Arc::new(manifest.diagnosis()?),
            signs: last.signs.then_some(manifest.signing.body),
            slots: manifest.slots,
        })
    }
}

impl LastManifest {
    pub(super) fn of(plugin: &Plugin) -> Self {
        let sha256 = plugin.sha256().map(|digest| digest.to_string());
        Self {
            carrier: plugin.manifest().carrier.clone(),
            manifest: plugin.manifest().source().to_owned(),
            sha256: sha256.unwrap_or_default(),
            signs: plugin.signs().is_some(),
        }
    }
}
