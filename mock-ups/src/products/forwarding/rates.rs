//! The rates of the services of a lane.

use serde_json::{Value, json};

use super::price::{self, ABROAD, Cargo, SERVICES, Service};
use super::records::Forwarding;
use crate::products::contract::refusal::answered;
use crate::products::contract::{Answer, Call};

pub(super) fn answer(_: &Forwarding, call: &Call<'_>) -> Answer {
    let is_metric = call.body["shipment"]["isMetric"] == true;
    let cargo = Cargo::of(call.body.pointer("/shipment/items"), is_metric);
    let pickup = price::pickup_day(call, call.text("/shipment/pickupDate"));
    let currency = price::currency(call, "/shipment/currencyCode");
    let wanted = call.text("/shipment/serviceType");
    let is_abroad = price::is_abroad(&call.body);
    let fits = |service: &&Service| match wanted {
        // Without a service all of the lane are rated.
        "" => ABROAD.contains(&service.code) == is_abroad,
        wanted => service.code == wanted,
    };
    let rates = SERVICES.iter().filter(fits);
    let rates: Vec<Value> = rates
        .map(|service| price::rate(service, &cargo, pickup, currency))
        .collect();
    answered(&json!({"response": {"rates": rates}}))
}
