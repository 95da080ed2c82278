//! What UPS's file requires of a call.

pub(super) const REQUEST: &str = "
transID* text ..50
evaluateDescriptions flag
evaluatePoaRequirements flag
evaluateAdvancedImportExportRequirements flag
evaluateImportExportRequirements flag
shipment* object
  importerName text ..100
  importerCity text ..100
  importerZipcode text 1..
  importerAccountNumber? alphanumeric 6..10
  exporterName text ..100
  exporterCity text ..100
  exporterZipcode text 1..
  exporterAccountNumber alphanumeric ..20
  id* token 1..50
  importCountryCode* alphanumeric 2
  exportCountryCode* alphanumeric 2
  translationLocale one-of EN|DE|PL|FR|IT|NL|ES|ZH
  transModes one-of INT_AIR|INT_OCEAN|INT_RAIL|INT_TRUCK|DOM_AIR|DOM_OCEAN|DOM_RAIL|DOM_TRUCK
  shipmentType* one-of GIFT|COMM|OTHR|PERS
  shipmentDescription text
  grossWeight number ..999999999999.99
  grossWeightUnit? one-of KG|LB
  shipmentItems* list 1..150
    commodityId* text ..50
    eccn alphanumeric 5
    hsCode token 4..13
    description* text ..150
    originCountryCode* alphanumeric 2
    amountValue* number ..999999999999.99
    currencyCode* one-of ARS|AUD|BRL|CAD|CHF|CLP|CNY|CRC|DKK|DOP|EUR|GBP|HKD|INR|JPY|KRW|MXN|MYR|NOK|NZD|PEN|PHP|PLN|SEK|SGD|THB|TWD|USD|VEB
    quantity* number 1..2147483647
    UOM* one-of Bag|Barrel|Bolt|Box|Bunch|Bundle|Butt|Canister|Carton|Case|Centimeter|Container|Crate|Cylinder|Dozen|Each|Envelope|Feet|Kilogram|Liter|Meter|Number|Package|Packet|Pairs|Pallet|Pieces|Pounds|ProofLiter|Roll|Set|Square Meters|Square Yards|Tube|Yard
";
