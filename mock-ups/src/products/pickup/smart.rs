//! Smart Pickup: a pickup on demand at the address of an account.

use jiff::civil::{Date, Time};

use super::{Pickup, document, owned};
use crate::api::{ApiRequest, ApiResponse, UpsError};
use crate::calendar;
use crate::products::field_rules;

/// Until then a pickup of the same day can be asked for.
const CUT_OFF: Time = Time::constant(12, 0, 0, 0);

/// Whether the body asks for a Smart Pickup. It shares the path with a pickup that is created.
pub(super) fn is_trigger(body: &[u8]) -> bool {
    memchr::memmem::find(body, b"\"PickupTriggerGWNRequest\"").is_some()
}

impl Pickup {
    pub(super) fn trigger(&self, call: &ApiRequest<'_>) -> Result<ApiResponse, UpsError> {
        let body: serde_json::Value = serde_json::from_slice(call.body).unwrap_or_default();
        field_rules::check(field_rules::SMART_PICKUP, &body)?;
        let request = &body["PickupTriggerGWNRequest"];
        let account = request["AccountNumber"].as_str().unwrap_or_default().trim();
        owned(call, account)?;
        let local = jiff::tz::TimeZone::UTC.to_datetime(call.now);
        let today = local.date();
        let wants_today = request["ServiceDateOption"] == "01";
        let is_today = wants_today && calendar::is_business_day(today) && local.time() < CUT_OFF;
        let day = match is_today {
            true => today,
            false => calendar::business_day_from(calendar::next_day(today)),
        };
        let (number, is_new) = match self.booked_for(account, day) {
            Some(number) => (number, false),
            None => (self.book(account, day), true),
        };
        let context = request["Request"]["TransactionReference"]["CustomerContext"].as_str();
        Ok(document(
            "PickupTriggerGWNResponse",
            context,
            call,
            |json| {
                json.integer_text("ServiceDate", calendar::date_number(day));
                if wants_today && !is_today {
                    json.text("NextBusinessDayIndicator", "Y");
                }
                json.text("PRN", &number);
                json.object("TriggerStatus", |json| {
                    let (code, text) = if is_new {
                        ("01", "NEW")
                    } else {
                        ("02", "EXISTING")
                    };
                    json.text("Code", code);
                    json.text("Description", text);
                });
            },
        ))
    }

    /// The pickup of an account on a day, if there is one.
    fn booked_for(&self, account: &str, day: Date) -> Option<String> {
        let booked = self.lock();
        let mut entries = booked.entries.iter();
        let found = entries.find(|entry| {
            !entry.cancelled && entry.day == day && entry.account.eq_ignore_ascii_case(account)
        });
        found.map(|entry| entry.number.clone())
    }
}
