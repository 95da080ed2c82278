//! Track Alert v2: subscriptions to what happens to packages. The mock pushes the events to a receiver.
//!
//! | call | what it does |
//! |---|---|
//! | `POST /api/track/v2/subscription/{standard,enhanced}/package` | subscribes to up to 100 numbers for 14 days |
//! | `POST /api/track/v2/subscription/standard/account` | subscribes to all packages of a shipper number |
//! | `DELETE /api/track/v2/subscription/standard/account` | ends that; the number is in a header field |
//!
//! UPS keeps the receiver's address and credentials in its portal, so they are settings here. What happens to
//! a package is the timeline that tracking shows; [`alerts`] says which of its events are due, and `push.rs`
//! delivers them.

pub(crate) mod alerts;
mod event;
mod request;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::json;

use crate::api::{ApiRequest, ApiResponse, Product, UpsError};
use crate::products::request_body::read;

use alerts::{Alerts, Subscription};
use request::{Kind, Request, refused};

/// The names of the events that can be asked for.
pub(crate) fn event_names() -> impl Iterator<Item = &'static str> {
    event::NAMES.iter().map(|(name, _)| *name)
}

/// Numbers in one subscription.
const MAX_NUMBERS: usize = 100;

/// The product.
#[derive(Debug)]
pub struct TrackAlert {
    alerts: Arc<Alerts>,
}

impl TrackAlert {
    pub(crate) const fn new(alerts: Arc<Alerts>) -> Self {
        Self { alerts }
    }

    fn subscribe_packages(
        &self,
        call: &ApiRequest<'_>,
        kind: Kind,
    ) -> Result<ApiResponse, UpsError> {
        let request: Request<'_> = match read(call.body) {
            Ok(request) => request,
            Err(unread) => return unread.answer(),
        };
        let numbers = request.numbers();
        if let Err(error) = request.check(kind).and_then(|()| counted(&numbers)) {
            return Ok(rejected(&numbers, error));
        }
        let subscription = Subscription::new(call, kind, request.preferences());
        let (valid, invalid): (Vec<&str>, Vec<&str>) = numbers
            .iter()
            .copied()
            .partition(|number| request::is_tracking_number(number));
        if valid.is_empty() {
            let text = "No valid tracking number. The Subscription request has been rejected.";
            return Ok(rejected(&invalid, refused("VSS310", text)));
        }
        for number in &valid {
            self.alerts.subscribe_package(number, subscription.clone());
        }
        let body = json!({ "validTrackingNumbers": valid, "invalidTrackingNumbers": invalid });
        Ok(ApiResponse::json(body.to_string()))
    }

    fn subscribe_account(
        &self,
        call: &ApiRequest<'_>,
        kind: Kind,
    ) -> Result<ApiResponse, UpsError> {
        let request: Request<'_> = match read(call.body) {
            Ok(request) => request,
            Err(unread) => return unread.answer(),
        };
        request.check(kind)?;
        let number = request.account().ok_or_else(account_missing)?;
        may_use(call, number)?;
        let subscription = Subscription::new(call, kind, request.preferences()).endless();
        self.alerts.subscribe_account(number, subscription);
        Ok(ApiResponse::json(r#"{"expiryDate":"9999-12-31"}"#))
    }

    fn unsubscribe_account(&self, call: &ApiRequest<'_>) -> Result<ApiResponse, UpsError> {
        let number = call.header("shipper-account-number");
        let number = number.map(str::trim).filter(|number| !number.is_empty());
        let number = number.ok_or_else(account_missing)?;
        may_use(call, number)?;
        if !self.alerts.unsubscribe_account(number) {
            return Err(refused("VSS320", "The account is not subscribed."));
        }
        Ok(ApiResponse::json(r#"{"message":"Account unsubscribed"}"#))
    }
}

fn account_missing() -> UpsError {
    refused("VSS300", "Shipper Account Number is required.")
}

fn may_use(call: &ApiRequest<'_>, number: &str) -> Result<(), UpsError> {
    match call.caller.is_refused(number) {
        true => Err(refused(
            "VSS330",
            "The shipper account number belongs to another account.",
        )),
        false => Ok(()),
    }
}

fn counted(numbers: &[&str]) -> Result<(), UpsError> {
    match numbers.len() {
        0 => Err(refused(
            "VSS300",
            "Tracking number list is required. The Subscription request has been rejected.",
        )),
        1..=MAX_NUMBERS => Ok(()),
        _ => Err(refused(
            "VSS300",
            "More than 100 tracking numbers. The Subscription request has been rejected.",
        )),
    }
}

/// An error beside the numbers that no subscription was made for.
fn rejected(numbers: &[&str], error: UpsError) -> ApiResponse {
    let body = json!({
        "invalidTrackingNumbers": numbers,
        "response": { "errors": [{ "code": error.code, "message": error.message }] },
    });
    let mut answer = ApiResponse::json(body.to_string()).with_status(StatusCode::BAD_REQUEST);
    answer.error = Some(error);
    answer
}

impl Product for TrackAlert {
    fn answer(&self, call: &ApiRequest<'_>) -> Option<ApiResponse> {
        let ["track", "v2", "subscription", kind, subject] = *call.segments else {
            return None;
        };
        let kind = match kind {
            "standard" => Kind::Standard,
            "enhanced" => Kind::Enhanced,
            _ => return None,
        };
        let answer = match (call.method, subject) {
            (&Method::POST, "package") => self.subscribe_packages(call, kind),
            (&Method::POST, "account") => self.subscribe_account(call, kind),
            (&Method::DELETE, "account") => self.unsubscribe_account(call),
            _ => return None,
        };
        Some(answer.unwrap_or_else(ApiResponse::from))
    }

    fn reset(&self) {
        self.alerts.clear();
    }
}
