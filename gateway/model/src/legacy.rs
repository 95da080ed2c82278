//! How a carrier's older API, with a licence key in a header field, maps to the one of today.

use crate::PathTemplate;
use http::{HeaderName, Method};

/// What to do with requests of apps that still speak the carrier's older API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyProfile {
    /// The field by which such an app says who it is.
    pub key_header: HeaderName,
    /// Fields of the older API that never go on to the carrier.
    pub strip: Vec<HeaderName>,
    /// The older paths; the first that fits counts.
    pub paths: Vec<PathRewrite>,
    /// Older paths without a successor, by how they begin. Only a path that no rewrite fits is looked up here.
    pub retired: Vec<RetiredPath>,
}

/// One older path and what it is today.
///
/// Both are templates: `{name}` stands for one whole segment that is not empty, everything else for
/// itself. The plugin host makes sure that each name of `to` occurs in `from`, and none twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathRewrite {
    /// As the app asks: `/ship/{version}/rating/{option}`.
    pub from: String,
    /// As the carrier wants it: `/api/rating/{version}/{option}`.
    pub to: String,
    /// For these methods; empty: for all.
    pub methods: Vec<Method>,
}

/// Older paths that the carrier of today does not serve under any name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetiredPath {
    /// How they begin: `/webservices`.
    pub path: PathTemplate,
    /// What the app's developer has to do.
    pub remedy: String,
}
