//! The versions that exist, for all products in one table.
//!
//! | source | versions |
//! |---|---|
//! | UPS's files | those listed as current or deprecated |
//! | recordings and public clients | those that were answered with success |
//!
//! To add one that was seen, add it to its line.

use crate::api::UpsError;

use super::rating::error;

/// First segment of a path, what it serves, and the numbers of its versions.
const VERSIONS: &[(Api, &[u32])] = &[
    // 1801, 1807, 2201, 2403 and 2407 are in no file, but in use.
    (
        Api::Rating,
        &[
            1, 1601, 1607, 1701, 1707, 1801, 1807, 2108, 2201, 2205, 2403, 2407, 2409,
        ],
    ),
    (
        Api::Shipping,
        &[
            1, 1601, 1607, 1701, 1707, 1801, 1807, 2108, 2205, 2403, 2407, 2409,
        ],
    ),
    (Api::Void, &[1, 3, 2403, 2409]),
    (Api::LabelRecovery, &[1, 1701, 1903, 2409, 2603]),
    (Api::AddressValidation, &[1, 2]),
    (Api::TimeInTransit, &[1]),
    (Api::Locator, &[1, 2, 3]),
    (Api::Pickup, &[1, 1607, 1707, 2205, 2403, 2409]),
    (Api::Paperless, &[1, 2]),
    (Api::LandedCost, &[1]),
    (Api::PreNotification, &[1, 2]),
    (Api::DeliveryIntercept, &[2]),
    (Api::QuantumView, &[1, 3]),
    (Api::ChemicalReferenceData, &[1, 1801, 2409]),
    // The file's default is v3, its list has v2 only.
    (Api::AcceptanceAudit, &[1, 2, 3]),
    (Api::GlobalCheckout, &[1]),
    (Api::TradeDirect, &[1]),
    (Api::WorldEase, &[1]),
    (Api::ExportAssure, &[1]),
    (Api::DescriptionGuidance, &[1]),
    (Api::CommerceGuard, &[1]),
    (Api::DeliveryDefense, &[1]),
    (Api::PickupPreferences, &[1]),
    (Api::DeliveryPin, &[1]),
    (Api::CustomsDetail, &[2]),
    (Api::Forwarding, &[1]),
];

/// An API with versions of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    Rating,
    Shipping,
    Void,
    LabelRecovery,
    AddressValidation,
    TimeInTransit,
    Locator,
    Pickup,
    Paperless,
    LandedCost,
    PreNotification,
    DeliveryIntercept,
    QuantumView,
    ChemicalReferenceData,
    AcceptanceAudit,
    GlobalCheckout,
    TradeDirect,
    WorldEase,
    ExportAssure,
    DescriptionGuidance,
    CommerceGuard,
    DeliveryDefense,
    PickupPreferences,
    DeliveryPin,
    CustomsDetail,
    Forwarding,
}

/// The number of a version in a path: `v2409`, or `1701` without the letter, as one deprecated version is
/// written in UPS's own file.
pub(crate) fn version(api: Api, text: &str) -> Result<u32, UpsError> {
    let digits = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let is_number = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    // `v01` is no version, so zeros in front are refused.
    let number = digits.parse().ok();
    let number = number.filter(|_| is_number && !digits.starts_with('0'));
    let known = VERSIONS.iter().find(|(known, _)| *known == api);
    let exists = |number: &u32| known.is_some_and(|(_, versions)| versions.contains(number));
    number
        .filter(exists)
        .ok_or_else(|| error::INVALID_VERSION.into())
}

#[cfg(test)]
mod tests {
    use super::{Api, version};

    #[test]
    fn only_versions_that_exist_are_taken() {
        for (api, text, number) in [
            (Api::Rating, "v2409", Some(2409)),
            (Api::Rating, "1701", Some(1701)),
            (Api::Rating, "V1", Some(1)),
            (Api::Rating, "v2410", None),
            (Api::Rating, "v01", None),
            (Api::Rating, "v", None),
            (Api::Rating, "v99999", None),
            (Api::AddressValidation, "0", None),
            (Api::AddressValidation, "v2", Some(2)),
            (Api::TimeInTransit, "%1A", None),
            (Api::LabelRecovery, "v2603", Some(2603)),
            (Api::Void, "v3", Some(3)),
        ] {
            assert_eq!(version(api, text).ok(), number, "{api:?} {text}");
        }
    }
}
