//! The rating request as it comes in: borrowed from the body, nothing checked yet.
//!
//! Only members that change the answer are named; the reader skips the others. Names are those of
//! the JSON, so they need no comments.

use crate::lenient::{Indicator, Many, Opt, Text, members};

/// The outermost object.
#[derive(Debug, Default)]
pub(crate) struct Envelope<'a> {
    pub(crate) rate_request: Opt<RateRequest<'a>>,
}

members!('a, Envelope<'a> {
    "RateRequest" => rate_request,
});

/// `RateRequest`.
#[derive(Debug, Default)]
pub(crate) struct RateRequest<'a> {
    pub(crate) request: Opt<Request<'a>>,
    pub(crate) shipment: Opt<Shipment<'a>>,
}

members!('a, RateRequest<'a> {
    "Request" => request,
    "Shipment" => shipment,
});

/// `Request`.
#[derive(Debug, Default)]
pub(crate) struct Request<'a> {
    pub(crate) sub_version: Text<'a>,
    pub(crate) transaction_reference: Opt<TransactionReference<'a>>,
}

members!('a, Request<'a> {
    "SubVersion" => sub_version,
    "TransactionReference" => transaction_reference,
});

/// `TransactionReference`.
#[derive(Debug, Default)]
pub(crate) struct TransactionReference<'a> {
    // `Option` tells an empty context from an absent one; the answer is not the same.
    pub(crate) customer_context: Option<Text<'a>>,
}

members!('a, TransactionReference<'a> {
    "CustomerContext" => customer_context,
});

/// An object of which only the code matters.
#[derive(Debug, Default)]
pub(crate) struct CodeObject<'a> {
    pub(crate) code: Text<'a>,
}

members!('a, CodeObject<'a> {
    "Code" => code,
});

/// A shipper, ship-to or ship-from.
#[derive(Debug, Default)]
pub(crate) struct Party<'a> {
    pub(crate) shipper_number: Text<'a>,
    pub(crate) address: Opt<Address<'a>>,
}

members!('a, Party<'a> {
    "ShipperNumber" => shipper_number,
    "Address" => address,
});

/// A measured weight.
#[derive(Debug, Default)]
pub(crate) struct WeightIn<'a> {
    pub(crate) unit_of_measurement: Opt<CodeObject<'a>>,
    pub(crate) weight: Text<'a>,
}

members!('a, WeightIn<'a> {
    "UnitOfMeasurement" => unit_of_measurement,
    "Weight" => weight,
});

/// Measured sides.
#[derive(Debug, Default)]
pub(crate) struct DimensionsIn<'a> {
    pub(crate) unit_of_measurement: Opt<CodeObject<'a>>,
    pub(crate) length: Text<'a>,
    pub(crate) width: Text<'a>,
    pub(crate) height: Text<'a>,
}

members!('a, DimensionsIn<'a> {
    "UnitOfMeasurement" => unit_of_measurement,
    "Length" => length,
    "Width" => width,
    "Height" => height,
});

/// Money.
#[derive(Debug, Default)]
pub(crate) struct Money<'a> {
    pub(crate) currency_code: Text<'a>,
    pub(crate) monetary_value: Text<'a>,
}

members!('a, Money<'a> {
    "CurrencyCode" => currency_code,
    "MonetaryValue" => monetary_value,
});

/// The pickup of `DeliveryTimeInformation`.
#[derive(Debug, Default)]
pub(crate) struct PickupAt<'a> {
    pub(crate) date: Text<'a>,
    pub(crate) time: Text<'a>,
}

members!('a, PickupAt<'a> {
    "Date" => date,
    "Time" => time,
});

/// `DeliveryTimeInformation`.
#[derive(Debug, Default)]
pub(crate) struct DeliveryTimeInformation<'a> {
    pub(crate) package_bill_type: Text<'a>,
    pub(crate) pickup: Opt<PickupAt<'a>>,
}

members!('a, DeliveryTimeInformation<'a> {
    "PackageBillType" => package_bill_type,
    "Pickup" => pickup,
});

/// `DeliveryConfirmation`.
#[derive(Debug, Default)]
pub(crate) struct DeliveryConfirmation<'a> {
    pub(crate) dcis_type: Text<'a>,
}

members!('a, DeliveryConfirmation<'a> {
    "DCISType" => dcis_type,
});

/// An address, as far as rating looks at it.
#[derive(Debug, Default)]
pub(crate) struct Address<'a> {
    pub(crate) state_province_code: Text<'a>,
    // Absent and empty postal codes have different codes at the origin.
    pub(crate) postal_code: Option<Text<'a>>,
    pub(crate) country_code: Text<'a>,
    pub(crate) residential_address_indicator: Indicator,
}

members!('a, Address<'a> {
    "StateProvinceCode" => state_province_code,
    "PostalCode" => postal_code,
    "CountryCode" => country_code,
    "ResidentialAddressIndicator" => residential_address_indicator,
});

/// `Shipment`.
#[derive(Debug, Default)]
pub(crate) struct Shipment<'a> {
    pub(crate) shipper: Opt<Party<'a>>,
    pub(crate) ship_to: Opt<Party<'a>>,
    pub(crate) ship_from: Opt<Party<'a>>,
    pub(crate) alternate_delivery_address: Opt<Party<'a>>,
    pub(crate) service: Opt<CodeObject<'a>>,
    // One package may come as an object: official examples do so.
    pub(crate) package: Many<Package<'a>>,
    pub(crate) documents_only_indicator: Indicator,
    pub(crate) return_service: Opt<CodeObject<'a>>,
    pub(crate) shipment_service_options: Opt<ShipmentServiceOptions<'a>>,
    pub(crate) shipment_rating_options: Opt<RatingOptions>,
    pub(crate) payment_details: Opt<PaymentDetails<'a>>,
    /// Shipping's name for `PaymentDetails`.
    pub(crate) payment_information: Opt<PaymentDetails<'a>>,
    pub(crate) invoice_line_total: Opt<Money<'a>>,
    pub(crate) shipment_total_weight: Opt<WeightIn<'a>>,
    pub(crate) rating_method_requested_indicator: Indicator,
    pub(crate) tax_information_indicator: Indicator,
    pub(crate) delivery_time_information: Opt<DeliveryTimeInformation<'a>>,
}

members!('a, Shipment<'a> {
    "Shipper" => shipper,
    "ShipTo" => ship_to,
    "ShipFrom" => ship_from,
    "AlternateDeliveryAddress" => alternate_delivery_address,
    "Service" => service,
    "Package" => package,
    "DocumentsOnlyIndicator" => documents_only_indicator,
    "ReturnService" => return_service,
    "ShipmentServiceOptions" => shipment_service_options,
    "ShipmentRatingOptions" => shipment_rating_options,
    "PaymentDetails" => payment_details,
    "PaymentInformation" => payment_information,
    "InvoiceLineTotal" => invoice_line_total,
    "ShipmentTotalWeight" => shipment_total_weight,
    "RatingMethodRequestedIndicator" => rating_method_requested_indicator,
    "TaxInformationIndicator" => tax_information_indicator,
    "DeliveryTimeInformation" => delivery_time_information,
});

/// `PaymentDetails`.
#[derive(Debug, Default)]
pub(crate) struct PaymentDetails<'a> {
    pub(crate) shipment_charge: Many<ShipmentCharge<'a>>,
}

members!('a, PaymentDetails<'a> {
    "ShipmentCharge" => shipment_charge,
});

/// `ShipmentCharge`.
#[derive(Debug, Default)]
pub(crate) struct ShipmentCharge<'a> {
    pub(crate) bill_shipper: Opt<BillShipper<'a>>,
    pub(crate) bill_third_party: Opt<BillShipper<'a>>,
    pub(crate) bill_receiver: Opt<BillShipper<'a>>,
}

members!('a, ShipmentCharge<'a> {
    "BillShipper" => bill_shipper,
    "BillThirdParty" => bill_third_party,
    "BillReceiver" => bill_receiver,
});

/// `BillShipper`, `BillThirdParty` and `BillReceiver`.
#[derive(Debug, Default)]
pub(crate) struct BillShipper<'a> {
    pub(crate) account_number: Text<'a>,
}

members!('a, BillShipper<'a> {
    "AccountNumber" => account_number,
});

/// `ShipmentRatingOptions`.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct RatingOptions {
    pub(crate) negotiated_rates_indicator: Indicator,
    pub(crate) rate_chart_indicator: Indicator,
    pub(crate) user_level_discount_indicator: Indicator,
    pub(crate) tpfc_negotiated_rates_indicator: Indicator,
}

members!('a, RatingOptions {
    "NegotiatedRatesIndicator" => negotiated_rates_indicator,
    "RateChartIndicator" => rate_chart_indicator,
    "UserLevelDiscountIndicator" => user_level_discount_indicator,
    "TPFCNegotiatedRatesIndicator" => tpfc_negotiated_rates_indicator,
});

/// `ShipmentServiceOptions`.
#[derive(Debug, Default)]
pub(crate) struct ShipmentServiceOptions<'a> {
    pub(crate) saturday_pickup_indicator: Indicator,
    pub(crate) saturday_delivery_indicator: Indicator,
    pub(crate) delivery_confirmation: Opt<DeliveryConfirmation<'a>>,
    pub(crate) carbon_neutral_indicator: Indicator,
    pub(crate) cash_on_delivery: Indicator,
}

members!('a, ShipmentServiceOptions<'a> {
    "SaturdayPickupIndicator" => saturday_pickup_indicator,
    "SaturdayDeliveryIndicator" => saturday_delivery_indicator,
    "DeliveryConfirmation" => delivery_confirmation,
    // COD is an object whose content does not matter, so its presence is the indicator.
    "UPScarbonneutralIndicator" => carbon_neutral_indicator,
    "COD" => cash_on_delivery,
});

/// `Package`.
#[derive(Debug, Default)]
pub(crate) struct Package<'a> {
    pub(crate) packaging_type: Opt<CodeObject<'a>>,
    /// Shipping's name for `PackagingType`.
    pub(crate) packaging: Opt<CodeObject<'a>>,
    pub(crate) dimensions: Opt<DimensionsIn<'a>>,
    pub(crate) package_weight: Opt<WeightIn<'a>>,
    pub(crate) large_package_indicator: Indicator,
    pub(crate) additional_handling_indicator: Indicator,
    pub(crate) package_service_options: Opt<PackageServiceOptions<'a>>,
    pub(crate) simple_rate: Opt<CodeObject<'a>>,
}

members!('a, Package<'a> {
    "PackagingType" => packaging_type,
    "Packaging" => packaging,
    "Dimensions" => dimensions,
    "PackageWeight" => package_weight,
    "LargePackageIndicator" => large_package_indicator,
    "AdditionalHandlingIndicator" => additional_handling_indicator,
    "PackageServiceOptions" => package_service_options,
    "SimpleRate" => simple_rate,
});

/// `PackageServiceOptions`.
#[derive(Debug, Default)]
pub(crate) struct PackageServiceOptions<'a> {
    pub(crate) delivery_confirmation: Opt<DeliveryConfirmation<'a>>,
    pub(crate) cash_on_delivery: Indicator,
    pub(crate) declared_value: Opt<Money<'a>>,
    pub(crate) insurance: Opt<Insurance<'a>>,
    pub(crate) dry_ice: Opt<DryIce<'a>>,
    pub(crate) haz_mat: Many<HazMat<'a>>,
}

members!('a, PackageServiceOptions<'a> {
    "DeliveryConfirmation" => delivery_confirmation,
    "COD" => cash_on_delivery,
    "DeclaredValue" => declared_value,
    "Insurance" => insurance,
    "DryIce" => dry_ice,
    "HazMat" => haz_mat,
});

/// `Insurance`.
#[derive(Debug, Default)]
pub(crate) struct Insurance<'a> {
    pub(crate) basic: Indicator,
    pub(crate) extended: Indicator,
    pub(crate) time_in_transit: Indicator,
    pub(crate) package_protection: Opt<Money<'a>>,
}

members!('a, Insurance<'a> {
    // The three are objects whose amounts do not matter here, so their presence is the indicator.
    "BasicFlexibleParcelIndicator" => basic,
    "ExtendedFlexibleParcelIndicator" => extended,
    "TimeInTransitFlexibleParcelIndicator" => time_in_transit,
    "PackageProtection" => package_protection,
});

/// `DryIce`.
#[derive(Debug, Default)]
pub(crate) struct DryIce<'a> {
    pub(crate) regulation_set: Text<'a>,
}

members!('a, DryIce<'a> {
    "RegulationSet" => regulation_set,
});

/// `HazMat`. Rating has the regulation set in each chemical record, Shipping beside it.
#[derive(Debug, Default)]
pub(crate) struct HazMat<'a> {
    pub(crate) regulation_set: Text<'a>,
    pub(crate) chemical_record: Many<ChemicalRecord<'a>>,
}

members!('a, HazMat<'a> {
    "RegulationSet" => regulation_set,
    "HazMatChemicalRecord" => chemical_record,
});

/// `HazMatChemicalRecord`.
#[derive(Debug, Default)]
pub(crate) struct ChemicalRecord<'a> {
    pub(crate) regulation_set: Text<'a>,
}

members!('a, ChemicalRecord<'a> {
    "RegulationSet" => regulation_set,
});
