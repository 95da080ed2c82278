//! What a subscription asks for, and what it must be.

use crate::api::UpsError;
use crate::lenient::{Lines, Text, members};
use crate::products::shipping::number::{is_roadie_number, is_tracking_number as is_small_package};

pub(super) fn refused(code: &'static str, text: &'static str) -> UpsError {
    UpsError::bad_request(code, text)
}

/// How much events say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Standard,
    /// With a choice of events, who received the package and a photo.
    Enhanced,
}

/// The body of both subscriptions.
#[derive(Debug, Default)]
pub(super) struct Request<'a> {
    locale: Text<'a>,
    country_code: Text<'a>,
    event_preferences: Lines<'a>,
    tracking_number_list: Lines<'a>,
    shipper_account_number: Text<'a>,
}

members!('a, Request<'a> {
    "locale" => locale,
    "countryCode" => country_code,
    "eventPreferences" => event_preferences,
    "trackingNumberList" => tracking_number_list,
    "shipperAccountNumber" => shipper_account_number,
});

/// The kinds of events that can be chosen.
const PREFERENCES: [&str; 4] = ["D", "I", "M", "X"];

impl Request<'_> {
    /// The members beside the numbers. Only the text for a missing locale is on record.
    pub(super) fn check(&self, kind: Kind) -> Result<(), UpsError> {
        let Some(locale) = self.locale.present() else {
            let text = "Locale is required. The Subscription request has been rejected.";
            return Err(refused("VSS300", text));
        };
        if !is_locale(locale) {
            let text = "Locale is invalid. The Subscription request has been rejected.";
            return Err(refused("VSS301", text));
        }
        let is_country =
            |code: &str| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
        if self
            .country_code
            .present()
            .is_some_and(|code| !is_country(code))
        {
            let text = "Country code is invalid. The Subscription request has been rejected.";
            return Err(refused("VSS302", text));
        }
        let mut preferences = self.event_preferences.0.iter();
        let is_known = |wanted: &Text<'_>| PREFERENCES.contains(&wanted.as_str());
        if kind == Kind::Enhanced && !preferences.all(is_known) {
            let text = "Event preferences are invalid. The Subscription request has been rejected.";
            return Err(refused("VSS303", text));
        }
        Ok(())
    }

    /// The numbers, each once, in the order in which they were sent.
    pub(super) fn numbers(&self) -> Vec<&str> {
        let mut numbers: Vec<&str> = Vec::new();
        for number in self.tracking_number_list.0.iter().map(Text::as_str) {
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        numbers
    }

    pub(super) fn account(&self) -> Option<&str> {
        self.shipper_account_number.present()
    }

    /// The chosen kinds of events; empty for all.
    pub(super) fn preferences(&self) -> Vec<&'static str> {
        let sent = self.event_preferences.0.iter().map(Text::as_str);
        let known = |wanted: &str| PREFERENCES.iter().find(|known| **known == wanted).copied();
        sent.filter_map(known).collect()
    }
}

/// `en_US`.
fn is_locale(text: &str) -> bool {
    match text.as_bytes() {
        [a, b, b'_', c, d] => {
            [a, b].iter().all(|byte| byte.is_ascii_lowercase())
                && [c, d].iter().all(|byte| byte.is_ascii_uppercase())
        }
        _ => false,
    }
}

/// `1Z` with 16 or `1R` with 14 or 26 more characters, in upper case.
pub(super) fn is_tracking_number(number: &str) -> bool {
    let is_upper = !number.bytes().any(|byte| byte.is_ascii_lowercase());
    is_upper && (is_small_package(number) || is_roadie_number(number))
}
