//! What a rating path asks for: the version, one service or all, with or without time in transit.

use crate::api::UpsError;

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
        let version = version_number(version)?;
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
        let additional = additional.is_some_and(|info| info.eq_ignore_ascii_case("timeintransit"));
        Ok(Self {
            shop,
            time_in_transit: timed || additional,
            version,
        })
    }
}

/// The version of a path: `v2409`, or `1701` without the letter.
pub(crate) fn version_number(text: &str) -> Result<u32, UpsError> {
    let digits = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let valid = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| valid);
    number.ok_or_else(|| error::INVALID_VERSION.into())
}
