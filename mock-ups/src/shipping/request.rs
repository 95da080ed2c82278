//! What shipping reads beside the members that it shares with rating.

use serde::Deserialize;

use crate::liberal::{Lines, Many, Opt, Text, members};
use crate::rating::request::{Coded, RateRequest, TransactionReference};

/// The part that is priced.
#[derive(Debug, Default)]
pub(super) struct PricedEnvelope<'a> {
    pub(super) shipment_request: Opt<RateRequest<'a>>,
}

members!('a, PricedEnvelope<'a> { "ShipmentRequest" => shipment_request });

/// The part that is written on labels and kept.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    pub(super) shipment_request: Opt<ShipmentRequest<'a>>,
}

/// `ShipmentRequest`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct ShipmentRequest<'a> {
    #[serde(borrow)]
    pub(super) request: Opt<Request<'a>>,
    #[serde(borrow)]
    pub(super) shipment: Opt<Shipment<'a>>,
    #[serde(borrow)]
    pub(super) label_specification: Opt<LabelSpecification<'a>>,
}

/// `Request`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Request<'a> {
    #[serde(borrow)]
    pub(super) request_option: Text<'a>,
    #[serde(borrow)]
    pub(super) transaction_reference: Opt<TransactionReference<'a>>,
}

/// `Shipment`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Shipment<'a> {
    #[serde(borrow)]
    pub(super) description: Text<'a>,
    #[serde(borrow)]
    pub(super) shipper: Opt<Party<'a>>,
    #[serde(borrow)]
    pub(super) ship_to: Opt<Party<'a>>,
    #[serde(borrow)]
    pub(super) ship_from: Opt<Party<'a>>,
    #[serde(borrow)]
    pub(super) service: Opt<Coded<'a>>,
    #[serde(borrow)]
    pub(super) payment_information: Opt<PaymentInformation<'a>>,
    #[serde(borrow)]
    pub(super) reference_number: Many<ReferenceNumber<'a>>,
    #[serde(borrow)]
    pub(super) package: Many<Package<'a>>,
}

/// A shipper, ship-to or ship-from.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Party<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) shipper_number: Text<'a>,
    #[serde(borrow)]
    pub(super) address: Opt<Address<'a>>,
}

/// An address.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Address<'a> {
    #[serde(borrow)]
    pub(super) address_line: Lines<'a>,
    #[serde(borrow)]
    pub(super) city: Text<'a>,
    #[serde(borrow)]
    pub(super) state_province_code: Text<'a>,
    #[serde(borrow)]
    pub(super) postal_code: Text<'a>,
    #[serde(borrow)]
    pub(super) country_code: Text<'a>,
}

/// `PaymentInformation`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct PaymentInformation<'a> {
    #[serde(borrow)]
    pub(super) shipment_charge: Many<ShipmentCharge<'a>>,
}

/// `ShipmentCharge`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct ShipmentCharge<'a> {
    #[serde(rename = "Type", borrow)]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) bill_shipper: Opt<BillShipper<'a>>,
}

/// `BillShipper`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct BillShipper<'a> {
    #[serde(borrow)]
    pub(super) account_number: Text<'a>,
}

/// A reference of the client.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct ReferenceNumber<'a> {
    #[serde(borrow)]
    pub(super) value: Text<'a>,
}

/// `Package`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Package<'a> {
    #[serde(borrow)]
    pub(super) reference_number: Many<ReferenceNumber<'a>>,
}

/// `LabelSpecification`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct LabelSpecification<'a> {
    #[serde(borrow)]
    pub(super) label_image_format: Opt<Coded<'a>>,
}

/// The body of a label recovery.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct RecoveryEnvelope<'a> {
    #[serde(borrow)]
    pub(super) label_recovery_request: Opt<RecoveryRequest<'a>>,
}

/// `LabelRecoveryRequest`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct RecoveryRequest<'a> {
    #[serde(borrow)]
    pub(super) request: Opt<Request<'a>>,
    #[serde(borrow)]
    pub(super) tracking_number: Text<'a>,
    #[serde(borrow)]
    pub(super) reference_values: Opt<ReferenceValues<'a>>,
    #[serde(borrow)]
    pub(super) label_specification: Opt<LabelSpecification<'a>>,
}

/// `ReferenceValues`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct ReferenceValues<'a> {
    #[serde(borrow)]
    pub(super) reference_number: Opt<ReferenceNumber<'a>>,
    #[serde(borrow)]
    pub(super) shipper_number: Text<'a>,
}

impl Request<'_> {
    /// The context that the answer repeats.
    pub(super) fn context(&self) -> Option<&str> {
        let reference = self.transaction_reference.as_ref()?;
        reference.customer_context.as_ref()?.present()
    }
}
