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

use crate::api::{ApiRequest, ApiResponse, Product, UpsError};
use crate::hot_settings::HotSettings;
use crate::lenient;
use crate::products::rating::{Tariff, error};

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

/// A body as JSON of a type, or the answer that UPS gives to such a body.
pub(crate) fn read<'b, T: lenient::Members<'b>>(body: &'b [u8]) -> Result<T, Unread> {
    // An empty body is the one unreadable body that has a code of its own.
    if body.is_empty() {
        return Err(Unread::Refused(error::EMPTY_BODY.into()));
    }
    // Before the parser, which would accept the escape.
    if lenient::holds_control_character(body) {
        return Err(Unread::Indigestible);
    }
    let text = std::str::from_utf8(body).map_err(|_| Unread::Indigestible)?;
    lenient::read(text).map_err(|lenient::Unread| {
        // JSON that is not of the expected shape has a code; text that is no JSON is not digested.
        if lenient::is_json(body) {
            Unread::Refused(error::NOT_VALID.into())
        } else {
            Unread::Indigestible
        }
    })
}

/// Why a body was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The back end cannot digest it.
    Indigestible,
    /// It is refused with an error.
    Refused(UpsError),
}

impl Unread {
    /// The answer.
    pub(crate) fn answer(self) -> Result<ApiResponse, UpsError> {
        match self {
            Self::Indigestible => Ok(ApiResponse::indigestible()),
            Self::Refused(error) => Err(error),
        }
    }
}

/// The transaction's name on the carrier's side.
pub(crate) fn transaction<'r>(request: &'r ApiRequest<'_>) -> &'r str {
    request.transaction
}
