//! What products are made from.

use std::sync::{Arc, OnceLock};

use super::rating::Tariff;
use super::shipping::store::Shipments;
use super::track_alert::alerts::Alerts;
use crate::hot_settings::HotSettings;

/// What products are made from: the state that they share.
#[derive(Debug, Clone)]
pub(crate) struct ProductContext {
    pub(crate) tariff: Arc<Tariff>,
    pub(crate) seed: u64,
    pub(crate) hot: Arc<HotSettings>,
    pub(crate) shipments: Arc<Shipments>,
    pub(crate) alerts: Arc<Alerts>,
}

impl ProductContext {
    /// Nothing shipped, nobody subscribed; without a tariff the default one.
    pub(crate) fn new(tariff: Option<Tariff>, seed: u64, hot: Arc<HotSettings>) -> Self {
        static DEFAULT: OnceLock<Arc<Tariff>> = OnceLock::new();
        let bundled = || {
            let tariff = Tariff::bundled("default");
            Arc::new(tariff.expect("the bundled tariff parses: a test reads it"))
        };
        let shipments = Arc::<Shipments>::default();
        Self {
            tariff: tariff.map_or_else(|| Arc::clone(DEFAULT.get_or_init(bundled)), Arc::new),
            seed,
            hot,
            alerts: Arc::new(Alerts::new(Arc::clone(&shipments))),
            shipments,
        }
    }
}
