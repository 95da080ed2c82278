//! The products that the mock serves below `/api`.

pub mod address_validation;
pub(crate) mod field_rules;
pub mod locator;
pub mod paperless;
pub mod pickup;
pub mod rating;
pub mod shipping;
pub mod time_in_transit;
pub mod tracking;
pub(crate) mod versions;

use std::sync::{Arc, OnceLock};

use self::address_validation::AddressValidation;
use self::locator::Locator;
use self::paperless::Paperless;
use self::pickup::Pickup;
use self::rating::{Rating, Tariff};
use self::shipping::Shipping;
use self::shipping::store::Shipments;
use self::time_in_transit::TimeInTransit;
use self::tracking::Tracking;
use crate::api::Product;
use crate::hot_settings::HotSettings;

/// All of them, the busiest first, priced by the default tariff.
pub(crate) fn all(seed: u64, hot: &Arc<HotSettings>) -> Vec<Box<dyn Product>> {
    // Parsed once a process: tests start hundreds of mocks.
    static DEFAULT: OnceLock<Arc<Tariff>> = OnceLock::new();
    let tariff = DEFAULT.get_or_init(|| {
        Arc::new(Tariff::bundled("default").expect("the bundled tariff parses: a test reads it"))
    });
    with_tariff(Arc::clone(tariff), seed, hot)
}

/// All of them, the busiest first.
pub(crate) fn with_tariff(
    tariff: Arc<Tariff>,
    seed: u64,
    hot: &Arc<HotSettings>,
) -> Vec<Box<dyn Product>> {
    let shipments = Arc::<Shipments>::default();
    // Each call asks them in turn, so the busiest is asked first.
    vec![
        Box::new(Rating::with_settings(Arc::clone(&tariff), Arc::clone(hot))),
        Box::new(Shipping::new(
            Arc::clone(&tariff),
            Arc::clone(&shipments),
            seed,
            Arc::clone(hot),
        )),
        Box::new(Tracking::new(shipments, Arc::clone(hot))),
        Box::new(TimeInTransit::new(tariff)),
        Box::new(AddressValidation),
        Box::new(Locator),
        Box::new(Pickup::new(seed)),
        Box::new(Paperless::default()),
    ]
}

#[cfg(test)]
mod tests;
