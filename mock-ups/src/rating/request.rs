//! The rating request as it comes in: borrowed from the body, nothing checked yet.
//!
//! Only members that change the answer are named; `serde` skips the others. Names are those of the
//! JSON, so they need no comments.

use serde::Deserialize;

use crate::liberal::{Flag, Many, Opt, Text};

/// The outermost object.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Envelope<'a> {
    #[serde(borrow)]
    pub(crate) rate_request: Opt<RateRequest<'a>>,
}

/// `RateRequest`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct RateRequest<'a> {
    #[serde(borrow)]
    pub(crate) request: Opt<Request<'a>>,
    #[serde(borrow)]
    pub(crate) shipment: Opt<Shipment<'a>>,
}

/// `Request`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Request<'a> {
    #[serde(borrow)]
    pub(crate) sub_version: Text<'a>,
    #[serde(borrow)]
    pub(crate) transaction_reference: Opt<TransactionReference<'a>>,
}

/// `TransactionReference`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct TransactionReference<'a> {
    #[serde(borrow)]
    pub(crate) customer_context: Option<Text<'a>>,
}

/// An object of which only the code matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Coded<'a> {
    #[serde(borrow)]
    pub(crate) code: Text<'a>,
}

/// A shipper, ship-to or ship-from.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Party<'a> {
    #[serde(borrow)]
    pub(crate) shipper_number: Text<'a>,
    #[serde(borrow)]
    pub(crate) address: Opt<Address<'a>>,
}

/// A measured weight.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct WeightIn<'a> {
    #[serde(borrow)]
    pub(crate) unit_of_measurement: Opt<Coded<'a>>,
    #[serde(borrow)]
    pub(crate) weight: Text<'a>,
}

/// Measured sides.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct DimensionsIn<'a> {
    #[serde(borrow)]
    pub(crate) unit_of_measurement: Opt<Coded<'a>>,
    #[serde(borrow)]
    pub(crate) length: Text<'a>,
    #[serde(borrow)]
    pub(crate) width: Text<'a>,
    #[serde(borrow)]
    pub(crate) height: Text<'a>,
}

/// Money.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Money<'a> {
    #[serde(borrow)]
    pub(crate) currency_code: Text<'a>,
    #[serde(borrow)]
    pub(crate) monetary_value: Text<'a>,
}

/// The pickup of `DeliveryTimeInformation`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct PickupAt<'a> {
    #[serde(borrow)]
    pub(crate) date: Text<'a>,
    #[serde(borrow)]
    pub(crate) time: Text<'a>,
}

/// `DeliveryTimeInformation`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct DeliveryTimeInformation<'a> {
    #[serde(borrow)]
    pub(crate) package_bill_type: Text<'a>,
    #[serde(borrow)]
    pub(crate) pickup: Opt<PickupAt<'a>>,
}

/// `DeliveryConfirmation`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct DeliveryConfirmation<'a> {
    #[serde(borrow, rename = "DCISType")]
    pub(crate) dcis_type: Text<'a>,
}

/// An address, as far as rating looks at it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Address<'a> {
    #[serde(borrow)]
    pub(crate) state_province_code: Text<'a>,
    #[serde(borrow)]
    pub(crate) postal_code: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) country_code: Text<'a>,
    pub(crate) residential_address_indicator: Flag,
}

/// `Shipment`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Shipment<'a> {
    #[serde(borrow)]
    pub(crate) shipper: Opt<Party<'a>>,
    #[serde(borrow)]
    pub(crate) ship_to: Opt<Party<'a>>,
    #[serde(borrow)]
    pub(crate) ship_from: Opt<Party<'a>>,
    #[serde(borrow)]
    pub(crate) alternate_delivery_address: Opt<Party<'a>>,
    #[serde(borrow)]
    pub(crate) service: Opt<Coded<'a>>,
    #[serde(borrow)]
    pub(crate) package: Many<Package<'a>>,
    pub(crate) documents_only_indicator: Flag,
    #[serde(borrow)]
    pub(crate) shipment_service_options: Opt<ShipmentServiceOptions<'a>>,
    pub(crate) shipment_rating_options: Opt<RatingOptions>,
    #[serde(borrow)]
    pub(crate) payment_details: Opt<PaymentDetails<'a>>,
    #[serde(borrow)]
    pub(crate) invoice_line_total: Opt<Money<'a>>,
    pub(crate) rating_method_requested_indicator: Flag,
    pub(crate) tax_information_indicator: Flag,
    #[serde(borrow)]
    pub(crate) delivery_time_information: Opt<DeliveryTimeInformation<'a>>,
}

/// `PaymentDetails`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct PaymentDetails<'a> {
    #[serde(borrow)]
    pub(crate) shipment_charge: Many<ShipmentCharge<'a>>,
}

/// `ShipmentCharge`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ShipmentCharge<'a> {
    #[serde(borrow)]
    pub(crate) bill_shipper: Opt<BillShipper<'a>>,
    #[serde(borrow)]
    pub(crate) bill_third_party: Opt<BillShipper<'a>>,
    #[serde(borrow)]
    pub(crate) bill_receiver: Opt<BillShipper<'a>>,
}

/// `BillShipper`, `BillThirdParty` and `BillReceiver`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct BillShipper<'a> {
    #[serde(borrow)]
    pub(crate) account_number: Text<'a>,
}

/// `ShipmentRatingOptions`.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct RatingOptions {
    pub(crate) negotiated_rates_indicator: Flag,
    pub(crate) rate_chart_indicator: Flag,
    pub(crate) user_level_discount_indicator: Flag,
    #[serde(rename = "TPFCNegotiatedRatesIndicator")]
    pub(crate) tpfc_negotiated_rates_indicator: Flag,
}

/// `ShipmentServiceOptions`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ShipmentServiceOptions<'a> {
    pub(crate) saturday_pickup_indicator: Flag,
    pub(crate) saturday_delivery_indicator: Flag,
    #[serde(borrow)]
    pub(crate) delivery_confirmation: Opt<DeliveryConfirmation<'a>>,
    #[serde(rename = "UPScarbonneutralIndicator")]
    pub(crate) carbon_neutral_indicator: Flag,
    #[serde(rename = "COD")]
    pub(crate) cash_on_delivery: Flag,
}

/// `Package`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Package<'a> {
    #[serde(borrow)]
    pub(crate) packaging_type: Opt<Coded<'a>>,
    /// Shipping's name for `PackagingType`.
    #[serde(borrow)]
    pub(crate) packaging: Opt<Coded<'a>>,
    #[serde(borrow)]
    pub(crate) dimensions: Opt<DimensionsIn<'a>>,
    #[serde(borrow)]
    pub(crate) package_weight: Opt<WeightIn<'a>>,
    pub(crate) large_package_indicator: Flag,
    pub(crate) additional_handling_indicator: Flag,
    #[serde(borrow)]
    pub(crate) package_service_options: Opt<PackageServiceOptions<'a>>,
    #[serde(borrow)]
    pub(crate) simple_rate: Opt<Coded<'a>>,
}

/// `PackageServiceOptions`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct PackageServiceOptions<'a> {
    #[serde(borrow)]
    pub(crate) delivery_confirmation: Opt<DeliveryConfirmation<'a>>,
    #[serde(rename = "COD")]
    pub(crate) cash_on_delivery: Flag,
    #[serde(borrow)]
    pub(crate) declared_value: Opt<Money<'a>>,
}
