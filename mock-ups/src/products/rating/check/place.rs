//! Origin and destination.

use crate::api::UpsError;
use crate::lenient::Text;
use crate::places::{self, Code2, PR, Region, US};
use crate::products::rating::error::{self, Fixed};
use crate::products::rating::request::{Address, Party, Shipment};

/// A checked address.
#[derive(Debug, Clone, Copy)]
pub(super) struct RatedAddress {
    pub(super) country: Code2,
    pub(super) region: Region,
    pub(super) state: Option<Code2>,
    /// The ZIP prefix, in the United States.
    pub(super) prefix: Option<u16>,
    /// The whole five digits.
    pub(super) zip: Option<u32>,
    pub(super) residential: bool,
}

/// Which error each mistake is, on one end of the shipment.
struct EndErrors {
    country_missing: Fixed,
    country_illegal: Fixed,
    state_missing: Fixed,
    postal_missing: Fixed,
    postal_blank: Fixed,
    postal_invalid: Fixed,
}

const ORIGIN: EndErrors = EndErrors {
    country_missing: error::SHIP_FROM_COUNTRY_MISSING,
    country_illegal: error::ORIGIN_COUNTRY_ILLEGAL,
    state_missing: error::SHIP_FROM_STATE_MISSING,
    postal_missing: error::SHIP_FROM_POSTAL_MISSING,
    postal_blank: error::ORIGIN_POSTAL_BLANK,
    postal_invalid: error::SHIP_FROM_POSTAL_INVALID,
};

const DESTINATION: EndErrors = EndErrors {
    country_missing: error::SHIP_TO_COUNTRY_MISSING,
    country_illegal: error::SHIP_TO_COUNTRY_ILLEGAL,
    state_missing: error::SHIP_TO_STATE_MISSING,
    postal_missing: error::SHIP_TO_POSTAL_MISSING,
    // The destination has one code for absent and blank; only the origin has 111107.
    postal_blank: error::SHIP_TO_POSTAL_MISSING,
    postal_invalid: error::SHIP_TO_POSTAL_INVALID,
};

/// Where the shipment starts and where it goes. It starts at ShipFrom, or without one at the
/// shipper; it goes to the alternate address (an access point) when there is one.
pub(super) fn ends(shipment: &Shipment<'_>) -> Result<(RatedAddress, RatedAddress), UpsError> {
    // Checked first and always, even when `ShipFrom` replaces it as the origin.
    let shipper = address(shipment.shipper.as_ref(), error::SHIPPER_ADDRESS_MISSING)?;
    let origin = match shipment.ship_from.as_ref() {
        Some(from) => address(Some(from), error::SHIP_FROM_ADDRESS_MISSING)?,
        None => shipper,
    };
    let ship_to = address(shipment.ship_to.as_ref(), error::SHIP_TO_ADDRESS_MISSING)?;
    let alternate = shipment.alternate_delivery_address.as_ref();
    // An access point without an address falls back to `ShipTo` instead of failing.
    let destination = alternate.and_then(|party| party.address.as_ref());
    // Origin before destination: a guess, but a fixed one, so that a client sees the same code each time.
    let from = place(origin, &ORIGIN)?;
    let to = place(destination.unwrap_or(ship_to), &DESTINATION)?;
    Ok((from, to))
}

fn address<'r, 'b>(
    party: Option<&'r Party<'b>>,
    missing: Fixed,
) -> Result<&'r Address<'b>, UpsError> {
    party
        .and_then(|party| party.address.as_ref())
        .ok_or_else(|| missing.into())
}

fn place(address: &Address<'_>, end: &EndErrors) -> Result<RatedAddress, UpsError> {
    // Country, state, postal code: each check needs the one before it to have passed.
    let code = address.country_code.present().ok_or(end.country_missing)?;
    let mut country = Code2::parse(code).ok_or(end.country_illegal)?;
    let mut region = places::region(country).ok_or(end.country_illegal)?;
    let state = state(address, country, end.state_missing)?;
    let postal = postal_code(address, region, end)?;
    let mut zip = None;
    if region.is_united_states()
        && let Some(postal) = postal
    {
        let code = zip_code(postal).ok_or(end.postal_invalid)?;
        let prefix = places::zip3(prefix_of(code)).ok_or(end.postal_invalid)?;
        // A ZIP code of another state is 111285, with the texts of the recorded answer.
        if let Some(state) = state.filter(|state| *state != prefix.state) {
            return Err(error::postal_code_invalid(postal, &state, &country));
        }
        if country == PR && prefix.state != PR {
            return Err(end.postal_invalid.into());
        }
        // Clients send Puerto Rico as a state of US; UPS rates it as a country of its own.
        if prefix.state == PR {
            // The region must follow, or the lane would sell mainland services.
            (country, region) = (PR, Region::PuertoRico);
        }
        zip = Some(code);
    }
    Ok(RatedAddress {
        country,
        region,
        state,
        prefix: zip.map(prefix_of),
        zip,
        residential: address.residential_address_indicator.0,
    })
}

/// The state, when one was sent: it must exist in the country.
fn state(address: &Address<'_>, country: Code2, missing: Fixed) -> Result<Option<Code2>, UpsError> {
    let Some(text) = address.state_province_code.present() else {
        return match places::needs_state(country) {
            true => Err(missing.into()),
            false => Ok(None),
        };
    };
    match Code2::parse(text) {
        Some(state) if places::is_state_of(state, country) => Ok(Some(state)),
        // Countries whose states are not known here may use any notation.
        None if !matches!(country, US | PR | places::CA) => Ok(None),
        _ => Err(error::state_invalid(text, &country)),
    }
}

fn postal_code<'r>(
    address: &'r Address<'_>,
    region: Region,
    end: &EndErrors,
) -> Result<Option<&'r str>, UpsError> {
    let sent = address.postal_code.as_ref();
    match sent.and_then(Text::present) {
        // Canada's pattern is fixed; a wrong one is 113020 or 113021. Other countries' codes are not checked.
        Some(postal) if region == Region::Canada && !is_canadian(postal) => {
            Err(end.postal_invalid.into())
        }
        Some(postal) => Ok(Some(postal)),
        None if !places::needs_postal_code(region) => Ok(None),
        // An empty member and an absent one have different codes at the origin.
        None if sent.is_some() => Err(end.postal_blank.into()),
        // Without both, the state is reported: a postal code could not be checked without it.
        None if address.state_province_code.present().is_none() => Err(end.state_missing.into()),
        None => Err(end.postal_missing.into()),
    }
}

/// `A1B2C3`, with or without a blank or hyphen in the middle.
fn is_canadian(postal: &str) -> bool {
    let mut expected_letter = true;
    let mut count = 0;
    for character in postal.chars().filter(|c| !matches!(c, ' ' | '-')) {
        let fits = if expected_letter {
            character.is_ascii_alphabetic()
        } else {
            character.is_ascii_digit()
        };
        if !fits {
            return false;
        }
        expected_letter = !expected_letter;
        count += 1;
    }
    count == 6
}

/// The first five digits of `12345`, `123456789` or `12345-6789`.
fn zip_code(postal: &str) -> Option<u32> {
    let digits = postal.bytes().filter(|byte| *byte != b'-' && *byte != b' ');
    let mut zip = 0;
    let mut count = 0;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        // The last four digits do not change zone or delivery area.
        if count < 5 {
            zip = zip * 10 + u32::from(byte - b'0');
        }
        // Nine digits are ZIP+4; six to eight are no ZIP code at all.
        count += 1;
    }
    matches!(count, 5 | 9).then_some(zip)
}

/// The first three of five digits.
fn prefix_of(zip: u32) -> u16 {
    // Five digits divided by 100 fit.
    u16::try_from(zip / 100).unwrap_or(u16::MAX)
}
