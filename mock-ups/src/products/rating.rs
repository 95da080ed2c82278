//! Rating: `POST /api/rating/{version}/{Rate|Shop|Ratetimeintransit|Shoptimeintransit}`.
//!
//! A request is read liberally ([`request`]), checked into a [`job`], priced with a [`Tariff`]
//! ([`charges`]) and written out ([`response`]). Nothing is remembered between calls.

pub(crate) mod charges;
pub(crate) mod check;
pub(crate) mod error;
pub(crate) mod job;
pub(crate) mod mode;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod service;
mod tariff;
pub(crate) mod transit;

use std::sync::Arc;

use http::Method;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::api::{ApiRequest, ApiResponse, Caller, Product, UpsError};
use crate::config::NegotiatedBase;
use crate::hot_settings::HotSettings;
use crate::lenient;
use crate::places;

use charges::{LanePrices, ServicePrices};
use check::CheckInputs;
use job::{RatingJob, ThirdParty};
use mode::Mode;
use response::ResponseContext;
use service::Service;

pub use tariff::{Tariff, TariffError};

/// The product.
#[derive(Debug, Clone)]
pub struct Rating {
    tariff: Arc<Tariff>,
    hot: Arc<HotSettings>,
}

impl Rating {
    /// Rating by a tariff.
    #[must_use]
    pub fn new(tariff: Arc<Tariff>) -> Self {
        Self::with_settings(tariff, Arc::default())
    }

    pub(crate) const fn with_settings(tariff: Arc<Tariff>, hot: Arc<HotSettings>) -> Self {
        Self { tariff, hot }
    }

    /// Answers one call, given the parts that matter of it.
    fn rate(&self, call: &RatingCall<'_>) -> Result<ApiResponse, UpsError> {
        // An empty body has a code of its own; everything unreadable after it is answered without one.
        if call.body.is_empty() {
            return Err(error::EMPTY_BODY.into());
        }
        // Before parsing: the recorded back end answers such text with 200, an empty body and error headers.
        if lenient::holds_control_character(call.body) {
            return Ok(ApiResponse::indigestible());
        }
        // One pass over the whole text is quicker than one per string.
        let Ok(text) = std::str::from_utf8(call.body) else {
            return Ok(ApiResponse::indigestible());
        };
        let envelope = match lenient::read::<request::Envelope<'_>>(text) {
            // Valid JSON of the wrong shape is a client's mistake with a code; broken JSON is not digested at all.
            Ok(envelope) => envelope,
            Err(lenient::Unread) if lenient::is_json(call.body) => {
                return Err(error::NOT_VALID.into());
            }
            Err(lenient::Unread) => return Ok(ApiResponse::indigestible()),
        };
        let request = envelope
            .rate_request
            .as_ref()
            .ok_or_else(|| UpsError::from(error::NOT_VALID))?;
        let facts = CheckInputs {
            tariff: &self.tariff,
            today: call.today,
            mode: call.mode,
            body: call.body,
            packaging_name_is_strict: self.hot.packaging_name_is_strict(),
        };
        let job = check::check(request, facts)?;
        // After the checks: a malformed number must not be reported as another account's.
        if job
            .shipper_number
            .is_some_and(|number| call.caller.is_refused(number))
        {
            return Err(error::SHIPPER_NUMBER_INVALID.into());
        }
        self.price(&job, call)
    }

    fn price(&self, job: &RatingJob<'_>, call: &RatingCall<'_>) -> Result<ApiResponse, UpsError> {
        // Once for all services: zone, currency and discount do not depend on the service.
        let lookup = PriceLookup::of(&self.tariff, job, call.caller);
        let bases: Vec<ServicePrices<'_>> = match job.service {
            // A Rate reports why its one service cannot go; a Shop leaves it out without a word.
            Some(service) => vec![lookup.wanted(job, service)?],
            None => {
                let fits = |service: &Service| {
                    goes_on_saturday(job, *service)
                        && job
                            // A service is offered only when every package may go by it.
                            .parcels
                            .iter()
                            .all(|p| p.goes_by(*service, job.lane))
                };
                let services = job.lane.shop().filter(fits);
                services
                    .filter_map(|service| lookup.prices.service(job, service))
                    .collect()
            }
        };
        // Nothing left to offer is an error; UPS never answers with an empty list.
        if bases.is_empty() {
            return Err(error::NOT_POSSIBLE.into());
        }
        let sheet = lookup.sheet(job, call, self.hot.negotiated_base());
        Ok(ApiResponse::json(response::write(&sheet, &bases)))
    }
}

/// What is the same for all services of a job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PriceLookup<'t> {
    tariff: &'t Tariff,
    currency: &'static str,
    prices: LanePrices<'t>,
    third_party_refused: bool,
}

impl<'t> PriceLookup<'t> {
    pub(crate) fn of(tariff: &'t Tariff, job: &RatingJob<'_>, caller: &Caller) -> Self {
        let currency = places::currency(job.lane.from.0);
        let third_party = third_party_discount(job, caller);
        let zone = tariff.zone(job.lane, job.from_prefix, job.to_prefix);
        let factor = tariff.currency_factor(currency);
        // The payer's rates come before the shipper's: the client asked for them by name.
        let discount = third_party.or_else(|| discount(job, caller));
        Self {
            tariff,
            currency,
            prices: LanePrices::of(job, zone, tariff, discount, factor),
            third_party_refused: third_party.is_none()
                && matches!(job.shows.third_party, ThirdParty::Account(_)),
        }
    }

    /// The basis of the one service that was asked for.
    pub(crate) fn wanted(
        &self,
        job: &RatingJob<'_>,
        service: Service,
    ) -> Result<ServicePrices<'t>, UpsError> {
        if !goes_on_saturday(job, service) {
            return Err(error::OPTION_UNAVAILABLE.into());
        }
        self.prices
            .service(job, service)
            .ok_or_else(|| error::SERVICE_UNAVAILABLE.into())
    }

    pub(crate) fn sheet<'a>(
        &self,
        job: &'a RatingJob<'a>,
        call: &'a RatingCall<'a>,
        negotiated_base: NegotiatedBase,
    ) -> ResponseContext<'a> {
        let asked = job.shows.negotiated_asked;
        let mut taxes = self.tariff.rules.taxes.iter();
        // Taxes are those of the origin.
        ResponseContext {
            job,
            mode: call.mode,
            today: call.today,
            currency: self.currency,
            tax: taxes.find(|tax| tax.0 == job.lane.from.0).map(|tax| tax.1),
            // Without a shipper number there is nothing to be qualified, so no alert either.
            not_qualified: asked && !self.prices.is_negotiated() && job.shipper_number.is_some(),
            third_party_refused: self.third_party_refused,
            negotiated_base,
            transaction: call.transaction,
        }
    }
}

/// The parts of a call that rating looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RatingCall<'a> {
    pub(crate) mode: Mode,
    pub(crate) body: &'a [u8],
    pub(crate) caller: &'a Caller,
    pub(crate) today: Date,
    pub(crate) transaction: &'a str,
}

/// The discount in per mille, when negotiated rates are asked for and the caller may see them: the
/// shipper number must be the caller's own, be qualified, and the origin must name its state.
/// Without a shipper number the question is not even noticed.
fn discount(job: &RatingJob<'_>, caller: &Caller) -> Option<i64> {
    if !job.shows.negotiated_asked || !job.origin_has_state {
        return None;
    }
    discount_of(caller, job.shipper_number?)
}

/// The discount of the third party or receiver who pays, likewise.
fn third_party_discount(job: &RatingJob<'_>, caller: &Caller) -> Option<i64> {
    match job.shows.third_party {
        ThirdParty::Account(number) if job.origin_has_state => discount_of(caller, number),
        ThirdParty::Account(_) | ThirdParty::NotAsked | ThirdParty::NobodyElsePays => None,
    }
}

fn discount_of(caller: &Caller, number: &str) -> Option<i64> {
    let account = caller.account(number)?;
    account
        // More than the whole price would make charges negative.
        .negotiated_rates
        .then_some(i64::from(account.discount_per_mille.min(1000)))
}

/// Whether the service can deliver on a Saturday, if that is asked for.
fn goes_on_saturday(job: &RatingJob<'_>, service: Service) -> bool {
    !job.options.saturday_delivery || matches!(service.code(), "01" | "02" | "14" | "07" | "54")
}

impl Product for Rating {
    fn answer(&self, request: &ApiRequest<'_>) -> Option<ApiResponse> {
        let &["rating", version, option] = request.segments else {
            return None;
        };
        // Another method on this path is not this product's to answer, so others are asked.
        if request.method != Method::POST {
            return None;
        }
        let additional = request.query_value("additionalinfo");
        let mode = match Mode::parse(version, option, additional.as_deref()) {
            Ok(mode) => mode,
            Err(error) => return Some(error.into()),
        };
        let call = RatingCall {
            mode,
            body: request.body,
            caller: request.caller,
            // UTC, not the origin's day: the allowed days are wide enough not to matter.
            today: TimeZone::UTC.to_datetime(request.now).date(),
            transaction: request.transaction,
        };
        Some(self.rate(&call).unwrap_or_else(ApiResponse::from))
    }
}

#[cfg(test)]
mod tests;
