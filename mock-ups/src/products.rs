//! The products that the mock serves below `/api`.

pub mod address_validation;
pub(crate) mod commerce_guard;
pub(crate) mod context;
pub(crate) mod contract;
pub(crate) mod customs_detail;
pub(crate) mod dangerous_goods;
pub(crate) mod delivery_defense;
pub(crate) mod delivery_intercept;
pub(crate) mod delivery_pin;
pub(crate) mod description_guidance;
pub(crate) mod export_assure;
pub(crate) mod field_rules;
pub(crate) mod forwarding;
pub(crate) mod global_checkout;
pub mod landed_cost;
pub mod locator;
pub mod paperless;
pub mod pickup;
pub(crate) mod pickup_preferences;
pub mod pre_notification;
pub(crate) mod quantum_view;
pub mod rating;
pub(crate) mod request_body;
pub mod shipping;
pub(crate) mod streets;
pub mod time_in_transit;
pub mod track_alert;
pub mod tracking;
pub(crate) mod trade_direct;
pub(crate) mod versions;
pub(crate) mod worldease;

use self::address_validation::AddressValidation;
pub(crate) use self::context::ProductContext;
use self::landed_cost::LandedCost;
use self::locator::Locator;
use self::paperless::Paperless;
use self::pickup::Pickup;
use self::pre_notification::PreNotification;
use self::rating::Rating;
use self::shipping::Shipping;
use self::time_in_transit::TimeInTransit;
use self::track_alert::TrackAlert;
use self::tracking::Tracking;
use crate::api::Product;

/// How a product is made.
type Make = fn(&ProductContext) -> Box<dyn Product>;

/// All products, the busiest first: the server asks them in this order. A product is a folder and a line here.
const PRODUCTS: [Make; 26] = [
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
    delivery_intercept::product,
    quantum_view::product,
    dangerous_goods::reference_data,
    dangerous_goods::acceptance_audit,
    global_checkout::product,
    trade_direct::product,
    worldease::product,
    export_assure::product,
    description_guidance::product,
    commerce_guard::product,
    delivery_defense::product,
    pickup_preferences::product,
    delivery_pin::product,
    customs_detail::product,
    forwarding::product,
];

impl ProductContext {
    pub(crate) fn products(&self) -> Vec<Box<dyn Product>> {
        PRODUCTS.iter().map(|make| make(self)).collect()
    }
}

#[cfg(test)]
mod tests;
