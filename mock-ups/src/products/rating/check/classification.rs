//! Whether a destination that is sent as a residence is a business. Only addresses that address
//! validation knows are looked at, so all others cost a comparison of ZIP codes.

use crate::lenient::{Lines, Opt, Text, members};
use crate::products::streets;

#[derive(Debug, Default)]
struct Envelope<'a> {
    request: Opt<Request<'a>>,
}

members!('a, Envelope<'a> {
    "RateRequest" | "ShipmentRequest" => request,
});

#[derive(Debug, Default)]
struct Request<'a> {
    shipment: Opt<Shipment<'a>>,
}

members!('a, Request<'a> {
    "Shipment" => shipment,
});

#[derive(Debug, Default)]
struct Shipment<'a> {
    ship_to: Opt<ShipTo<'a>>,
}

members!('a, Shipment<'a> {
    "ShipTo" => ship_to,
});

#[derive(Debug, Default)]
struct ShipTo<'a> {
    address: Opt<Address<'a>>,
}

members!('a, ShipTo<'a> {
    "Address" => address,
});

#[derive(Debug, Default)]
struct Address<'a> {
    address_line: Lines<'a>,
    city: Text<'a>,
}

members!('a, Address<'a> {
    "AddressLine" => address_line,
    "City" => city,
});

/// Whether the `ShipTo` of the request with this body is certainly a business.
pub(super) fn is_commercial(body: &[u8], zip: Option<u32>, state: Option<&str>) -> bool {
    // First and cheapest: nearly all requests end here, before the body is read a second time.
    let Some(street) = zip.and_then(streets::business_zip) else {
        return false;
    };
    let text = std::str::from_utf8(body).unwrap_or_default();
    // No error: the body was readable for the checks, and a classification must not refuse what they accept.
    let Ok(envelope) = crate::lenient::read::<Envelope<'_>>(text) else {
        return false;
    };
    let shipment = envelope.request.as_ref().and_then(|r| r.shipment.as_ref());
    let ship_to = shipment.and_then(|shipment| shipment.ship_to.as_ref());
    let Some(address) = ship_to.and_then(|to| to.address.as_ref()) else {
        return false;
    };
    let lines = address.address_line.0.iter().map(Text::as_str);
    // An absent state is taken from the known street, as the ZIP code already names it.
    let state = state.unwrap_or(street.state);
    streets::is_business(lines.collect(), address.city.as_str(), state, street.zip)
}
