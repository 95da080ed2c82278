//! `GuaranteedDelivery` and `TimeInTransit`.

use crate::calendar::{date_number, weekday_name};
use crate::json::Json;
use crate::places::Region;
use crate::products::rating::charges::ServicePrices;
use crate::products::rating::job::WantedPickup;
use crate::products::rating::transit::{
    CUTOFF_CLOCK, Commitment, PICKUP_CLOCK, journey, pickup_day,
};

use super::ResponseContext;

const DISCLAIMER: &str = "Services listed as guaranteed are backed by a money-back guarantee for \
transportation charges only. This answer comes from a mock of the carrier.";

/// `GuaranteedDelivery`, for services that have one.
pub(super) fn guaranteed(json: &mut Json, commitment: Commitment) {
    json.object("GuaranteedDelivery", |json| {
        json.integer_text("BusinessDaysInTransit", i64::from(commitment.business_days));
        if let Some(by) = commitment.by {
            json.word("DeliveryByTime", by);
        }
    });
}

/// `TimeInTransit`.
pub(super) fn write(
    json: &mut Json,
    sheet: &ResponseContext<'_>,
    basis: &ServicePrices<'_>,
    commitment: Commitment,
    wanted: &WantedPickup<'_>,
) {
    // A day that was refused is today's, as the alert says.
    let asked = wanted.day.unwrap_or(sheet.today);
    let pickup = pickup_day(asked, wanted.time);
    let journey = journey(pickup, commitment);
    json.object("TimeInTransit", |json| {
        // What was asked for, while `Pickup` below is the day on which the driver comes.
        json.integer_text("PickupDate", date_number(asked));
        if sheet.job.documents_only {
            json.text("DocumentsOnlyIndicator", "");
        }
        json.text("PackageBillType", wanted.bill_type);
        // UPS's description requires the code in international answers, and recordings have it within Canada
        // too; 02 is non-dutiable.
        if sheet.job.lane.is_international() || sheet.job.lane.from.1 == Region::Canada {
            json.text("AutoDutyCode", "02");
        }
        json.text("Disclaimer", DISCLAIMER);
        json.object("ServiceSummary", |json| {
            json.object("Service", |json| {
                json.text("Description", basis.service.name(sheet.job.lane));
            });
            // The indicator moved behind the arrival with v2409.
            if commitment.guaranteed && sheet.mode.guarantee_comes_first() {
                json.text("GuaranteedIndicator", "");
            }
            json.object("EstimatedArrival", |json| {
                json.object("Arrival", |json| {
                    json.integer_text("Date", date_number(journey.arrival));
                    clock(json, commitment.clock);
                });
                json.integer_text("BusinessDaysInTransit", i64::from(commitment.business_days));
                json.object("Pickup", |json| {
                    json.integer_text("Date", date_number(pickup));
                    clock(json, PICKUP_CLOCK);
                });
                json.text("DayOfWeek", weekday_name(journey.arrival));
                json.integer_text("CustomerCenterCutoff", CUTOFF_CLOCK);
                // The mock delays nothing.
                json.integer_text("DelayCount", 0);
                json.integer_text("HolidayCount", journey.holidays);
                json.integer_text("RestDays", journey.rest_days);
                json.integer_text("TotalTransitDays", journey.total_days);
            });
            if commitment.guaranteed && !sheet.mode.guarantee_comes_first() {
                json.text("GuaranteedIndicator", "");
            }
            // Always 0: the mock delivers on business days only.
            json.text("SaturdayDelivery", "0");
            json.text("SundayDelivery", "0");
        });
    });
}

/// `Time` as six digits.
fn clock(json: &mut Json, time: i64) {
    let mut digits = [b'0'; 6];
    let mut rest = time.unsigned_abs();
    for place in digits.iter_mut().rev() {
        // A remainder of ten fits.
        *place += (rest % 10) as u8;
        rest /= 10;
    }
    json.text("Time", std::str::from_utf8(&digits).unwrap_or("230000"));
}
