//! The products that the mock serves below `/api`.

pub mod address_validation;
pub(crate) mod field_rules;
pub mod landed_cost;
pub mod locator;
pub mod paperless;
pub mod pickup;
pub mod pre_notification;
pub mod rating;
pub(crate) mod request_body;
pub mod shipping;
pub(crate) mod streets;
pub mod time_in_transit;
pub mod track_alert;
pub mod tracking;
pub(crate) mod versions;

use std::sync::{Arc, OnceLock};

use self::address_validation::AddressValidation;
use self::landed_cost::LandedCost;
use self::locator::Locator;
use self::paperless::Paperless;
use self::pickup::Pickup;
use self::pre_notification::PreNotification;
use self::rating::{Rating, Tariff};
use self::shipping::Shipping;
use self::shipping::store::Shipments;
use self::time_in_transit::TimeInTransit;
use self::track_alert::TrackAlert;
use self::track_alert::alerts::Alerts;
use self::tracking::Tracking;
use crate::api::Product;
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

/// How a product is made.
type Make = fn(&ProductContext) -> Box<dyn Product>;

/// All products, the busiest first: the server asks them in this order. A product is a folder and a line here.
const PRODUCTS: [Make; 11] = [
    |context| {
        Box::new(Rating::with_settings(
            context.tariff.clone(),
            context.hot.clone(),
        ))
    },
    |context| {
        let (tariff, shipments) = (context.tariff.clone(), context.shipments.clone());
        Box::new(Shipping::new(
            tariff,
            shipments,
            context.seed,
            context.hot.clone(),
        ))
    },
    |context| {
        Box::new(Tracking::new(
            context.shipments.clone(),
            context.hot.clone(),
        ))
    },
    |context| Box::new(TimeInTransit::new(context.tariff.clone())),
    |_| Box::new(AddressValidation),
    |_| Box::new(Locator),
    |context| Box::new(Pickup::new(context.seed)),
    |_| Box::new(Paperless::default()),
    |context| Box::new(TrackAlert::new(context.alerts.clone())),
    |context| Box::new(LandedCost::new(context.hot.clone())),
    |context| {
        let shipments = context.shipments.clone();
        Box::new(PreNotification::new(shipments, context.hot.clone()))
    },
];

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

    pub(crate) fn products(&self) -> Vec<Box<dyn Product>> {
        PRODUCTS.iter().map(|make| make(self)).collect()
    }
}

#[cfg(test)]
mod tests;
