//! Paths and versions.

/// The prefix of every route of the API.
pub const BASE_PATH: &str = "/api/v1";

/// The response field that names the version of the gateway.
// In every response, so that a client can say that the versions differ instead of "not found".
pub const VERSION_HEADER: &str = "waybill-version";

/// The version of this crate, which is the version of the gateway that was built with it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
