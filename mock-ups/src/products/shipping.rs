//! Shipping: create a shipment, void it, get its labels again.
//!
//! `POST /api/shipments/{version}/ship`, `DELETE /api/shipments/{version}/void/cancel/{id}` and
//! `POST /api/labels/{version}/recovery`. Shipments are priced by rating and kept in [`store`],
//! which tracking reads.

mod create;
pub(crate) mod number;
mod recovery;
mod request;
mod results;
pub(crate) mod store;
#[cfg(test)]
mod tests;
mod void;

use std::sync::Arc;

use http::Method;

use crate::api::{ApiRequest, ApiResponse, Product};
use crate::hot_settings::HotSettings;
use crate::products::rating::Tariff;

use store::Shipments;

/// The product.
#[derive(Debug)]
pub struct Shipping {
    tariff: Arc<Tariff>,
    shipments: Arc<Shipments>,
    /// Makes the tracking numbers of mocks with different seeds differ.
    seed: u64,
    hot: Arc<HotSettings>,
}

impl Shipping {
    pub(crate) const fn new(
        tariff: Arc<Tariff>,
        shipments: Arc<Shipments>,
        seed: u64,
        hot: Arc<HotSettings>,
    ) -> Self {
        Self {
            tariff,
            shipments,
            seed,
            hot,
        }
    }
}

impl Product for Shipping {
    fn answer(&self, request: &ApiRequest<'_>) -> Option<ApiResponse> {
        let result = match (request.method, request.segments) {
            // Matched by method and path together: the same path with another method is not UPS's.
            (&Method::POST, &["shipments", version, "ship"]) => self.create(request, version),
            (&Method::DELETE, &["shipments", version, "void", "cancel", id]) => {
                self.void(request, version, id)
            }
            (&Method::POST, &["labels", version, "recovery"]) => self.recover(request, version),
            _ => return None,
        };
        Some(result.unwrap_or_else(ApiResponse::from))
    }

    fn reset(&self) {
        self.shipments.clear();
    }
}
