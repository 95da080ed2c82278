//! Time in Transit: `POST /api/shipments/{version}/transittimes`.

mod request;
#[cfg(test)]
mod tests;
mod write;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use jiff::ToSpan as _;
use jiff::civil::{Date, Time};

use crate::api::{ApiRequest, ApiResponse, Product, UpsError};
use crate::lenient::{self, thousandths};
use crate::places::{self, Code2, Region};
use crate::products::rating::Tariff;
use crate::products::rating::service::{Lane, Service};
use crate::products::versions::{Api, version as version_of};

use request::Request;

/// The product.
#[derive(Debug)]
pub struct TimeInTransit {
    tariff: Arc<Tariff>,
}

impl TimeInTransit {
    pub(crate) const fn new(tariff: Arc<Tariff>) -> Self {
        Self { tariff }
    }

    fn estimate(&self, call: &ApiRequest<'_>) -> Result<ApiResponse, UpsError> {
        // Before parsing, as for all products: the back end cannot digest such text.
        if lenient::holds_control_character(call.body) {
            return Ok(ApiResponse::indigestible());
        }
        // Whatever cannot be read ends the back end's answer early.
        let text = std::str::from_utf8(call.body).unwrap_or_default();
        let Ok(request) = lenient::read::<Request<'_>>(text) else {
            return Ok(unavailable());
        };
        // After the body: one that cannot be read is 503 whatever the fields say, as recorded.
        for header in ["transid", "transactionsrc"] {
            if call
                .header(header)
                .is_none_or(|value| value.trim().is_empty())
            {
                return Err(UpsError::bad_request("10400", format!("Missing {header}")));
            }
        }
        let today = jiff::tz::TimeZone::UTC.to_datetime(call.now).date();
        // Before anything is computed: an unclear place makes every other number meaningless.
        let trip = match TransitRequest::of(&request, today)? {
            Ok(trip) => trip,
            Err(unclear) => return Ok(echoing(call, ambiguous(&request, unclear))),
        };
        let answer = json(write::answer(&request, &trip, &self.tariff));
        // Only here: errors carry the mock's own transaction id.
        Ok(echoing(call, answer))
    }
}

/// This product echoes the client's own transaction id.
fn echoing(call: &ApiRequest<'_>, answer: ApiResponse) -> ApiResponse {
    match call.headers.get("transid").cloned() {
        Some(id) => answer.with_header(HeaderName::from_static("bkndtransid"), id),
        None => answer,
    }
}

/// Without the character set that the other APIs name.
fn json(body: impl Into<Bytes>) -> ApiResponse {
    let media_type = HeaderValue::from_static("application/json");
    ApiResponse::json(body).with_header(header::CONTENT_TYPE, media_type)
}

/// A checked request.
#[derive(Debug, Clone, Copy)]
struct TransitRequest {
    lane: Lane,
    from_prefix: Option<u16>,
    to_prefix: Option<u16>,
    ship_date: Date,
    ship_time: Time,
}

/// Which ends of a trip cannot be told.
#[derive(Debug, Clone, Copy, Default)]
struct AmbiguousEnds {
    origin: bool,
    destination: bool,
}

impl AmbiguousEnds {
    /// Ends whose city is another one than the ZIP code's.
    fn of(request: &Request<'_>, from: Code2, to: Code2) -> Self {
        let differs = |country: Code2, postal: &lenient::Text<'_>, city: &lenient::Text<'_>| {
            // The city table is of the United States; other countries' cities are never ambiguous.
            let other = |city: &str| !places::city_fits(postal.as_str(), city);
            country == places::US && city.present().is_some_and(other)
        };
        Self {
            origin: differs(from, &request.origin_postal_code, &request.origin_city_name),
            destination: differs(
                to,
                &request.destination_postal_code,
                &request.destination_city_name,
            ),
        }
    }
}

impl TransitRequest {
    fn of(request: &Request<'_>, today: Date) -> Result<Result<Self, AmbiguousEnds>, UpsError> {
        let invalid = |text: &'static str| UpsError::bad_request("10400", text);
        let from = country(&request.origin_country_code)
            .ok_or_else(|| invalid("Invalid origin country code"))?;
        // Without a destination country the trip is domestic.
        let to = match request.destination_country_code.present() {
            Some(_) => country(&request.destination_country_code)
                .ok_or_else(|| invalid("Invalid destination country code"))?,
            None => from,
        };
        let ship_date = match request.ship_date.present() {
            // An absent date is today and an absent time noon: both are optional in UPS's file.
            None => today,
            Some(text) => text.parse().map_err(|_| invalid("Invalid ship date"))?,
        };
        let (earliest, latest) = (35.days(), 60.days());
        // The bounds are those of the field's description.
        if !(today.saturating_sub(earliest)..=today.saturating_add(latest)).contains(&ship_date) {
            return Err(invalid(
                "The ship date must be within -35 and +60 days of today",
            ));
        }
        let ship_time = match request.ship_time.present() {
            None => Time::constant(12, 0, 0, 0),
            Some(text) => text.parse().map_err(|_| invalid("Invalid ship time"))?,
        };
        if let Some(weight) = request.weight.present()
            // Zero is fine, as documents may weigh nothing.
            && thousandths(weight).is_none_or(|weight| weight < 0)
        {
            return Err(invalid("Invalid weight"));
        }
        check_values(request)?;
        let origin = prefix(from.1, request.origin_postal_code.present());
        let destination = prefix(to.1, request.destination_postal_code.present());
        // Both ends are reported at once, since the client has to correct both.
        let (Ok(from_prefix), Ok(to_prefix)) = (origin, destination) else {
            return Ok(Err(AmbiguousEnds {
                origin: origin.is_err(),
                destination: destination.is_err(),
            }));
        };
        let unclear = AmbiguousEnds::of(request, from.0, to.0);
        // A ZIP code that exists but is another city's is ambiguous, too.
        if unclear.origin || unclear.destination {
            return Ok(Err(unclear));
        }
        Ok(Ok(Self {
            lane: Lane {
                from,
                to,
                residential: request.residential_indicator.as_str() == "01",
            },
            from_prefix,
            to_prefix,
            ship_date,
            ship_time,
        }))
    }

    /// The services of the trip, fastest first as far as the list goes.
    fn services(&self) -> impl Iterator<Item = Service> {
        // The order of the service list; the answer is sorted by arrival.
        self.lane.shop()
    }
}

/// A member, what it must be, and how it is refused.
type ValueRule<'r, 'a> = (
    &'r lenient::Text<'a>,
    &'r dyn Fn(&str) -> bool,
    &'static str,
);

/// What the answer repeats: it must not repeat nonsense. Absent members are fine.
fn check_values(request: &Request<'_>) -> Result<(), UpsError> {
    let one_of = |values: &'static [&'static str]| move |text: &str| values.contains(&text);
    let is_count = |text: &str| text.parse::<u16>().is_ok_and(|count| count > 0);
    let is_amount = |text: &str| thousandths(text).is_some_and(|amount| amount >= 0);
    let rules: [ValueRule<'_, '_>; 6] = [
        (
            &request.shipment_contents_currency_code,
            &places::is_currency,
            "Invalid shipment contents currency code",
        ),
        (
            &request.shipment_contents_value,
            &is_amount,
            "Invalid shipment contents value",
        ),
        (
            &request.bill_type,
            // 07, a pallet, is in the answer's list only; clients send back what they got.
            &one_of(&["02", "03", "04", "07"]),
            "Invalid bill type",
        ),
        (
            &request.residential_indicator,
            &one_of(&["01", "02"]),
            "Invalid residential indicator",
        ),
        (
            &request.weight_unit_of_measure,
            &one_of(&["LBS", "KGS", "lbs", "kgs"]),
            "Invalid weight unit of measure",
        ),
        (
            &request.number_of_packages,
            &is_count,
            "Invalid number of packages",
        ),
    ];
    let broken = rules
        .into_iter()
        .find(|(member, is_valid, _)| member.present().is_some_and(|text| !is_valid(text)));
    match broken {
        Some((_, _, text)) => Err(UpsError::bad_request("10400", text)),
        None => Ok(()),
    }
}

fn country(text: &lenient::Text<'_>) -> Option<(Code2, Region)> {
    let code = Code2::parse(text.as_str())?;
    Some((code, places::region(code)?))
}

/// The ZIP prefix in the United States; an error when it is missing or not in use.
fn prefix(region: Region, postal: Option<&str>) -> Result<Option<u16>, ()> {
    if !region.is_united_states() {
        return Ok(None);
    }
    // ZIP+4 is accepted; only the first five digits matter.
    let digits = postal
        .and_then(|postal| postal.get(..5))
        .filter(|five| five.bytes().all(|byte| byte.is_ascii_digit()));
    let prefix = digits
        .and_then(|five| five.get(..3)?.parse().ok())
        .ok_or(())?;
    places::zip3(prefix).map(|_| Some(prefix)).ok_or(())
}

/// The back end gave up: the envelope says one thing, the fields another.
fn unavailable() -> ApiResponse {
    // The envelope says 10004 and the fields 500, as recorded for a broken request.
    let answer = ApiResponse::error(UpsError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "10004",
        "The service is temporarily unavailable",
    ));
    [
        ("content-type", "application/json"),
        ("authtransid", ""),
        ("errorcode", "500"),
        ("errordescription", "UnexpectedEOFAtTarget"),
    ]
    .into_iter()
    .fold(answer, |answer, (name, value)| {
        let value = HeaderValue::from_static(value);
        answer.with_header(HeaderName::from_static(name), value)
    })
}

/// A place that cannot be told: 206 with a list to pick from.
fn ambiguous(request: &Request<'_>, unclear: AmbiguousEnds) -> ApiResponse {
    let body = write::ambiguous(request, unclear);
    let code = HeaderValue::from_static("1070");
    // One field only: the destination is reported where both are unclear.
    let text = HeaderValue::from_static(match unclear.destination {
        true => "[DestinationPostalCode] Validation error DestinationPostalCode",
        false => "[OriginPostalCode] Validation error OriginPostalCode",
    });
    // 206, which clients that look for 200 only take for an error.
    json(body)
        .with_status(StatusCode::PARTIAL_CONTENT)
        .with_header(HeaderName::from_static("apierrorcode"), code.clone())
        .with_header(HeaderName::from_static("apierrormsg"), text.clone())
        .with_header(HeaderName::from_static("errorcode"), code)
        .with_header(HeaderName::from_static("errordescription"), text)
}

impl Product for TimeInTransit {
    fn answer(&self, request: &ApiRequest<'_>) -> Option<ApiResponse> {
        let &["shipments", version, "transittimes"] = request.segments else {
            return None;
        };
        if request.method != Method::POST {
            return None;
        }
        let answer = version_of(Api::TimeInTransit, version).and_then(|_| self.estimate(request));
        Some(answer.unwrap_or_else(ApiResponse::from))
    }
}
