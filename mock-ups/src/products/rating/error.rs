//! The errors of rating: UPS's codes and texts. All are a 400.
//!
//! Shipping answers the same mistakes with the same texts under codes that start with 12 instead
//! of 11.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::api::UpsError;
use crate::places::{Code2, country_name};

macro_rules! fixed {
    ($($name:ident = $code:literal, $text:literal;)*) => {$(
        pub(crate) const $name: Fixed = Fixed($code, $text);
    )*};
}

/// An error whose text never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fixed(&'static str, &'static str);

impl From<Fixed> for UpsError {
    fn from(fixed: Fixed) -> Self {
        Self::bad_request(fixed.0, fixed.1)
    }
}

fixed! {
    EMPTY_BODY = "10003", "The request body is either empty or exceeds the maximum length.";
    NOT_VALID = "10002", "The request is well formed but not valid.";
    INVALID_ACTION = "20006", "Invalid Request Option";
    INVALID_VERSION = "20002", "The requested service or version is invalid";
    MISSING_REQUIRED = "20007", "Missing required field";
    NO_PACKAGES = "110002", "No packages in shipment";
    TOO_MANY_PACKAGES = "110003", "Maximum number of packages exceeded";
    SHIPPER_MISSING = "110004", "Missing shipper";
    SHIPPER_ADDRESS_MISSING = "110006", "Missing shipper address";
    SHIP_TO_ADDRESS_MISSING = "110010", "Missing ShipTo address";
    SHIP_TO_STATE_MISSING = "110012", "Missing ShipTo state or province";
    SHIP_TO_COUNTRY_MISSING = "110013", "Missing ShipTo country or territory";
    SHIP_FROM_ADDRESS_MISSING = "110014", "Missing ShipFrom address";
    SHIP_FROM_STATE_MISSING = "110016", "Missing ShipFrom state or province";
    SHIP_FROM_COUNTRY_MISSING = "110017", "Missing ShipFrom country or territory";
    SIZE_UNIT_MISSING = "110020", "Missing unit of measurement of the dimensions";
    SIZE_UNIT_INVALID = "110021",
        "Invalid unit of measurement of the dimensions; valid are IN and CM";
    WEIGHT_UNIT_INVALID = "110023",
        "Invalid unit of measurement of the weight; valid are KGS and LBS";
    SHIP_TO_POSTAL_MISSING = "110045", "Missing ShipTo postal code";
    SHIP_FROM_POSTAL_MISSING = "110046", "Missing ShipFrom postal code";
    SHIP_TO_COUNTRY_ILLEGAL = "110208", "Missing/Illegal ShipTo/Address/CountryCode";
    ORIGIN_COUNTRY_ILLEGAL = "110308", "Invalid or unsupported country or territory of origin";
    MIXED_UNITS = "110548", "A shipment cannot have a KGS/IN or LBS/CM as its unit of measurements";
    NO_WEIGHT_POUNDS = "111030", "Packages must weigh more than zero pounds.";
    NO_WEIGHT_KILOGRAMS = "111031", "Packages must weigh more than zero kilograms.";
    TOO_HEAVY_POUNDS = "111035",
        "The maximum per package weight for the selected service from the selected country or \
         territory is 150.00 pounds.";
    TOO_HEAVY_KILOGRAMS = "111036",
        "The maximum per package weight for the selected service from the selected country or \
         territory is 70.00 kilograms.";
    // UPS has one code for both systems, unlike 111055 and 111056.
    TOO_BIG = "111050",
        "Package exceeds the maximum size total constraints of 165 inches (length + girth, where \
         girth is 2 x width plus 2 x height)";
    TOO_BIG_CENTIMETRES = "111050",
        "Package exceeds the maximum size total constraints of 419 centimeters (length + girth, \
         where girth is 2 x width plus 2 x height)";
    TOO_LONG_INCHES = "111055", "Package exceeds the maximum length constraints of 108 inches";
    // 270 in the text although the limit is 274: the text is UPS's.
    TOO_LONG_CENTIMETRES = "111056", "Package exceeds the maximum length constraints of 270 cm";
    WRONG_SYSTEM = "111057", "This measurement system is not valid for the selected country.";
    BILL_SHIPPER_INVALID = "111600", "BillShipper payment method is not valid for this shipment";
    NOT_POSSIBLE = "111091", "The selected service is not possible between the selected locations.";
    TOTAL_WEIGHT_MISSING = "111546", "Missing or invalid shipment total weight";
    CONTENTS_CURRENCY_INVALID = "111550", "Missing or invalid currency code of the shipment contents";
    NOT_TO_RESIDENCES = "111215", "The requested service is unavailable to residential destinations.";
    OPTION_UNAVAILABLE = "111092",
        "The selected accessory is unavailable for the requested service.";
    SERVICE_INVALID_FROM_ORIGIN = "111100",
        "The requested service is invalid from the selected origin.";
    ORIGIN_POSTAL_BLANK = "111107", "The postal code of the origin must not be blank";
    SERVICE_UNAVAILABLE = "111210",
        "The requested service is unavailable between the selected locations.";
    PACKAGING_UNAVAILABLE = "111212",
        "The requested package type is unavailable for the requested service between the \
         selected locations.";
    PACKAGING_INVALID = "111500", "The selected service is not valid with the selected packaging.";
    CONTENTS_VALUE_INVALID = "111549", "Invalid Shipment Contents Value";
    SHIPPER_NUMBER_INVALID = "112111", "Missing or Invalid Shipper Number.";
    SHIP_FROM_POSTAL_INVALID = "113020", "Invalid ShipFrom postal code";
    SHIP_TO_POSTAL_INVALID = "113021", "Invalid ShipTo postal code";
    DECLARED_VALUE_TOO_HIGH = "110549", "The declared value of a package exceeds the maximum";
    DECLARED_VALUE_INVALID = "20008", "Invalid data in the declared value";
    INSURANCE_TWICE = "110551", "Only one type of insurance is allowed in a shipment"; // A guess.
    REGULATION_SET_INVALID = "111570", "Missing or invalid regulation set"; // A guess.
    SIMPLE_RATE_INVALID = "111563",
        "Simple rate is not available for the requested service or size";
}

/// 110609.
pub(crate) fn dimensions_incomplete(package: usize) -> UpsError {
    // UPS counts packages from 1.
    let number = package + 1;
    let text = format!(
        "All package dimensions are required and each must be greater than 0 for package {number}"
    );
    UpsError::bad_request("110609", text)
}

/// 111285.
pub(crate) fn postal_code_invalid(postal: &str, state: &Code2, country: &Code2) -> UpsError {
    let mut text = String::from("The postal code ");
    push_plain(&mut text, postal);
    // Writing to a `String` cannot fail.
    let _ = write!(
        text,
        " is invalid for {} {}.",
        state.as_str(),
        country_name(country)
    );
    UpsError::bad_request("111285", text)
}

/// 111286.
pub(crate) fn state_invalid(state: &str, country: &Code2) -> UpsError {
    let mut text = String::new();
    push_plain(&mut text, state);
    let _ = write!(
        text,
        " is not a valid state abbreviation for {}",
        country_name(country)
    );
    UpsError::bad_request("111286", text)
}

/// Rating's error under shipping's number: 12xxxx for 11xxxx.
pub(crate) fn as_shipping(mut error: UpsError) -> UpsError {
    // Codes of other families (10002, 20007) are the same in both products.
    if let Some(rest) = error.code.strip_prefix("11").filter(|rest| rest.len() == 4) {
        error.code = Cow::Owned(format!("12{rest}"));
    }
    error
}

/// Appends what a client sent, cut short and without anything that would break a header.
fn push_plain(text: &mut String, sent: &str) {
    // The text is also sent as a header, where a line break would be an attack or a panic.
    let plain = sent.chars().filter(|c| c.is_ascii_graphic() || *c == ' ');
    // Sixteen characters are enough to recognise a postal code or state and too few to fill a log.
    text.extend(plain.take(16));
}
