//! Rating: `POST /api/rating/{version}/{Rate|Shop|Ratetimeintransit|Shoptimeintransit}`.
//!
//! A request is read liberally ([`request`]), checked into a [`job`], priced with a [`Tariff`]
//! ([`charges`]) and written out ([`answer`]). Nothing is remembered between calls.

pub(crate) mod answer;
pub(crate) mod charges;
pub(crate) mod check;
pub(crate) mod error;
pub(crate) mod job;
pub(crate) mod request;
pub(crate) mod service;
mod tariff;
pub(crate) mod transit;

use std::sync::Arc;

use http::Method;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::api::{ApiAnswer, ApiRequest, Caller, Product, UpsError};
use crate::liberal;
use crate::places;

use answer::Sheet;
use charges::Basis;
use check::Facts;
use job::{Job, ThirdParty};
use service::Service;

use tariff::Zone;

pub use tariff::{Tariff, TariffError};

/// What the path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mode {
    /// All services instead of the one in the body.
    pub(crate) shop: bool,
    pub(crate) time_in_transit: bool,
    /// 1 to 9999.
    pub(crate) version: u32,
}

impl Mode {
    /// Reads the version and the option of the path, and `additionalinfo` of the query.
    pub(crate) fn parse(
        version: &str,
        option: &str,
        additional: Option<&str>,
    ) -> Result<Self, UpsError> {
        let version = version_number(version)?;
        let is = |name: &str| option.eq_ignore_ascii_case(name);
        let (shop, timed) = if is("Rate") {
            (false, false)
        } else if is("Shop") {
            (true, false)
        } else if is("Ratetimeintransit") {
            (false, true)
        } else if is("Shoptimeintransit") {
            (true, true)
        } else {
            return Err(error::INVALID_ACTION.into());
        };
        let additional = additional.is_some_and(|info| info.eq_ignore_ascii_case("timeintransit"));
        Ok(Self {
            shop,
            time_in_transit: timed || additional,
            version,
        })
    }
}

/// The version of a path: `v2409`, or `1701` without the letter.
pub(crate) fn version_number(text: &str) -> Result<u32, UpsError> {
    let digits = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let valid = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| valid);
    number.ok_or_else(|| error::INVALID_VERSION.into())
}

/// The product.
#[derive(Debug, Clone)]
pub struct Rating {
    tariff: Arc<Tariff>,
}

impl Rating {
    /// Rating by a tariff.
    #[must_use]
    pub const fn new(tariff: Arc<Tariff>) -> Self {
        Self { tariff }
    }

    /// Answers one call, given the parts that matter of it.
    fn rate(&self, call: &Call<'_>) -> Result<ApiAnswer, UpsError> {
        if call.body.is_empty() {
            return Err(error::EMPTY_BODY.into());
        }
        if liberal::holds_control_character(call.body) {
            return Ok(ApiAnswer::indigestible());
        }
        // One pass over the whole text is quicker than one per string.
        let Ok(text) = std::str::from_utf8(call.body) else {
            return Ok(ApiAnswer::indigestible());
        };
        let envelope = match liberal::read::<request::Envelope<'_>>(text) {
            Ok(envelope) => envelope,
            Err(liberal::Unread) if liberal::is_json(call.body) => {
                return Err(error::NOT_VALID.into());
            }
            Err(liberal::Unread) => return Ok(ApiAnswer::indigestible()),
        };
        let request = envelope
            .rate_request
            .as_ref()
            .ok_or_else(|| UpsError::from(error::NOT_VALID))?;
        let facts = Facts {
            tariff: &self.tariff,
            today: call.today,
            mode: call.mode,
            body: call.body,
        };
        let job = check::check(request, facts)?;
        let foreign = |number: &str| call.caller.account(number).is_none();
        if call.caller.own_numbers_only && job.shipper_number.is_some_and(foreign) {
            return Err(error::SHIPPER_NUMBER_INVALID.into());
        }
        self.price(&job, call)
    }

    fn price(&self, job: &Job<'_>, call: &Call<'_>) -> Result<ApiAnswer, UpsError> {
        let lookup = Lookup::of(&self.tariff, job, call.caller);
        let bases: Vec<Basis<'_>> = match job.service {
            Some(service) => vec![lookup.wanted(job, service)?],
            None => {
                let fits = |service: &Service| {
                    goes_on_saturday(job, *service)
                        && job
                            .parcels
                            .iter()
                            .all(|p| p.packaging.goes_by(*service, job.lane))
                };
                let services = job.lane.shop().filter(fits);
                services
                    .filter_map(|service| lookup.basis(job, service))
                    .collect()
            }
        };
        if bases.is_empty() {
            return Err(error::NOT_POSSIBLE.into());
        }
        let sheet = lookup.sheet(job, call);
        Ok(ApiAnswer::json(answer::write(&sheet, &bases)))
    }
}

/// What is the same for all services of a job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lookup<'t> {
    tariff: &'t Tariff,
    zone: Zone,
    currency: &'static str,
    factor: i64,
    discount: Option<i64>,
    third_party_refused: bool,
}

impl<'t> Lookup<'t> {
    pub(crate) fn of(tariff: &'t Tariff, job: &Job<'_>, caller: &Caller) -> Self {
        let currency = places::currency(job.lane.from.0);
        let third_party = third_party_discount(job, caller);
        Self {
            tariff,
            zone: tariff.zone(job.lane, job.from_prefix, job.to_prefix),
            currency,
            factor: tariff.currency_factor(currency),
            discount: third_party.or_else(|| discount(job, caller)),
            third_party_refused: third_party.is_none()
                && matches!(job.shows.third_party, ThirdParty::Account(_)),
        }
    }

    fn basis(&self, job: &Job<'_>, service: Service) -> Option<Basis<'t>> {
        Basis::of(
            job,
            service,
            self.zone,
            self.tariff,
            self.discount,
            self.factor,
        )
    }

    /// The basis of the one service that was asked for.
    pub(crate) fn wanted(&self, job: &Job<'_>, service: Service) -> Result<Basis<'t>, UpsError> {
        if !goes_on_saturday(job, service) {
            return Err(error::OPTION_UNAVAILABLE.into());
        }
        self.basis(job, service)
            .ok_or_else(|| error::SERVICE_UNAVAILABLE.into())
    }

    pub(crate) fn sheet<'a>(&self, job: &'a Job<'a>, call: &'a Call<'a>) -> Sheet<'a> {
        let asked = job.shows.negotiated_asked;
        let mut taxes = self.tariff.rules.taxes.iter();
        Sheet {
            job,
            mode: call.mode,
            today: call.today,
            currency: self.currency,
            tax: taxes.find(|tax| tax.0 == job.lane.from.0).map(|tax| tax.1),
            not_qualified: asked && self.discount.is_none() && job.shipper_number.is_some(),
            third_party_refused: self.third_party_refused,
            transaction: call.transaction,
        }
    }
}

/// The parts of a call that rating looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) mode: Mode,
    pub(crate) body: &'a [u8],
    pub(crate) caller: &'a Caller,
    pub(crate) today: Date,
    pub(crate) transaction: &'a str,
}

/// The discount in per mille, when negotiated rates are asked for and the caller may see them: the
/// shipper number must be the caller's own, be qualified, and the origin must name its state.
/// Without a shipper number the question is not even noticed.
fn discount(job: &Job<'_>, caller: &Caller) -> Option<i64> {
    if !job.shows.negotiated_asked || !job.origin_has_state {
        return None;
    }
    discount_of(caller, job.shipper_number?)
}

/// The discount of the third party or receiver who pays, likewise.
fn third_party_discount(job: &Job<'_>, caller: &Caller) -> Option<i64> {
    match job.shows.third_party {
        ThirdParty::Account(number) if job.origin_has_state => discount_of(caller, number),
        ThirdParty::Account(_) | ThirdParty::NotAsked | ThirdParty::NobodyElsePays => None,
    }
}

fn discount_of(caller: &Caller, number: &str) -> Option<i64> {
    let account = caller.account(number)?;
    account
        .negotiated_rates
        .then_some(i64::from(account.discount_per_mille.min(1000)))
}

/// Whether the service can deliver on a Saturday, if that is asked for.
fn goes_on_saturday(job: &Job<'_>, service: Service) -> bool {
    !job.options.saturday_delivery || matches!(service.code(), "01" | "02" | "14" | "07" | "54")
}

impl Product for Rating {
    fn answer(&self, request: &ApiRequest<'_>) -> Option<ApiAnswer> {
        let &["rating", version, option] = request.segments else {
            return None;
        };
        if request.method != Method::POST {
            return None;
        }
        let additional = request.query_value("additionalinfo");
        let mode = match Mode::parse(version, option, additional.as_deref()) {
            Ok(mode) => mode,
            Err(error) => return Some(error.into()),
        };
        let call = Call {
            mode,
            body: request.body,
            caller: request.caller,
            today: TimeZone::UTC.to_datetime(request.now).date(),
            transaction: request.transaction,
        };
        Some(self.rate(&call).unwrap_or_else(ApiAnswer::from))
    }
}

#[cfg(test)]
mod tests;
