//! API keys: one or more header fields, whose names and values the configuration gives.
//!
//! There is no token endpoint and no request. The keys go to the origin of the account's route and nowhere
//! else, because the manifest names no host.
#![forbid(unsafe_code)]

mod config;
mod template;

pub use config::Config;

use config::Fields;
use plugins_sdk::{CarrierAuth, Context, Credential, Result};

/// What the gateway reads about this plugin without running it.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"));

/// One set of API keys.
pub struct StaticHeader {
    fields: Fields,
}

impl CarrierAuth for StaticHeader {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        let fields = Fields::new(config)?;
        Ok(Self { fields })
    }

    async fn authorize(&self, _: &Context) -> Result<Credential> {
        // Without an end: a key is good until the carrier withdraws it.
        Ok(self.fields.credential())
    }
}
