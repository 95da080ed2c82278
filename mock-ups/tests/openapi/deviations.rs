//! Where the mock follows live answers instead of the specification.

/// One change of the specification.
pub(crate) struct Deviation {
    /// The file, without its ending.
    pub(crate) file: &'static str,
    /// Where, below `components/schemas`.
    pub(crate) pointer: &'static str,
    /// The schema to use there.
    pub(crate) replacement: &'static str,
    /// Why.
    pub(crate) reason: &'static str,
}

const fn differs(
    file: &'static str,
    pointer: &'static str,
    replacement: &'static str,
    reason: &'static str,
) -> Deviation {
    Deviation {
        file,
        pointer,
        replacement,
        reason,
    }
}

/// `TransactionReference` as it is sent, in every file: an empty string when the request had no
/// context, and with the identifier otherwise.
pub(crate) const REFERENCE: &str = r#"{"anyOf":[{"const":""},{"type":"object",
    "required":["CustomerContext"],
    "properties":{"CustomerContext":{"type":"string"},
        "TransactionIdentifier":{"type":"string"}}}]}"#;
const EMPTY_REASON: &str = "live answers have an empty text";
const PARTS_REASON: &str = "live answers show the parts of a package's negotiated charges";
const ANY_TEXT: &str = r#"{"type":"string"}"#;
const MONEY: &str = r#"{"type":"object","required":["CurrencyCode","MonetaryValue"],
    "properties":{"CurrencyCode":{"type":"string"},"MonetaryValue":{"type":"string"}}}"#;

const WRAPPED: &str = r#"{"type":"object","required":["response"],"properties":{"response":
    {"type":"object","required":["errors"],"properties":
        {"errors":{"type":"array","minItems":1}}}}}"#;
const NUMBER: &str = r#"{"type":"number"}"#;
const MAXIMUM_REASON: &str = "`maximum: 1`, which the file's own example breaks";
const NESTED_REASON: &str = "required beside `shipment`, described inside of it";
const LEVEL_REASON: &str = "recorded answers have codes of three and four characters, such as GND";
const WEEKEND_REASON: &str = "recorded answers have it, the specification does not";

/// All that concern one place only.
#[rustfmt::skip]
pub(crate) const DEVIATIONS: &[Deviation] = &[
    differs("Rating", "/RatedShipment_NegotiatedRateCharges/properties/BaseServiceCharge", MONEY,
        "live answers hold an object, the specification a list"),
    differs("Rating", "/RatedShipment_Service/properties/Description", ANY_TEXT, EMPTY_REASON),
    differs("Rating", "/RatedPackage_NegotiatedCharges/properties/BaseServiceCharge",
        MONEY, PARTS_REASON),
    differs("Rating", "/RatedPackage_NegotiatedCharges/properties/TransportationCharges",
        MONEY, PARTS_REASON),
    differs("Rating", "/RatedPackage_NegotiatedCharges/properties/ServiceOptionsCharges",
        MONEY, PARTS_REASON),
    differs("Rating", "/RatedPackage_NegotiatedCharges/properties/TotalCharge",
        MONEY, PARTS_REASON),
    differs("TimeInTransit", "/emsResponse/properties/shipDate", ANY_TEXT,
        "a date of ten characters, the specification says eight"),
    differs("TimeInTransit", "/services/properties/serviceLevel", ANY_TEXT, LEVEL_REASON),
    differs("TimeInTransit", "/services/properties/saturdayDeliveryIndicator",
        ANY_TEXT, WEEKEND_REASON),
    differs("TimeInTransit", "/services/properties/sundayDeliveryIndicator",
        ANY_TEXT, WEEKEND_REASON),
    differs("TimeInTransit", "/services/properties/sundayPickupIndicator",
        ANY_TEXT, WEEKEND_REASON),
    differs("TimeInTransit", "/candidateAddress/required", r#"["countryName","countryCode"]"#,
        "the specification requires `CountryCode` but describes `countryCode`"),
    differs("TimeInTransit", "/errorResponse", WRAPPED,
        "recorded errors have the envelope of the other products, the file lacks `response`"),
    differs("Locator", "/LocatorResponse/required", r#"["Response","SearchResults"]"#,
        "a member of the request that slipped into the answer's list"),
    differs("LandedCost", "/brokerageFeeItems/properties/chargeAmount",
        NUMBER, MAXIMUM_REASON),
    differs("LandedCost", "/Response_ShipmentItems/properties/commodityDuty",
        NUMBER, MAXIMUM_REASON),
    differs("LandedCost", "/Response_ShipmentItems/properties/commodityVAT",
        NUMBER, MAXIMUM_REASON),
    differs("LandedCost", "/Response_ShipmentItems/properties/totalCommodityDutyAndTax",
        NUMBER, MAXIMUM_REASON),
    differs("LandedCost", "/LandedCostResponse/properties/shipment/properties/totalBrokerageFees",
        NUMBER, MAXIMUM_REASON),
    differs("LandedCost", "/LandedCostResponse/properties/shipment/properties/totalDuties",
        NUMBER, MAXIMUM_REASON),
    differs("LandedCost", "/LandedCostResponse/properties/shipment/properties/totalVAT",
        NUMBER, MAXIMUM_REASON),
    differs("LandedCost", "/LandedCostResponse/properties/shipment/properties/totalDutyAndTax",
        NUMBER, MAXIMUM_REASON),
    differs("LandedCost", "/LandedCostResponse/properties/shipment/properties/grandTotal",
        NUMBER, MAXIMUM_REASON),
    differs("LandedCost", "/LandedCostResponse/properties/alVersion", NUMBER, NESTED_REASON),
    differs("LandedCost", "/LandedCostResponse/properties/perfStats", r#"{"type":"object"}"#, NESTED_REASON),
    differs("LandedCost", "/LandedCostResponse/properties/transID", ANY_TEXT, NESTED_REASON),
    differs("PickupNotificationPreferences", "/AccountNumber", ANY_TEXT,
        "the mock's account numbers have letters, as real ones can"),
];
