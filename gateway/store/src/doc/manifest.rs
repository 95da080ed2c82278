//! The documents about plugins.

use crate::record::ManifestRecord;
use gateway_model::CarrierId;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "ManifestRecord")]
pub(super) struct ManifestDoc {
    carrier: CarrierId,
    manifest: String,
    sha256: String,
    signs: bool,
}
