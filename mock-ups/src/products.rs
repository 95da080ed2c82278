//! The products that the mock serves below `/api`.

use std::sync::{Arc, OnceLock};

use crate::address_validation::AddressValidation;
use crate::api::Product;
use crate::dials::Dials;
use crate::locator::Locator;
use crate::paperless::Paperless;
use crate::pickup::Pickup;
use crate::rating::{Rating, Tariff};
use crate::shipping::Shipping;
use crate::shipping::store::Shipments;
use crate::time_in_transit::TimeInTransit;
use crate::tracking::Tracking;

/// All of them, the busiest first, priced by the default tariff.
pub(crate) fn all(seed: u64, dials: &Arc<Dials>) -> Vec<Box<dyn Product>> {
    static DEFAULT: OnceLock<Arc<Tariff>> = OnceLock::new();
    let tariff = DEFAULT.get_or_init(|| {
        Arc::new(Tariff::bundled("default").expect("the bundled tariff parses: a test reads it"))
    });
    with_tariff(Arc::clone(tariff), seed, dials)
}

/// All of them, the busiest first.
pub(crate) fn with_tariff(
    tariff: Arc<Tariff>,
    seed: u64,
    dials: &Arc<Dials>,
) -> Vec<Box<dyn Product>> {
    let shipments = Arc::<Shipments>::default();
    vec![
        Box::new(Rating::new(Arc::clone(&tariff))),
        Box::new(Shipping::new(
            Arc::clone(&tariff),
            Arc::clone(&shipments),
            seed,
            Arc::clone(dials),
        )),
        Box::new(Tracking::new(shipments, Arc::clone(dials))),
        Box::new(TimeInTransit::new(tariff)),
        Box::new(AddressValidation),
        Box::new(Locator),
        Box::new(Pickup::new(seed)),
        Box::new(Paperless::default()),
    ]
}

#[cfg(test)]
mod tests;
