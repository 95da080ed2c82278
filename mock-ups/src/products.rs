//! The products that the mock serves below `/api`.

use std::sync::{Arc, OnceLock};

use crate::api::Product;
use crate::rating::{Rating, Tariff};

/// All of them, the busiest first, priced by the default tariff.
pub(crate) fn all() -> Vec<Box<dyn Product>> {
    static DEFAULT: OnceLock<Arc<Tariff>> = OnceLock::new();
    let tariff = DEFAULT.get_or_init(|| {
        Arc::new(Tariff::bundled("default").expect("the bundled tariff parses: a test reads it"))
    });
    with_tariff(Arc::clone(tariff))
}

/// All of them, the busiest first.
pub(crate) fn with_tariff(tariff: Arc<Tariff>) -> Vec<Box<dyn Product>> {
    vec![Box::new(Rating::new(tariff))]
}
