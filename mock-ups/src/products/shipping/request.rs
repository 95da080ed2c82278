//! What shipping reads beside the members that it shares with rating.

use crate::label::Stock;
use crate::lenient::{Indicator, Lines, Many, Opt, Text, members};
use crate::products::rating::request::{CodeObject, RateRequest, TransactionReference};

/// The part that is priced.
#[derive(Debug, Default)]
pub(super) struct PricedEnvelope<'a> {
    pub(super) shipment_request: Opt<RateRequest<'a>>,
}

members!('a, PricedEnvelope<'a> { "ShipmentRequest" => shipment_request });

/// The part that is written on labels and kept.
#[derive(Debug, Default)]
pub(super) struct Envelope<'a> {
    pub(super) shipment_request: Opt<ShipmentRequest<'a>>,
}

members!('a, Envelope<'a> {
    "ShipmentRequest" => shipment_request,
});

/// `ShipmentRequest`.
#[derive(Debug, Default)]
pub(super) struct ShipmentRequest<'a> {
    pub(super) request: Opt<Request<'a>>,
    pub(super) shipment: Opt<Shipment<'a>>,
    pub(super) label_specification: Opt<LabelSpecification<'a>>,
}

members!('a, ShipmentRequest<'a> {
    "Request" => request,
    "Shipment" => shipment,
    "LabelSpecification" => label_specification,
});

/// `Request`.
#[derive(Debug, Default)]
pub(super) struct Request<'a> {
    pub(super) request_option: Text<'a>,
    pub(super) transaction_reference: Opt<TransactionReference<'a>>,
}

members!('a, Request<'a> {
    "RequestOption" => request_option,
    "TransactionReference" => transaction_reference,
});

/// `Shipment`.
#[derive(Debug, Default)]
pub(super) struct Shipment<'a> {
    pub(super) description: Text<'a>,
    pub(super) shipper: Opt<Party<'a>>,
    pub(super) ship_to: Opt<Party<'a>>,
    pub(super) ship_from: Opt<Party<'a>>,
    pub(super) service: Opt<CodeObject<'a>>,
    pub(super) payment_information: Opt<PaymentInformation<'a>>,
    pub(super) reference_number: Many<ReferenceNumber<'a>>,
    pub(super) package: Many<Package<'a>>,
    pub(super) return_service: Opt<CodeObject<'a>>,
    pub(super) shipment_service_options: Opt<ServiceOptions<'a>>,
}

members!('a, Shipment<'a> {
    "Description" => description,
    "Shipper" => shipper,
    "ShipTo" => ship_to,
    "ShipFrom" => ship_from,
    "Service" => service,
    "PaymentInformation" => payment_information,
    "ReferenceNumber" => reference_number,
    "Package" => package,
    "ReturnService" => return_service,
    "ShipmentServiceOptions" => shipment_service_options,
});

/// `ShipmentServiceOptions`, as far as it asks for results.
#[derive(Debug, Default)]
pub(super) struct ServiceOptions<'a> {
    pub(super) label_delivery: Opt<LabelDelivery>,
    /// Clients also put it beside `LabelDelivery`.
    pub(super) label_links: Indicator,
    pub(super) international_forms: Opt<InternationalForms<'a>>,
}

members!('a, ServiceOptions<'a> {
    "LabelDelivery" => label_delivery,
    "LabelLinksIndicator" => label_links,
    "InternationalForms" => international_forms,
});

/// `LabelDelivery`.
#[derive(Debug, Default)]
pub(super) struct LabelDelivery {
    pub(super) label_links: Indicator,
}

members!('a, LabelDelivery { "LabelLinksIndicator" => label_links });

/// `InternationalForms`.
#[derive(Debug, Default)]
pub(super) struct InternationalForms<'a> {
    pub(super) form_type: Lines<'a>,
}

members!('a, InternationalForms<'a> { "FormType" => form_type });

/// A shipper, ship-to or ship-from.
#[derive(Debug, Default)]
pub(super) struct Party<'a> {
    pub(super) name: Text<'a>,
    pub(super) shipper_number: Text<'a>,
    pub(super) address: Opt<Address<'a>>,
}

members!('a, Party<'a> {
    "Name" => name,
    "ShipperNumber" => shipper_number,
    "Address" => address,
});

/// An address.
#[derive(Debug, Default)]
pub(super) struct Address<'a> {
    pub(super) address_line: Lines<'a>,
    pub(super) city: Text<'a>,
    pub(super) state_province_code: Text<'a>,
    pub(super) postal_code: Text<'a>,
    pub(super) country_code: Text<'a>,
}

members!('a, Address<'a> {
    "AddressLine" => address_line,
    "City" => city,
    "StateProvinceCode" => state_province_code,
    "PostalCode" => postal_code,
    "CountryCode" => country_code,
});

/// `PaymentInformation`.
#[derive(Debug, Default)]
pub(super) struct PaymentInformation<'a> {
    pub(super) shipment_charge: Many<ShipmentCharge<'a>>,
}

members!('a, PaymentInformation<'a> {
    "ShipmentCharge" => shipment_charge,
});

/// `ShipmentCharge`.
#[derive(Debug, Default)]
pub(super) struct ShipmentCharge<'a> {
    pub(super) kind: Text<'a>,
    pub(super) bill_shipper: Opt<BillShipper<'a>>,
}

members!('a, ShipmentCharge<'a> {
    "Type" => kind,
    "BillShipper" => bill_shipper,
});

/// `BillShipper`.
#[derive(Debug, Default)]
pub(super) struct BillShipper<'a> {
    pub(super) account_number: Text<'a>,
}

members!('a, BillShipper<'a> {
    "AccountNumber" => account_number,
});

/// A reference of the client.
#[derive(Debug, Default)]
pub(super) struct ReferenceNumber<'a> {
    pub(super) value: Text<'a>,
}

members!('a, ReferenceNumber<'a> {
    "Value" => value,
});

/// `Package`.
#[derive(Debug, Default)]
pub(super) struct Package<'a> {
    pub(super) reference_number: Many<ReferenceNumber<'a>>,
}

members!('a, Package<'a> {
    "ReferenceNumber" => reference_number,
});

/// `LabelSpecification`.
#[derive(Debug, Default)]
pub(super) struct LabelSpecification<'a> {
    pub(super) label_image_format: Opt<CodeObject<'a>>,
    pub(super) label_stock_size: Opt<LabelStockSize<'a>>,
}

members!('a, LabelSpecification<'a> {
    "LabelImageFormat" => label_image_format,
    "LabelStockSize" => label_stock_size,
});

impl LabelSpecification<'_> {
    pub(super) fn stock(specification: Option<&Self>) -> Stock {
        let size = specification.and_then(|label| label.label_stock_size.as_ref());
        Stock::parse(size.map_or("", |size| size.height.as_str()))
    }
}

/// `LabelStockSize`.
#[derive(Debug, Default)]
pub(super) struct LabelStockSize<'a> {
    pub(super) height: Text<'a>,
}

members!('a, LabelStockSize<'a> { "Height" => height });

/// The body of a label recovery.
#[derive(Debug, Default)]
pub(super) struct RecoveryEnvelope<'a> {
    pub(super) label_recovery_request: Opt<RecoveryRequest<'a>>,
}

members!('a, RecoveryEnvelope<'a> {
    "LabelRecoveryRequest" => label_recovery_request,
});

/// `LabelRecoveryRequest`.
#[derive(Debug, Default)]
pub(super) struct RecoveryRequest<'a> {
    pub(super) request: Opt<Request<'a>>,
    pub(super) tracking_number: Text<'a>,
    pub(super) tracking_numbers: Lines<'a>,
    pub(super) reference_values: Opt<ReferenceValues<'a>>,
    pub(super) label_specification: Opt<LabelSpecification<'a>>,
}

members!('a, RecoveryRequest<'a> {
    "Request" => request,
    "TrackingNumber" => tracking_number,
    "TrackingNumbers" => tracking_numbers,
    "ReferenceValues" => reference_values,
    "LabelSpecification" => label_specification,
});

/// `ReferenceValues`.
#[derive(Debug, Default)]
pub(super) struct ReferenceValues<'a> {
    pub(super) reference_number: Opt<ReferenceNumber<'a>>,
    pub(super) shipper_number: Text<'a>,
}

members!('a, ReferenceValues<'a> {
    "ReferenceNumber" => reference_number,
    "ShipperNumber" => shipper_number,
});

impl Request<'_> {
    /// The context that the answer repeats.
    pub(super) fn context(&self) -> Option<&str> {
        let reference = self.transaction_reference.as_ref()?;
        reference.customer_context.as_ref()?.present()
    }
}
