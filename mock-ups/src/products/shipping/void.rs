//! Voids a shipment, or some of its packages.

use jiff::{SignedDuration, Timestamp};

use crate::api::{ApiRequest, ApiResponse, Environment, UpsError};
use crate::json::{Json, Style};
use crate::products::versions::{Api, version as version_of};

use super::Shipping;
use super::number::{is_roadie_number, is_tracking_number};
use super::store::Shipment;

/// Tracking numbers in one call.
const MAX_NUMBERS: usize = 20;

impl Shipping {
    pub(super) fn void(
        &self,
        request: &ApiRequest<'_>,
        version: &str,
        id: &str,
    ) -> Result<ApiResponse, UpsError> {
        let version = version_of(Api::Void, version)?;
        if !can_be_voided(id, version) {
            let text = "Invalid ShipmentIdentificationNumber";
            return Err(UpsError::bad_request("190100", text));
        }
        // Before the look-up: a malformed list is refused whether or not the shipment exists.
        let named = named_packages(request, version)?;
        let outcome = self.shipments.with(id, |shipment| {
            // A number of a later package does not name the shipment; only the first one does.
            if !shipment.id().eq_ignore_ascii_case(id) {
                return Err(unknown());
            }
            // An unknown shipment and another account's share the code, so numbers cannot be probed.
            let shipper = request.header("shippernumber").map(str::trim);
            let is_other = shipper
                .is_some_and(|number| !number.eq_ignore_ascii_case(&shipment.shipper_number));
            // Void v3 names the shipper in a field, too, and must not name another one.
            if is_other || request.caller.is_refused(&shipment.shipper_number) {
                let text = "The shipment belongs to another account";
                return Err(UpsError::bad_request("190102", text));
            }
            let days = self.hot.current().void_days;
            let window = SignedDuration::from_hours(i64::from(days) * 24);
            void(shipment, &named, request.now, window)
        });
        self.shipments.changed();
        let results = match outcome {
            Some(results) => results?,
            // Documented samples come last: a real shipment of the mock wins over them.
            None => sample(request, id, &named).ok_or_else(unknown)?,
        };
        let partial = results.iter().any(|result| !result.1);
        let body = Json::document(Style::Spaced, 512, |json| {
            json.object("VoidShipmentResponse", |json| {
                // Recorded answers repeat this text, whatever the client sent.
                let context = Some("Simple Customer Request");
                crate::response_envelope::success(json, context, request.transaction);
                json.object("SummaryResult", |json| {
                    json.object("Status", |json| {
                        json.text("Code", "1");
                        let text = if partial {
                            "Partially Voided"
                        } else {
                            "Voided"
                        };
                        json.text("Description", text);
                    });
                });
                let arrays = version >= 2403;
                let name = package_results_name(version);
                json.list(
                    name,
                    arrays,
                    results.iter(),
                    |json, (number, was_voided)| {
                        json.text("TrackingNumber", number);
                        json.object("Status", |json| {
                            json.text("Code", "1");
                            let text = if *was_voided {
                                "Voided"
                            } else {
                                "Already Voided"
                            };
                            json.text("Description", text);
                        });
                    },
                );
            });
        });
        Ok(ApiResponse::json(body))
    }
}

/// Whether it has the form of a number that this version voids. Roadie's numbers came with void v3.
fn can_be_voided(number: &str, version: u32) -> bool {
    is_tracking_number(number) || (version == 3 && is_roadie_number(number))
}

/// Reports and kept answers have the singular up to v2403, the newest file the plural.
const fn package_results_name(version: u32) -> &'static str {
    if version > 2403 {
        "PackageLevelResults"
    } else {
        "PackageLevelResult"
    }
}

/// Shipments that UPS's documentation voids, each with one of its packages. They are voided as often as they
/// are asked for, in the test environment.
const SAMPLES: [(&str, &str); 4] = [
    ("1Z2220060294314162", "1Z2220060291994175"),
    ("1Z2220060290602143", "1Z2220060293874210"),
    ("1Z2220060292690189", "1Z2220060292002190"),
    ("1ZISDE016691676846", ""),
];

fn sample(request: &ApiRequest<'_>, id: &str, named: &[String]) -> Option<Vec<(String, bool)>> {
    let is_test = request.environment == Environment::Cie;
    let known = |(shipment, _): &&(&str, &str)| id.eq_ignore_ascii_case(shipment);
    let (_, package) = SAMPLES.iter().find(known).filter(|_| is_test)?;
    let fits = |number: &String| number == package;
    let results = || named.iter().map(|number| (number.clone(), true)).collect();
    named.iter().all(fits).then(results)
}

fn unknown() -> UpsError {
    UpsError::bad_request("190102", "No shipment found within the allowed void period")
}

/// Voids what is named, or everything when nothing is. Gives the named packages with their success.
fn void(
    shipment: &mut Shipment,
    named: &[String],
    now: Timestamp,
    window: SignedDuration,
) -> Result<Vec<(String, bool)>, UpsError> {
    // Expired before voided: once the period is over, the shipment's state no longer matters.
    if now.duration_since(shipment.created_at) > window {
        let text = "The time for voiding has expired";
        return Err(UpsError::bad_request("190101", text));
    }
    if shipment.is_voided() {
        let text = "The Shipment has already been voided";
        return Err(UpsError::bad_request("190117", text));
    }
    let mut results = Vec::with_capacity(named.len());
    if named.is_empty() {
        for package in &mut shipment.packages {
            // Keeps the first time: voiding again must not move it.
            package.voided_at.get_or_insert(now);
        }
    }
    // Two passes: one invalid number must leave every package as it was.
    for number in named {
        let mut packages = shipment.packages.iter_mut();
        let found = packages.find(|package| package.tracking_number.eq_ignore_ascii_case(number));
        let Some(package) = found else {
            return Err(UpsError::bad_request("190109", "Invalid tracking number"));
        };
        // A package that was voided before is not an error; it makes the answer partial.
        results.push((number.clone(), package.voided_at.is_none()));
    }
    for (number, voidable) in &results {
        if *voidable {
            let mut packages = shipment.packages.iter_mut();
            if let Some(package) = packages.find(|p| p.tracking_number.eq_ignore_ascii_case(number))
            {
                package.voided_at = Some(now);
            }
        }
    }
    Ok(results)
}

/// The packages of the query: repeated, separated by commas, or as a JSON list.
fn named_packages(request: &ApiRequest<'_>, version: u32) -> Result<Vec<String>, UpsError> {
    let query = request.query.unwrap_or_default();
    let mut numbers: Vec<String> = Vec::new();
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if !key.eq_ignore_ascii_case("trackingnumber") {
            continue;
        }
        // Documentation shows a JSON list, clients send commas and repeat the key: all three are taken.
        let separators = ['[', ']', '"', ',', ' '];
        for number in value.split(separators).filter(|part| !part.is_empty()) {
            let number = number.to_ascii_uppercase();
            if !can_be_voided(&number, version) || numbers.len() == MAX_NUMBERS {
                return Err(UpsError::bad_request("190109", "Invalid tracking number"));
            }
            // A number named twice would be reported once as voided and once as voided already.
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
    }
    Ok(numbers)
}
