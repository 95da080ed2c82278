//! Tracking: `GET /api/track/v1/details/{number}`, `/reference/details/{reference}` and
//! `/shipment/details/{number}`.
//!
//! A shipment that the mock created lives a [`timeline`] that follows the mock's clock. In the test
//! environment UPS's documented sample numbers live as well. An unknown number is not an error: 200
//! with the warning TW0001, as the live service answers whatever the specification says.

#[cfg(test)]
mod tests;
pub(crate) mod timeline;
mod write;

use std::sync::Arc;

use http::{Method, StatusCode};

use crate::api::{ApiRequest, ApiResponse, Environment, Product, UpsError};
use crate::hot_settings::HotSettings;
use crate::json::{Json, Style};
use crate::products::shipping::store::{Shipment, Shipments};

use timeline::Timeline;

/// The product.
#[derive(Debug)]
pub struct Tracking {
    shipments: Arc<Shipments>,
    hot: Arc<HotSettings>,
}

impl Tracking {
    pub(crate) const fn new(shipments: Arc<Shipments>, hot: Arc<HotSettings>) -> Self {
        Self { shipments, hot }
    }

    /// Whether the shipments that the mock created can be tracked.
    fn knows_shipments(&self, request: &ApiRequest<'_>) -> bool {
        // UPS's test environment is said to know its documented numbers only, so this is a setting there.
        request.environment == Environment::Production
            || self.hot.current().test_shipments_are_tracked
    }

    fn track(
        &self,
        request: &ApiRequest<'_>,
        wanted: TrackingQuery<'_>,
    ) -> Result<ApiResponse, UpsError> {
        // The code is a guess; the text is on record.
        // Both fields are required for tracking, unlike for most products; before the number is looked at.
        for (header, text) in [
            ("transid", "Missing transId"),
            ("transactionsrc", "Missing transactionSrc"),
        ] {
            if request
                .header(header)
                .is_none_or(|value| value.trim().is_empty())
            {
                return Err(UpsError::bad_request("TV1001", text));
            }
        }
        if let TrackingQuery::Package(number) | TrackingQuery::Shipment(number) = wanted
            // Lengths by the path parameter in UPS's file; a well-formed number that is unknown is no error.
            && !is_inquiry_number(number)
        {
            return Err(UpsError::bad_request("TV1002", "Invalid inquiry number"));
        }
        if let TrackingQuery::Reference(reference) = wanted
            && !is_reference(reference)
        {
            return Err(UpsError::bad_request("TV1002", "Invalid inquiry number"));
        }
        let (inquiry, lives) = match wanted {
            TrackingQuery::Package(number) => (number, self.package(request, number)),
            TrackingQuery::Shipment(number) => (number, self.shipment(request, number)),
            TrackingQuery::Reference(reference) => (reference, self.reference(request, reference)),
        };
        // Decoded for the answer only: the number that was asked for comes back as the client wrote it.
        let inquiry = percent_encoding::percent_decode_str(inquiry).decode_utf8_lossy();
        let shows = write::TrackingOptions::of(request);
        let body = Json::document(Style::Compact, 4096, |json| {
            json.object("trackResponse", |json| {
                json.array("shipment", [()], |json, ()| {
                    json.text("inquiryNumber", &inquiry);
                    // The file says 404 for an unknown number; live answers are 200 with this warning.
                    if lives.is_empty() {
                        json.array("warnings", [()], |json, ()| {
                            json.text("code", "TW0001");
                            json.text("message", "Tracking Information Not Found");
                        });
                    } else {
                        json.array("package", &lives, |json, life| {
                            write::package(json, life, request.now, shows);
                        });
                    }
                });
            });
        });
        Ok(ApiResponse::json(body))
    }

    fn known<T>(
        &self,
        request: &ApiRequest<'_>,
        number: &str,
        with: impl FnOnce(&mut Shipment) -> T,
    ) -> Option<T> {
        if !self.knows_shipments(request) {
            return None;
        }
        let days = self.hot.current().retention_days;
        let retained = |shipment: &mut Shipment| {
            // A shipment past its retention is unknown here too, whatever was asked.
            let is_retained = shipment.is_retained(request.now, days);
            is_retained.then(|| with(shipment))
        };
        self.shipments.with(number, retained).flatten()
    }

    fn package(&self, request: &ApiRequest<'_>, number: &str) -> Vec<Timeline> {
        let known = self.known(request, number, |shipment| {
            let mut packages = Timeline::of_shipment(shipment);
            // The first number finds the shipment, but only the package of the number is tracked.
            packages.retain(|life| life.tracking_number.eq_ignore_ascii_case(number));
            packages
        });
        // A shipment of the mock wins over a documented sample.
        known.unwrap_or_else(|| sample(request, number))
    }

    /// All packages of the shipment; `offset` and `count` page through them.
    fn shipment(&self, request: &ApiRequest<'_>, number: &str) -> Vec<Timeline> {
        let known = self.known(request, number, |shipment| Timeline::of_shipment(shipment));
        let lives = known.unwrap_or_else(|| sample(request, number));
        let parameter = |name: &str| request.query_value(name)?.parse::<usize>().ok();
        // Unreadable numbers are ignored: a page is a convenience and no reason to refuse.
        let offset = parameter("offset").unwrap_or(0);
        let count = parameter("count").unwrap_or(50);
        lives
            .into_iter()
            .skip(offset)
            // Two hundred packages are the most that a shipment has.
            .take(count.min(200))
            .collect()
    }

    fn reference(&self, request: &ApiRequest<'_>, reference: &str) -> Vec<Timeline> {
        if !self.knows_shipments(request) {
            // Samples have no references of the client's.
            return Vec::new();
        }
        let shipper = request.query_value("shipperNum");
        let reference = percent_encoding::percent_decode_str(reference).decode_utf8_lossy();
        let found = self
            .shipments
            .with_reference(&reference, shipper.as_deref());
        let day = |name: &str| crate::calendar::parse_date(&request.query_value(name)?);
        let (from, to) = (day("fromPickUpDate"), day("toPickUpDate"));
        let days = self.hot.current().retention_days;
        found
            .iter()
            .filter(|shipment| shipment.is_retained(request.now, days))
            // The day of the creation stands for the pickup, in the zone of the origin.
            .filter(|shipment| from.is_none_or(|from| shipment.day() >= from))
            .filter(|shipment| to.is_none_or(|to| shipment.day() <= to))
            .flat_map(Timeline::of_shipment)
            // A reference may fit thousands of shipments in a load test.
            .take(50)
            .collect()
    }
}

/// Seven to 34 letters and digits.
fn is_inquiry_number(number: &str) -> bool {
    (7..=34).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// One to 35 characters, as many as a shipment takes.
fn is_reference(reference: &str) -> bool {
    let text = percent_encoding::percent_decode_str(reference).decode_utf8_lossy();
    (1..=35).contains(&text.trim().chars().count())
}

/// Tracking's service answers an unknown path by itself, without UPS's envelope, as reported.
fn no_such_path(request: &ApiRequest<'_>) -> ApiResponse {
    let body = serde_json::json!({
        "timestamp": request.now.strftime("%Y-%m-%dT%H:%M:%S.%3f+00:00").to_string(),
        "status": 404,
        "error": "Not Found",
        "path": request.path,
    });
    ApiResponse::json(body.to_string()).with_status(StatusCode::NOT_FOUND)
}

/// UPS's documented numbers live in its test environment only.
fn sample(request: &ApiRequest<'_>, number: &str) -> Vec<Timeline> {
    match request.environment {
        Environment::Cie => Timeline::of_sample(number, request.now)
            .into_iter()
            .collect(),
        Environment::Production => Vec::new(),
    }
}

/// What the path asks for.
#[derive(Debug, Clone, Copy)]
enum TrackingQuery<'a> {
    Package(&'a str),
    Shipment(&'a str),
    Reference(&'a str),
}

impl Product for Tracking {
    fn answer(&self, request: &ApiRequest<'_>) -> Option<ApiResponse> {
        // Other methods are left to the other products, which end in the gateway's 404.
        if request.method != Method::GET {
            return None;
        }
        let wanted = match *request.segments {
            ["track", "v1", "details", number] => TrackingQuery::Package(number),
            ["track", "v1", "shipment", "details", number] => TrackingQuery::Shipment(number),
            ["track", "v1", "reference", "details", reference] => {
                TrackingQuery::Reference(reference)
            }
            // Track Alert's.
            ["track", "v2", ..] => return None,
            ["track", ..] => return Some(no_such_path(request)),
            _ => return None,
        };
        Some(
            self.track(request, wanted)
                .unwrap_or_else(ApiResponse::from),
        )
    }
}
