//! What a rating path asks for: the version, one service or all, with or without time in transit.

use crate::api::UpsError;
use crate::products::versions::{Api, version as version_of};

use super::error;

/// What the path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mode {
    /// All services instead of the one in the body.
    pub(crate) shop: bool,
    pub(crate) time_in_transit: bool,
    /// 1 to 9999.
    pub(crate) version: u32,
}

impl Mode {
    /// Reads the version and the option of the path, and `additionalinfo` of the query.
    pub(crate) fn parse(
        version: &str,
        option: &str,
        additional: Option<&str>,
    ) -> Result<Self, UpsError> {
        let version = version_of(Api::Rating, version)?;
        // Without case: `rate` in small letters is accepted by UPS and sent by clients.
        let is = |name: &str| option.eq_ignore_ascii_case(name);
        let (shop, timed) = if is("Rate") {
            (false, false)
        } else if is("Shop") {
            (true, false)
        } else if is("Ratetimeintransit") {
            (false, true)
        } else if is("Shoptimeintransit") {
            (true, true)
        } else {
            return Err(error::INVALID_ACTION.into());
        };
        // The query adds time in transit to `Rate` and `Shop` too; clients use either spelling of the wish.
        let additional = additional.is_some_and(|info| info.eq_ignore_ascii_case("timeintransit"));
        Ok(Self {
            shop,
            time_in_transit: timed || additional,
            version,
        })
    }
}
