//! What a notification names.

use crate::lenient::{Many, Opt, Text, members};
use crate::products::rating::request::TransactionReference;

/// The outermost object.
#[derive(Debug, Default)]
pub(super) struct Envelope<'a> {
    request: Opt<Request<'a>>,
}

members!('a, Envelope<'a> { "PreNotificationRequest" => request });

#[derive(Debug, Default)]
struct Request<'a> {
    request: Opt<Inner<'a>>,
    shipment: Opt<Shipment<'a>>,
}

members!('a, Request<'a> { "Request" => request, "Shipment" => shipment });

#[derive(Debug, Default)]
struct Inner<'a> {
    transaction_reference: Opt<TransactionReference<'a>>,
}

members!('a, Inner<'a> { "TransactionReference" => transaction_reference });

#[derive(Debug, Default)]
struct Shipment<'a> {
    shipper_number: Text<'a>,
    id: Text<'a>,
    package: Many<Package<'a>>,
}

members!('a, Shipment<'a> {
    "ShipperNumber" => shipper_number,
    "ShipmentIdentificationNumber" => id,
    "Package" => package,
});

#[derive(Debug, Default)]
struct Package<'a> {
    tracking_number: Text<'a>,
}

members!('a, Package<'a> { "TrackingNumber" => tracking_number });

/// The parts of a request that are looked up.
pub(super) struct PreNotifiedShipment<'r> {
    pub(super) shipper_number: &'r str,
    pub(super) id: &'r str,
    pub(super) packages: Vec<&'r str>,
    pub(super) context: Option<&'r str>,
}

impl Envelope<'_> {
    pub(super) fn notified(&self) -> Option<PreNotifiedShipment<'_>> {
        let request = self.request.as_ref()?;
        let shipment = request.shipment.as_ref()?;
        let packages = shipment.package.0.iter();
        let inner = request.request.as_ref();
        let reference = inner.and_then(|inner| inner.transaction_reference.as_ref());
        Some(PreNotifiedShipment {
            shipper_number: shipment.shipper_number.as_str(),
            id: shipment.id.as_str(),
            packages: packages
                .map(|package| package.tracking_number.as_str())
                .collect(),
            context: reference.and_then(|reference| reference.customer_context.as_ref()?.present()),
        })
    }
}
