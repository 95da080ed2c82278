//! Pre-Notification: `POST /api/dangerousgoods/{version}/prenotification`.
//!
//! Tells the carrier which dangerous goods a shipment will hold. It knows the shipments: the number must be one that
//! was shipped, by the shipper that the request names, and each package one of it that is not voided.

mod request;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use http::Method;

use crate::api::{ApiRequest, ApiResponse, Product, UpsError};
use crate::hot_settings::HotSettings;
use crate::json::{Json, Style};
use crate::products::field_rules;
use crate::products::request_body::read;
use crate::products::shipping::store::{Shipment, Shipments};
use crate::products::versions::{Api, version as version_of};

use request::{Envelope, PreNotifiedShipment};

/// The product.
#[derive(Debug)]
pub struct PreNotification {
    shipments: Arc<Shipments>,
    hot: Arc<HotSettings>,
}

impl PreNotification {
    pub(crate) const fn new(shipments: Arc<Shipments>, hot: Arc<HotSettings>) -> Self {
        Self { shipments, hot }
    }

    fn notify(&self, call: &ApiRequest<'_>, version: &str) -> Result<ApiResponse, UpsError> {
        version_of(Api::PreNotification, version)?;
        let envelope: Envelope<'_> = match read(call.body) {
            Ok(envelope) => envelope,
            Err(unread) => return unread.answer(),
        };
        let tree = serde_json::from_slice(call.body).unwrap_or_default();
        field_rules::check(field_rules::PRE_NOTIFICATION, &tree)?;
        let notified = envelope
            .notified()
            .ok_or_else(|| refused("9600001", "Missing shipment"))?;
        if call.caller.is_refused(notified.shipper_number) {
            let text = "The shipper number belongs to another account";
            return Err(refused("9600004", text));
        }
        let days = self.hot.current().retention_days;
        let known = self.shipments.with(notified.id, |shipment| {
            let is_named = shipment.id().eq_ignore_ascii_case(notified.id);
            let is_kept = shipment.is_retained(call.now, days);
            (is_named && is_kept).then(|| fits(shipment, &notified))
        });
        let unknown = || refused("9600002", "The shipment was not found");
        known.flatten().ok_or_else(unknown)??;
        let body = Json::document(Style::Spaced, 256, |json| {
            json.object("PreNotificationResponse", |json| {
                crate::response_envelope::success(json, notified.context, call.transaction);
            });
        });
        Ok(ApiResponse::json(body))
    }
}

/// Whether the shipment is the shipper's and has the packages.
fn fits(shipment: &Shipment, notified: &PreNotifiedShipment<'_>) -> Result<(), UpsError> {
    if !shipment
        .shipper_number
        .eq_ignore_ascii_case(notified.shipper_number)
    {
        let text = "The shipper number is not that of the shipment";
        return Err(refused("9600003", text));
    }
    for number in &notified.packages {
        let mut packages = shipment.packages.iter();
        let package = packages.find(|package| package.tracking_number.eq_ignore_ascii_case(number));
        let Some(package) = package else {
            let text = "The tracking number is not one of the shipment";
            return Err(refused("9600005", text));
        };
        if package.voided_at.is_some() {
            return Err(refused("9600006", "The package has been voided"));
        }
    }
    Ok(())
}

fn refused(code: &'static str, text: &'static str) -> UpsError {
    UpsError::bad_request(code, text)
}

impl Product for PreNotification {
    fn answer(&self, call: &ApiRequest<'_>) -> Option<ApiResponse> {
        let &["dangerousgoods", version, "prenotification"] = call.segments else {
            return None;
        };
        if call.method != Method::POST {
            return None;
        }
        Some(self.notify(call, version).unwrap_or_else(ApiResponse::from))
    }
}
