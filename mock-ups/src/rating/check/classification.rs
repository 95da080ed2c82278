//! Whether a destination that is sent as a residence is a business. Only addresses that address
//! validation knows are looked at, so all others cost a comparison of ZIP codes.

use serde::Deserialize;

use crate::address_validation as known;
use crate::liberal::{Lines, Opt, Text};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope<'a> {
    #[serde(rename = "RateRequest", alias = "ShipmentRequest", borrow)]
    request: Opt<Request<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Request<'a> {
    #[serde(borrow)]
    shipment: Opt<Shipment<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Shipment<'a> {
    #[serde(borrow)]
    ship_to: Opt<ShipTo<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ShipTo<'a> {
    #[serde(borrow)]
    address: Opt<Address<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Address<'a> {
    #[serde(borrow)]
    address_line: Lines<'a>,
    #[serde(borrow)]
    city: Text<'a>,
}

/// Whether the `ShipTo` of the request with this body is certainly a business.
pub(super) fn is_commercial(body: &[u8], zip: Option<u32>, state: Option<&str>) -> bool {
    let Some(street) = zip.and_then(known::business_zip) else {
        return false;
    };
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(body) else {
        return false;
    };
    let shipment = envelope.request.as_ref().and_then(|r| r.shipment.as_ref());
    let ship_to = shipment.and_then(|shipment| shipment.ship_to.as_ref());
    let Some(address) = ship_to.and_then(|to| to.address.as_ref()) else {
        return false;
    };
    let lines = address.address_line.0.iter().map(Text::as_str);
    let state = state.unwrap_or(street.state);
    known::is_business(lines.collect(), address.city.as_str(), state, street.zip)
}
