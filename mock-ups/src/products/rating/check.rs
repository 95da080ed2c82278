//! From the request as it came to a [`RatingJob`]: the checks, in the order in which UPS reports them.
//!
//! The order is a guess where two mistakes are made at once.

mod classification;
mod package;
mod place;
mod regulated;

use jiff::civil::{Date, Time};
use jiff::{Span, ToSpan as _};

use crate::api::UpsError;
use crate::calendar;
use crate::lenient::{Text, thousandths};
use crate::places::{self, Code2};

use super::error;
use super::job::{
    RatingJob, RequestedOutput, ShipmentOptions, Signature, ThirdParty, WantedPickup,
};
use super::mode::Mode;
use super::request::{DeliveryConfirmation, Package, RateRequest, Request, Shipment};
use super::service::{Lane, Service};
use super::tariff::Tariff;

/// Packages in one shipment.
// UPS's present limit; its older guides say 50.
const MAX_PACKAGES: usize = 200;

/// What the checks need to know beside the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckInputs<'t> {
    pub(crate) tariff: &'t Tariff,
    /// The day at the mock.
    pub(crate) today: Date,
    pub(crate) mode: Mode,
    /// Whether `Packaging` is no name for `PackagingType`.
    pub(crate) packaging_name_is_strict: bool,
    /// The whole request, for what is looked at seldom.
    pub(crate) body: &'t [u8],
}

/// Checks a request.
pub(crate) fn check<'r>(
    request: &'r RateRequest<'_>,
    facts: CheckInputs<'_>,
) -> Result<RatingJob<'r>, UpsError> {
    let shipment = request
        .shipment
        .as_ref()
        .ok_or_else(|| UpsError::from(error::MISSING_REQUIRED))?;
    // The shipper comes first: a request that lacks everything is told about the shipper.
    let shipper_number = shipper_number(shipment)?;
    let (from, to) = place::ends(shipment)?;
    // Only residences are looked up: UPS never changes a business into a residence.
    let reclassified = to.residential && {
        let state = to.state.as_ref().map(Code2::as_str);
        classification::is_commercial(facts.body, to.zip, state)
    };
    let lane = Lane {
        from: (from.country, from.region),
        to: (to.country, to.region),
        residential: to.residential && !reclassified,
    };
    let packages = &shipment.package.0;
    // After the addresses: a body without packages and with a wrong address gets the address's code.
    if packages.is_empty() {
        return Err(error::NO_PACKAGES.into());
    }
    // Before any package is measured, so a hostile list costs nothing.
    if packages.len() > MAX_PACKAGES {
        return Err(error::TOO_MANY_PACKAGES.into());
    }
    // Service before units and weights: they depend on what the lane sells.
    let service = service(shipment, lane, facts.mode)?;
    if facts.packaging_name_is_strict {
        package::named_strictly(packages)?;
    }
    let units = package::units(packages, lane)?;
    insured_once(packages)?;
    let parcels = packages
        .iter()
        .enumerate()
        .map(|(index, package)| package::parcel(package, index, units, lane, facts.tariff))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(service) = service {
        // Only now: whether a package fits is known after it was measured.
        package::fits_service(&parcels, service, lane)?;
    }
    // Last: who pays and what is inside matter only for a shipment that could be priced.
    payer(shipment, shipper_number)?;
    contents_value(shipment, lane, facts.mode)?;
    Ok(RatingJob {
        lane,
        from_prefix: from.prefix,
        to_prefix: to.prefix,
        to_zip: to.zip,
        service,
        units,
        parcels,
        shipper_number,
        origin_has_state: from.state.is_some(),
        reclassified,
        documents_only: shipment.documents_only_indicator.0,
        return_label: shipment
            .return_service
            .as_ref()
            // 9 is the printed return label; clients pad it to two digits as they do service codes.
            .is_some_and(|service| matches!(service.code.as_str(), "9" | "09")),
        options: options(shipment, lane),
        shows: shows(request, shipment, facts),
    })
}

/// The shipper number, when it is six letters and digits. Absent is fine.
fn shipper_number<'r>(shipment: &'r Shipment<'_>) -> Result<Option<&'r str>, UpsError> {
    let shipper = shipment
        .shipper
        .as_ref()
        .ok_or_else(|| UpsError::from(error::SHIPPER_MISSING))?;
    match shipper.shipper_number.present() {
        // A wrong number is 112111 and an absent one is allowed: rates are also given without an account.
        Some(number) if number.len() != 6 || !number.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            Err(error::SHIPPER_NUMBER_INVALID.into())
        }
        number => Ok(number),
    }
}

/// The service of a Rate. Shop ignores what the body says.
fn service(shipment: &Shipment<'_>, lane: Lane, mode: Mode) -> Result<Option<Service>, UpsError> {
    if mode.shop {
        return Ok(None);
    }
    let code = shipment.service.as_ref().map(|service| &service.code);
    let code = code.and_then(Text::present);
    // Recorded for v2205 only; other versions miss the service.
    if code.is_none() && mode.rates_all_without_service() {
        return Ok(None);
    }
    let service = code
        .and_then(Service::parse)
        .ok_or_else(|| UpsError::from(error::SERVICE_INVALID_FROM_ORIGIN))?;
    // From the narrowest reason to the widest, since each has its own code: residence, lane, origin.
    if lane.sells(service) {
        Ok(Some(service))
    } else if lane.sells_to_businesses_only(service) {
        Err(error::NOT_TO_RESIDENCES.into())
    } else if lane.origin_sells(service) {
        Err(error::SERVICE_UNAVAILABLE.into())
    } else {
        Err(error::SERVICE_INVALID_FROM_ORIGIN.into())
    }
}

/// A shipment has one type of insurance at most (Rating.yaml, `PackageServiceOptions_Insurance`).
fn insured_once(packages: &[Package<'_>]) -> Result<(), UpsError> {
    let options = packages
        .iter()
        .filter_map(|package| package.package_service_options.as_ref());
    let insurances = options.filter_map(|options| options.insurance.as_ref());
    let mut types = [false; 4];
    for insurance in insurances {
        types[0] |= insurance.basic.0;
        types[1] |= insurance.extended.0;
        types[2] |= insurance.time_in_transit.0;
        types[3] |= insurance.package_protection.0.is_some();
    }
    match types.into_iter().filter(|is_there| *is_there).count() {
        0 | 1 => Ok(()),
        _ => Err(error::INSURANCE_TWICE.into()),
    }
}

/// Who is billed as shipper must be the shipper.
fn payer(shipment: &Shipment<'_>, shipper_number: Option<&str>) -> Result<(), UpsError> {
    let Some(details) = shipment.payment_details.as_ref() else {
        return Ok(());
    };
    // Every charge counts: duties may be billed to another account than transportation.
    for charge in &details.shipment_charge.0 {
        let billed = charge.bill_shipper.as_ref();
        let account = billed.and_then(|billed| billed.account_number.present());
        // The number that is billed stands for the shipper's, which is then the one that is missing.
        if account.is_some() && shipper_number.is_none() {
            return Err(error::SHIPPER_NUMBER_INVALID.into());
        }
        if let Some(account) = account
            // Compared without case, as clients send account numbers in both.
            && !shipper_number.is_some_and(|number| number.eq_ignore_ascii_case(account))
        {
            return Err(error::BILL_SHIPPER_INVALID.into());
        }
    }
    Ok(())
}

/// `InvoiceLineTotal` and `ShipmentTotalWeight`: both are needed for time in transit across a border and to
/// or from Puerto Rico. The total must be sane whenever it is there.
fn contents_value(shipment: &Shipment<'_>, lane: Lane, mode: Mode) -> Result<(), UpsError> {
    // 99,999,999 in thousandths: the highest `InvoiceLineTotal` that the field allows.
    const MOST: i64 = 99_999_999_000;
    // Puerto Rico is inside the United States for services and outside for customs.
    let crosses = lane.is_international() || lane.from.0 != lane.to.0 && lane.is_united_states();
    // Documents have no value to declare.
    let is_needed = mode.time_in_transit && crosses && !shipment.documents_only_indicator.0;
    let Some(total) = shipment.invoice_line_total.as_ref() else {
        return match is_needed {
            true => Err(error::CONTENTS_VALUE_INVALID.into()),
            false => Ok(()),
        };
    };
    match thousandths(total.monetary_value.as_str()) {
        // The lower bound is one unit; UPS calls 0.50 invalid.
        Some(value) if (1000..=MOST).contains(&value) => {}
        _ => return Err(error::CONTENTS_VALUE_INVALID.into()),
    }
    if is_needed {
        if !places::is_currency(total.currency_code.as_str()) {
            return Err(error::CONTENTS_CURRENCY_INVALID.into());
        }
        // Value, then currency, then weight: the order of their codes 111549, 111550 and 111546.
        let weight = shipment.shipment_total_weight.as_ref();
        let weight = weight.and_then(|weight| thousandths(weight.weight.as_str()));
        if weight.is_none_or(|weight| weight <= 0) {
            return Err(error::TOTAL_WEIGHT_MISSING.into());
        }
    }
    Ok(())
}

fn options(shipment: &Shipment<'_>, lane: Lane) -> ShipmentOptions {
    let Some(options) = shipment.shipment_service_options.as_ref() else {
        return ShipmentOptions::default();
    };
    // In domestic shipments of the United States a signature belongs to the package.
    let signature = options
        .delivery_confirmation
        .as_ref()
        .filter(|_| !lane.is_united_states());
    ShipmentOptions {
        saturday_delivery: options.saturday_delivery_indicator.0,
        saturday_pickup: options.saturday_pickup_indicator.0,
        carbon_neutral: options.carbon_neutral_indicator.0,
        signature: signature.and_then(|confirmation| signature_of(confirmation, "1", "2")),
    }
}

/// Reads a delivery confirmation, given the codes for "any" and "adult" on its level.
fn signature_of(
    confirmation: &DeliveryConfirmation<'_>,
    any: &str,
    adult: &str,
) -> Option<Signature> {
    match confirmation.dcis_type.as_str() {
        code if code == any => Some(Signature::Any),
        code if code == adult => Some(Signature::Adult),
        _ => None,
    }
}

fn shows<'r>(
    request: &'r RateRequest<'_>,
    shipment: &'r Shipment<'_>,
    facts: CheckInputs<'_>,
) -> RequestedOutput<'r> {
    let envelope = request.request.as_ref();
    let rating = shipment.shipment_rating_options.0.unwrap_or_default();
    RequestedOutput {
        customer_context: envelope.and_then(customer_context),
        negotiated_asked: rating.negotiated_rates_indicator.0,
        // The two indicators are independent: a payer's rates may be asked for without the shipper's own.
        third_party: if rating.tpfc_negotiated_rates_indicator.0 {
            third_party(shipment)
        } else {
            ThirdParty::NotAsked
        },
        rate_chart: rating.rate_chart_indicator.0,
        user_level_discount_asked: rating.user_level_discount_indicator.0,
        rating_method: shipment.rating_method_requested_indicator.0,
        taxes: shipment.tax_information_indicator.0,
        sub_version: envelope.map_or(0, |request| sub_version(request.sub_version.as_str())),
        time_in_transit: facts
            .mode
            .time_in_transit
            .then(|| wanted_pickup(shipment, facts.today)),
    }
}

/// Whose negotiated rates the shipper asks for: those of the third party or the receiver who pays
/// for the transportation.
fn third_party<'r>(shipment: &'r Shipment<'_>) -> ThirdParty<'r> {
    // Rating says `PaymentDetails` and shipping `PaymentInformation` for the same member.
    let details = shipment.payment_details.as_ref();
    let charges = details.or(shipment.payment_information.as_ref());
    let charges = charges.map_or(&[][..], |details| &details.shipment_charge.0);
    let mut payers = charges.iter().filter_map(|charge| {
        let third_party = charge.bill_third_party.as_ref();
        third_party.or(charge.bill_receiver.as_ref())
    });
    match payers.next() {
        Some(payer) => ThirdParty::Account(payer.account_number.as_str()),
        None => ThirdParty::NobodyElsePays,
    }
}

/// The context that the answer repeats, at most 512 characters of it.
fn customer_context<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    let reference = request.transaction_reference.as_ref()?;
    // An empty context is answered as none.
    let context = reference.customer_context.as_ref()?.present()?;
    // Cut at a character, not a byte: slicing inside one would panic on a client's text.
    let end = context
        .char_indices()
        .nth(512)
        .map_or(context.len(), |(at, _)| at);
    Some(&context[..end])
}

/// `2205`, or `v2205` as recorded; 0 when absent or unreadable.
pub(crate) fn sub_version(text: &str) -> u32 {
    // Recordings hold `v2205` in the body, so the letter is tolerated.
    let digits = text.trim_start_matches(['v', 'V']);
    // Longer than any version; a parse of hostile digits would only fail later.
    if digits.len() > 4 {
        return 0;
    }
    digits.parse().unwrap_or(0)
}

fn wanted_pickup<'r>(shipment: &'r Shipment<'_>, today: Date) -> WantedPickup<'r> {
    let information = shipment.delivery_time_information.as_ref();
    let pickup = information.and_then(|information| information.pickup.as_ref());
    let sent = pickup.and_then(|pickup| pickup.date.present());
    let within = |day: &Date| {
        // The bounds are in the field's description: 35 days back and 60 ahead.
        let earliest: Span = 35.days();
        let latest: Span = 60.days();
        (today.saturating_sub(earliest)..=today.saturating_add(latest)).contains(day)
    };
    // A day that cannot be used is no error: UPS takes today and says so in alert 111730.
    let day = sent.and_then(calendar::parse_date).filter(within);
    let bill_type = information.and_then(|information| information.package_bill_type.present());
    WantedPickup {
        bill_type: bill_type
            .filter(|code| matches!(*code, "02" | "03" | "04" | "07"))
            // 03 is "non-document", what a package is unless the client says otherwise.
            .unwrap_or("03"),
        day,
        time: pickup.and_then(|pickup| clock_time(pickup.time.as_str())),
        day_was_changed: sent.is_some() && day.is_none(),
    }
}

/// `HHMM` or `HHMMSS`.
fn clock_time(text: &str) -> Option<Time> {
    if !matches!(text.len(), 4 | 6) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let two = |at: usize| {
        text.get(at..at + 2)
            // Seconds are optional, so what lies past a text of four digits is 0.
            .map_or(Some(0), |digits| digits.parse().ok())
    };
    Time::new(two(0)?, two(2)?, two(4)?, 0).ok()
}
