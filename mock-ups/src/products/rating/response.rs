//! Writes the answer to a checked request.

pub(crate) mod for_shipping;
mod shape;
mod shipment;
mod transit;

use jiff::civil::Date;

use crate::config::NegotiatedBase;
use crate::json::{Json, Style};

use super::charges::{PackageCharges, ServicePrices};
use super::job::{RatingJob, ThirdParty};
use super::mode::Mode;
use super::tariff::RateModifier;

pub(crate) use shape::Itemised;

/// A warning in an answer: its members, ready to be written. Some read differently at a rated shipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alert {
    members: &'static str,
    at_shipment: &'static str,
}

/// An alert by its code and its text, and its text at a shipment if that is another one.
macro_rules! alert {
    ($code:literal, $text:literal) => {
        alert!($code, $text, $text)
    };
    ($code:literal, $text:literal, $at_shipment:literal) => {
        Alert {
            members: alert!(@ $code, $text),
            at_shipment: alert!(@ $code, $at_shipment),
        }
    };
    (@ $code:literal, $text:literal) => {
        concat!(r#""Code":""#, $code, r#"", "Description":""#, $text, r#"""#)
    };
}

const MAY_VARY: Alert = alert!(
    "110971",
    "Your invoice may vary from the displayed reference rates"
);
// The same alert ends with a full stop at the shipment and without one in the response.
const NOT_QUALIFIED: Alert = alert!(
    "120900",
    "User Id and Shipper Number combination is not qualified to receive negotiated rates",
    "User Id and Shipper Number combination is not qualified to receive negotiated rates."
);
const THIRD_PARTY_ONLY: Alert = alert!(
    "120910",
    "TPFCNegotiatedRatesIndicator is applicable only for Third party/Freight Collect shipments."
);
const THIRD_PARTY_REFUSED: Alert = alert!(
    "120911",
    "Shipper not authorized to request for the Third Party/Freight Collect negotiated rates for \
     this shipment."
);
const RECLASSIFIED: Alert = alert!(
    "110920",
    "Ship To Address Classification is changed from Residential to Commercial"
);
// At the shipment UPS speaks of the pickup date.
const DATE_CHANGED: Alert = alert!(
    "111730",
    "Invalid Date. Changed to today's date",
    "Invalid Date. Changed the pickup date"
);
const NO_USER_DISCOUNT: Alert = alert!(
    "111531",
    "User level discount is not available for the user and shipper number"
);
const NO_TRANSIT: Alert = alert!(
    "111598",
    "Time in transit information is not available for the requested service"
);
// The semicolon is UPS's.
const MODIFIER_APPLIED: Alert = alert!("112237", "Modifier is applied on Package(s);");
const HANDLING_SET: Alert = alert!(
    "119001",
    "Additional Handling has automatically been set on a package"
);

/// Everything an answer is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResponseContext<'a> {
    pub(crate) job: &'a RatingJob<'a>,
    pub(crate) mode: Mode,
    pub(crate) today: Date,
    pub(crate) currency: &'static str,
    /// Value added tax in hundredths of a percent.
    pub(crate) tax: Option<i64>,
    /// Asked for negotiated rates with a shipper number that has none.
    pub(crate) not_qualified: bool,
    /// Asked for the rates of another payer, who has none here.
    pub(crate) third_party_refused: bool,
    /// How the base charge of negotiated rates is written.
    pub(crate) negotiated_base: NegotiatedBase,
    /// The transaction's name on the carrier's side.
    pub(crate) transaction: &'a str,
}

impl ResponseContext<'_> {
    fn itemised(&self) -> Itemised {
        self.mode.itemised(self.job.shows.sub_version)
    }

    fn modifier<'t>(&self, basis: &ServicePrices<'t>) -> Option<&'t RateModifier> {
        basis
            .modifier()
            // Modifiers came with sub-version 2205; older clients do not know the member.
            .filter(|_| self.job.shows.sub_version >= 2205)
    }

    /// Whether time in transit is asked for and the service has none.
    fn is_untimed(&self, basis: &ServicePrices<'_>) -> bool {
        self.mode.time_in_transit && !basis.service.has_transit_times()
    }

    /// The alerts of one rated shipment: the first so many of the list.
    fn alerts(&self, modified: bool, untimed: bool) -> ([&'static Alert; 10], usize) {
        let shows = &self.job.shows;
        let transit = shows.time_in_transit.as_ref();
        let parcels = &self.job.parcels;
        // 110971 is in every answer, so the list never is empty.
        let mut alerts = [&MAY_VARY; 10];
        let mut count = 1;
        // The order is fixed, so that clients and tests that compare whole answers see no difference.
        for (raised, alert) in [
            (self.not_qualified, &NOT_QUALIFIED),
            (
                shows.third_party == ThirdParty::NobodyElsePays,
                &THIRD_PARTY_ONLY,
            ),
            (self.third_party_refused, &THIRD_PARTY_REFUSED),
            (self.job.reclassified, &RECLASSIFIED),
            (shows.user_level_discount_asked, &NO_USER_DISCOUNT),
            (
                transit.is_some_and(|wanted| wanted.day_was_changed),
                &DATE_CHANGED,
            ),
            (
                parcels.iter().any(|parcel| parcel.handling_was_found),
                &HANDLING_SET,
            ),
            (modified, &MODIFIER_APPLIED),
            (untimed, &NO_TRANSIT),
        ] {
            if raised {
                alerts[count] = alert;
                count += 1;
            }
        }
        (alerts, count)
    }
}

/// Writes the whole answer: one rated shipment per basis.
pub(crate) fn write(sheet: &ResponseContext<'_>, bases: &[ServicePrices<'_>]) -> Vec<u8> {
    let packages = sheet.job.parcels.len();
    // Room for the usual sizes: a document that grows is copied several times in a load test.
    let capacity = 512 + bases.len() * (1536 + packages * 1024);
    // One buffer for all services: Shop prices each package once for every service.
    let mut charges = Vec::with_capacity(packages);
    Json::document(Style::Spaced, capacity, |json| {
        json.object("RateResponse", |json| {
            response(json, sheet, bases);
            let one =
                |json: &mut Json, basis: &ServicePrices<'_>, charges: &mut Vec<PackageCharges>| {
                    charges.clear();
                    let parcels = sheet.job.parcels.iter();
                    charges.extend(parcels.map(|parcel| basis.package(sheet.job, parcel)));
                    shipment::write(json, sheet, basis, charges);
                };
            let always = sheet.mode.shipments_are_arrays();
            json.list("RatedShipment", always, bases.iter(), |json, basis| {
                one(json, basis, &mut charges);
            });
        });
    })
}

fn response(json: &mut Json, sheet: &ResponseContext<'_>, bases: &[ServicePrices<'_>]) {
    json.object("Response", |json| {
        json.prepared(r#""ResponseStatus":{"Code":"1", "Description":"Success"}"#);
        // The response has an alert when any of its shipments has it.
        let modified = bases.iter().any(|basis| sheet.modifier(basis).is_some());
        // Seen as a list of one even where the version would write an object.
        let untimed = bases.iter().any(|basis| sheet.is_untimed(basis));
        let (alerts, count) = sheet.alerts(modified, untimed);
        json.array("Alert", alerts[..count].iter(), |json, alert| {
            json.prepared(alert.members);
        });
        match sheet.job.shows.customer_context {
            Some(context) => json.object("TransactionReference", |json| {
                json.text("CustomerContext", context);
                json.text("TransactionIdentifier", sheet.transaction);
            }),
            // UPS writes an empty string, not an absent member, when the client sent no context.
            None => json.text("TransactionReference", ""),
        }
    });
}
