//! Pickup: rate, create, list, cancel; the states of a country; service centres. Pickups are kept
//! in memory, the oldest forgotten first.

mod request;
mod smart;
#[cfg(test)]
mod tests;
mod write;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Method;
use jiff::civil::Date;

use crate::api::{ApiRequest, ApiResponse, Product, UpsError};
use crate::calendar;
use crate::json::{Json, Style};
use crate::products::field_rules;
use crate::products::rating::error;
use crate::products::request_body::read;
use crate::products::versions::{Api, version as version_of};

use request::Envelope;

/// How many pickups are kept.
// Enough for a load test; the oldest are of no use to anyone.
const CAPACITY: usize = 5_000;

/// The product.
#[derive(Debug)]
pub struct Pickup {
    seed: u64,
    booked: Mutex<Pickups>,
}

#[derive(Debug, Default)]
struct Pickups {
    entries: VecDeque<Entry>,
    count: u64,
}

/// A pickup that was created.
#[derive(Debug, Clone)]
struct Entry {
    number: String,
    account: String,
    day: Date,
    cancelled: bool,
}

impl Pickup {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            booked: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pickups> {
        self.booked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rate(request: &ApiRequest<'_>) -> Result<ApiResponse, UpsError> {
        let envelope: Envelope<'_> = match read(request.body) {
            Ok(envelope) => envelope,
            Err(unread) => return unread.answer(),
        };
        let body = envelope.pickup_rate_request.0;
        let body = body.ok_or_else(|| UpsError::from(error::NOT_VALID))?;
        let context = body.context();
        Ok(document(
            "PickupRateResponse",
            context,
            request,
            write::rate,
        ))
    }

    fn create(&self, request: &ApiRequest<'_>) -> Result<ApiResponse, UpsError> {
        let envelope: Envelope<'_> = match read(request.body) {
            Ok(envelope) => envelope,
            Err(unread) => return unread.answer(),
        };
        if smart::is_trigger(request.body) {
            return self.trigger(request);
        }
        let body = envelope.pickup_creation_request.0;
        let body = body.ok_or_else(|| UpsError::from(error::NOT_VALID))?;
        let today = jiff::tz::TimeZone::UTC.to_datetime(request.now).date();
        // Checked before it is numbered: a refused pickup uses up no number.
        let day = checked(&body, today)?;
        // The table of members works on the tree; a load test creates no pickups.
        let tree = serde_json::from_slice(request.body).unwrap_or_default();
        field_rules::check(field_rules::PICKUP, &tree)?;
        // After the table: only times that are times can be compared.
        if body.closes_before_it_is_ready() {
            let text = "The close time must be after the ready time";
            return Err(UpsError::bad_request("9510105", text));
        }
        let account = body.account_number().unwrap_or_default();
        owned(request, account)?;
        let number = self.book(account, day);
        let context = body.context();
        Ok(document(
            "PickupCreationResponse",
            context,
            request,
            |json| {
                json.text("PRN", &number);
                json.object("RateStatus", |json| {
                    json.text("Code", "01");
                    json.text("Description", "Rate is returned");
                });
                write::rate(json);
            },
        ))
    }

    fn book(&self, account: &str, day: Date) -> String {
        let mut booked = self.lock();
        booked.count += 1;
        let number = request_number(self.seed, booked.count);
        if booked.entries.len() >= CAPACITY {
            booked.entries.pop_front();
        }
        booked.entries.push_back(Entry {
            number: number.clone(),
            // Account numbers are compared without case, so they are kept in one.
            account: account.to_ascii_uppercase(),
            day,
            cancelled: false,
        });
        number
    }

    fn pending(&self, request: &ApiRequest<'_>) -> Result<ApiResponse, UpsError> {
        let account = request.header("accountnumber").unwrap_or_default().trim();
        if account.len() != 6 && account.len() != 10 {
            return Err(UpsError::bad_request(
                "9510117",
                "Missing or invalid account number",
            ));
        }
        owned(request, account)?;
        let booked = self.lock();
        let mine = booked
            .entries
            .iter()
            .filter(|entry| !entry.cancelled && entry.account.eq_ignore_ascii_case(account));
        // Bounded, or one account of a load test would make a huge answer.
        let mine: Vec<Entry> = mine.take(100).cloned().collect();
        // Released before the answer is written.
        drop(booked);
        if mine.is_empty() {
            return Err(UpsError::bad_request(
                "9510118",
                "No pending pickups were found",
            ));
        }
        Ok(document(
            "PickupPendingStatusResponse",
            None,
            request,
            |json| {
                json.array("PendingStatus", &mine, |json, entry| {
                    json.text("PickupType", "01");
                    json.integer_text("ServiceDate", calendar::date_number(entry.day));
                    json.text("PRN", &entry.number);
                    json.text("PickupStatusMessage", "Received at dispatch");
                    json.text("BillingCode", "01");
                });
            },
        ))
    }

    fn cancel(&self, request: &ApiRequest<'_>, by: &str) -> Result<ApiResponse, UpsError> {
        let refuse =
            |code: &'static str, text: &'static str| Err(UpsError::bad_request(code, text));
        let mut booked = self.lock();
        // Newest first: with an account only, the last pickup is the one that is meant.
        let mut entries = booked.entries.iter_mut().rev();
        let account = request.header("accountnumber").unwrap_or_default().trim();
        let found = match by {
            "01" => {
                owned(request, account)?;
                // By account a cancelled pickup is skipped, by number it is reported as cancelled.
                entries.find(|e| !e.cancelled && e.account.eq_ignore_ascii_case(account))
            }
            "02" => {
                let number = request.header("prn").unwrap_or_default().trim();
                entries
                    .find(|entry| entry.number.eq_ignore_ascii_case(number))
                    // Another user's pickup is as good as none.
                    .filter(|entry| !request.caller.is_refused(&entry.account))
            }
            _ => return refuse("9510116", "Invalid cancel option"),
        };
        match found {
            None => return refuse("9510115", "The pickup request number was not found"),
            Some(entry) if entry.cancelled => {
                return refuse("9510120", "The pickup has already been cancelled");
            }
            Some(entry) => entry.cancelled = true,
        }
        drop(booked);
        Ok(document("PickupCancelResponse", None, request, |json| {
            json.text("PickupType", "01");
        }))
    }
}

/// Nobody has pickups at somebody else's account.
fn owned(request: &ApiRequest<'_>, account: &str) -> Result<(), UpsError> {
    if request.caller.is_refused(account) {
        let text = "The account number belongs to another account";
        return Err(UpsError::bad_request("9510121", text));
    }
    Ok(())
}

/// The day of a pickup that can be booked.
fn checked(body: &request::Pickup<'_>, today: Date) -> Result<Date, UpsError> {
    let refuse = |code: &'static str, text: &'static str| Err(UpsError::bad_request(code, text));
    // Date before services: the order of the codes 9510101 to 9510119.
    let Some(day) = body.day().and_then(calendar::parse_date) else {
        return refuse("9510101", "Missing or invalid pickup date");
    };
    // The mock's day, so a moved clock moves what can be booked.
    if day < today {
        return refuse("9510102", "The pickup date must not be in the past");
    }
    // Nobody comes at the weekend.
    if !calendar::is_business_day(day) {
        return refuse("9510103", "There is no pickup on the requested day");
    }
    for piece in &body.pickup_piece.0 {
        let code = piece.service_code.as_str();
        // Pickup writes services with three digits, 003 for 03.
        if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return refuse("9510119", "Invalid service designation");
        }
    }
    Ok(day)
}

/// Eleven characters, as UPS numbers pickups.
fn request_number(seed: u64, count: u64) -> String {
    let mixed = (seed ^ 0x5bd1_e995)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(count);
    // Eleven characters that begin with 29, like the documented number.
    format!("29{:05X}E{:03X}", count % 0x10_0000, (mixed >> 20) % 0x1000)
}

/// An answer: `Response` and what `body` adds.
fn document(
    root: &str,
    context: Option<&str>,
    request: &ApiRequest<'_>,
    body: impl FnOnce(&mut Json),
) -> ApiResponse {
    ApiResponse::json(Json::document(Style::Spaced, 2048, |json| {
        json.object(root, |json| {
            crate::response_envelope::success(json, context, request.transaction);
            body(json);
        });
    }))
}

impl Product for Pickup {
    fn answer(&self, request: &ApiRequest<'_>) -> Option<ApiResponse> {
        let versioned = |version: &str| version_of(Api::Pickup, version).map(|_| ());
        let (method, segments) = (request.method, request.segments);
        let result = match *segments {
            // The version is checked before the kind, as it is further in front in the path.
            ["shipments", version, "pickup", kind] if method == Method::POST => versioned(version)
                .and_then(|()| match kind {
                    "oncall" | "smart" | "both" => Self::rate(request),
                    _ => Err(UpsError::bad_request("9510116", "Invalid pickup type")),
                }),
            ["shipments", version, "pickup", _] if method == Method::GET => {
                versioned(version).and_then(|()| self.pending(request))
            }
            ["shipments", version, "pickup", by] if method == Method::DELETE => {
                versioned(version).and_then(|()| self.cancel(request, by))
            }
            ["pickupcreation", version, "pickup"] if method == Method::POST => {
                versioned(version).and_then(|()| self.create(request))
            }
            ["pickup", version, "countries", country] if method == Method::GET => {
                versioned(version).map(|()| {
                    document(
                        "PickupGetPoliticalDivision1ListResponse",
                        None,
                        request,
                        |json| {
                            write::states(json, country);
                        },
                    )
                })
            }
            ["pickup", version, "servicecenterlocations"] if method == Method::POST => {
                versioned(version).map(|()| {
                    let root = "PickupGetServiceCenterFacilitiesResponse";
                    document(root, None, request, write::service_centers)
                })
            }
            _ => return None,
        };
        Some(result.unwrap_or_else(ApiResponse::from))
    }

    fn reset(&self) {
        *self.lock() = Pickups::default();
    }
}
