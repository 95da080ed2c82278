//! A checked rating request: what the price depends on, in units that can be computed with.

use jiff::civil::{Date, Time};

use super::service::{Lane, Packaging, Service};

/// The unit system of a shipment. UPS refuses mixtures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Units {
    /// Pounds and inches.
    Imperial,
    /// Kilograms and centimetres.
    Metric,
}

/// The sizes of UPS Simple Rate, smallest first.
pub(crate) const SIMPLE_RATE_SIZES: [&str; 5] = ["XS", "S", "M", "L", "XL"];

/// A checked request.
#[derive(Debug)]
pub(crate) struct RatingJob<'a> {
    pub(crate) lane: Lane,
    /// ZIP prefixes of origin and destination, in the United States.
    pub(crate) from_prefix: Option<u16>,
    pub(crate) to_prefix: Option<u16>,
    /// The whole ZIP code of the destination.
    pub(crate) to_zip: Option<u32>,
    /// The only service wanted, `None` for Shop.
    pub(crate) service: Option<Service>,
    pub(crate) units: Units,
    pub(crate) parcels: Vec<Parcel<'a>>,
    pub(crate) shipper_number: Option<&'a str>,
    pub(crate) origin_has_state: bool,
    /// The destination was sent as a residence and is a business.
    pub(crate) reclassified: bool,
    pub(crate) documents_only: bool,
    /// UPS makes a return label that the shipper prints.
    pub(crate) return_label: bool,
    pub(crate) options: ShipmentOptions,
    pub(crate) shows: RequestedOutput<'a>,
}

/// One package.
#[derive(Debug, Clone)]
pub(crate) struct Parcel<'a> {
    pub(crate) packaging: Packaging,
    /// The weight as the client wrote it, which the answer repeats.
    pub(crate) weight: &'a str,
    /// The billed weight in tenths of the shipment's unit.
    pub(crate) billed: i64,
    /// The billed weight as an index into the price columns.
    pub(crate) pounds: usize,
    pub(crate) additional_handling: bool,
    /// Whether additional handling was found by the mock and not asked for.
    pub(crate) handling_was_found: bool,
    pub(crate) large: bool,
    pub(crate) signature: Option<Signature>,
    /// In hundredths of the currency.
    pub(crate) declared_value: i64,
    pub(crate) cash_on_delivery: bool,
    /// Dangerous goods by ADR, the agreement for Europe's roads: by Standard only.
    pub(crate) by_road: bool,
    /// Index into the simple rates.
    pub(crate) simple_rate: Option<usize>,
}

impl Parcel<'_> {
    /// Whether the service takes it on this lane.
    pub(crate) fn goes_by(&self, service: Service, lane: Lane) -> bool {
        // UPS's file names Standard for what ADR regulates.
        let by_road = !self.by_road || service.code() == "11";
        by_road && self.packaging.goes_by(service, lane)
    }
}

/// Delivery confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// Any signature.
    Any,
    /// The signature of an adult.
    Adult,
}

/// Options of the whole shipment that cost money.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ShipmentOptions {
    pub(crate) saturday_delivery: bool,
    pub(crate) saturday_pickup: bool,
    pub(crate) carbon_neutral: bool,
    pub(crate) signature: Option<Signature>,
}

/// What the answer shows beside the prices.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestedOutput<'a> {
    pub(crate) customer_context: Option<&'a str>,
    pub(crate) negotiated_asked: bool,
    pub(crate) third_party: ThirdParty<'a>,
    pub(crate) rate_chart: bool,
    pub(crate) user_level_discount_asked: bool,
    pub(crate) rating_method: bool,
    pub(crate) taxes: bool,
    pub(crate) sub_version: u32,
    pub(crate) time_in_transit: Option<WantedPickup<'a>>,
}

/// Whether the rates of another payer than the shipper are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ThirdParty<'a> {
    #[default]
    NotAsked,
    /// Asked for, but the shipper pays.
    NobodyElsePays,
    /// The account of the third party or the receiver; may be empty.
    Account(&'a str),
}

/// `DeliveryTimeInformation`, checked.
#[derive(Debug, Clone)]
pub(crate) struct WantedPickup<'a> {
    pub(crate) bill_type: &'a str,
    /// `None` when absent or out of range: today.
    pub(crate) day: Option<Date>,
    pub(crate) time: Option<Time>,
    /// Whether a day was sent that could not be used.
    pub(crate) day_was_changed: bool,
}
