//! Dangerous goods and dry ice: by which rules they travel, and where those hold.
//!
//! The regulation sets are those of UPS's files (`RegulationSet` in Rating.yaml and Shipping.yaml). The codes of the
//! errors are guesses.

use crate::api::UpsError;
use crate::products::rating::error;
use crate::products::rating::request::PackageServiceOptions;
use crate::products::rating::service::Lane;

/// Whether a package travels by ADR, the agreement for Europe's roads.
pub(super) fn goes_by_road(
    options: Option<&PackageServiceOptions<'_>>,
    lane: Lane,
) -> Result<bool, UpsError> {
    let Some(options) = options else {
        return Ok(false);
    };
    let dry_ice = options.dry_ice.as_ref().map(|ice| &ice.regulation_set);
    let goods = options.haz_mat.0.iter().flat_map(|goods| {
        let records = goods.chemical_record.0.iter();
        std::iter::once(&goods.regulation_set).chain(records.map(|record| &record.regulation_set))
    });
    let mut by_road = false;
    for set in dry_ice
        .into_iter()
        .chain(goods)
        .filter_map(|set| set.present())
    {
        match set {
            "ADR" if lane.stays_in_europe() => by_road = true,
            // TDG is Canada's, CFR the United States'; which lanes they hold on is not checked.
            "CFR" | "IATA" | "TDG" => {}
            _ => return Err(error::REGULATION_SET_INVALID.into()),
        }
    }
    Ok(by_road)
}
