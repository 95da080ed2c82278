//! What is kept of plugins.

use gateway_model::CarrierId;

/// What the plugin of a carrier said about itself when it was active last.
///
/// It is sealed although it holds no secret: whoever could change it would decide where tokens are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestRecord {
    /// The carrier.
    pub carrier: CarrierId,
    /// The manifest, as it stands in the plugin's file.
    pub manifest: String,
    /// The SHA-256 of that file, as hexadecimal digits.
    pub sha256: String,
    /// Whether the plugin signs requests.
    pub signs: bool,
}
