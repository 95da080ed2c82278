//! What UPS's file requires of the calls.

/// All operations have these header fields; `transId` is no required one here.
pub(super) const HEADERS: &str = "
    header transactionSrc* text 1..
    header X-BusinessGUID* token 36
    header X-ClientId* text 1..
";

macro_rules! with_headers {
    ($more:literal) => {
        concat!(
            "header transactionSrc* text 1..\n",
            "header X-BusinessGUID* token 36\n",
            "header X-ClientId* text 1..\n",
            $more
        )
    };
}

pub(super) const MOVE_ORDER: &str = with_headers!(
    "query shipper_account_number* text 1..9
    query order_number digits 13
    query old_date day
    query language text ..6"
);
pub(super) const FIND_ORDERS: &str = with_headers!("query criteria* text 2..");
pub(super) const SUBMIT: &str = with_headers!(
    "query shipper_account_number* text 1..9
    query pickup_date day
    query request_manifest flag
    query manifest_format one-of DATA|PDF"
);
pub(super) const SHOW_SHIPMENT: &str = with_headers!(
    "query request_type* one-of Air|Ocean
    query shipment_id* text 1.."
);
pub(super) const CITIES: &str = with_headers!(
    "query shipper_account_number text ..9
    query country* upper 2
    query city text
    query criteria_operator one-of STARTS_WITH|CONTAINS
    query postal text"
);
pub(super) const BY_ACCOUNT: &str = with_headers!("query shipper_account_number text");
pub(super) const PAYMENT_TYPES: &str = with_headers!(
    "query shipper_account_number* text 1..
    query code text
    query incoterm_code text
    query movement_type_code text
    query origin_country_code text
    query destination_country_code text
    query service_line text"
);
pub(super) const AIRPORTS: &str = with_headers!("query country_code* upper 2");
pub(super) const SERVICE_TYPES: &str = with_headers!(
    "query shipper_city text 1..50
    query shipper_state_code upper 2
    query shipper_postal_code text 3..10
    query shipper_country_code upper 2
    query consignee_city text 1..50
    query consignee_state_code upper 2
    query consignee_postal_code text 3..10
    query consignee_country_code* upper 2
    query shipper_account_number text 6..12"
);
pub(super) const SHOW_QUOTE: &str = with_headers!(
    "query request_type* text 3..5
    query quote_id* text 9..11"
);
pub(super) const MILESTONES: &str = with_headers!(
    "query business_id* text 1..20
    query ups_file_number text ..23
    query ups_office text ..5
    query ups_shipment_number* text 5..20"
);

pub(super) const RATES: &str = "
@party
  company? text ..35
  account? text 6..9
  address1 text ..40
  address2 text ..40
  address3 text ..40
  city text ..30
  state upper 2
  postalCode text ..10
  countryCode upper 2
  serviceCenterCode text ..5
  partyCode text ..40
  contactName? text ..40
  contactPhone? text ..40
  contactEmail? email ..40
shipper* object @party
consignee* object @party
thirdParty object @party
shipment* object
  shipmentNumber? text 1..10
  serviceType*? one-of AMG|AM|D2G|D2|DFG|DF|CX|CA|EC
  paymentType* one-of PPD|COL|OTH/THD
  pickupDate day
  readyTime time
  closeTime time
  dropoffTime time
  weight number ..999999.99
  freightType* one-of PALLET|LOOSE
  isMetric flag
  orderDescription text
  currencyCode upper 3
  requestPickup flag
  requestBoL flag
  countryOfManufacture each 1.. upper 2
  items* list 1..
    description text
    count* integer 1..99999
    length* number 0.1..999.9
    width* number 0.1..999.9
    height* number 0.1..999.9
    weight* number 0.1..999999999.99
language text
transactionId text
";

pub(super) const ORDER: &str = "
@party
  partyCode? text ..32
  company? text ..40
  address1*? text 1..40
  address2? text
  address3? text ..40
  city*? text 1..40
  state? text 2..4
  postalCode*? text ..15
  countryCode*? text 2..4
  account? text 6..9
  serviceCenterCode? text ..5
  contactName? text ..40
  contactPhone? text ..25
  contactEmail? text 1..70
shipper* object @party
consignee* object @party
thirdParty object @party
shipment* object
  shipmentNumber? text 1..10
  serviceType*? one-of AMG|AM|D2G|D2|DFG|DF|CX|CA|EC|MEXDF|SAT|SATG|GOLDP|CXD|CXC|CXCD|CAD|CAC|CACD|ECD|ECC|ECCD|EG|EA
  paymentType*? one-of PPD|COL|OTH/THD
  pickupDate* day
  readyTime time
  closeTime time
  dropoffTime time
  weight number ..99999
  freightType* one-of PALLET|LOOSE
  orderDescription*? text ..30
  shipperReference? text ..30
  consigneeReference? text ..30
  currency*? text
  isMetric*? flag
  items* list 1..
    itemDescription*? text
    count*? integer 1..99999
    length* number 1..999
    width* number 1..999
    height* number 1..999
    weight* number 1..99999
  countryOfManufacture each 1.. text ..3
label object
  layout? text ..40
  format*? one-of PDF|PNG|JPG|BMP|TIFF|SVG|DATA
language text ..6
transId text
";

pub(super) const SHIPMENT: &str = "
@party
  account*? text 6..9
  address1* text 1..40
  city* text 1..30
  state text ..5
  postalCode text ..10
  countryCode* text 2
  serviceCenterCode text ..5
  partyCode text ..40
  company* text 1..35
  contactName* text 1..40
  contactPhone* text 1..25
  contactEmail* email 1..40
shipper* object @party
consignee* object @party
shipment* object
  serviceType*? text
  paymentType*? text
  pickupDate day
  readyTime time
  closeTime time
  dropoffTime time
  weight number 0.1..999.9
  freightType* one-of PALLET|LOOSE
  isMetric flag
  orderDescription text
  shipperReference text
  consigneeReference text
  currency text 3
  requestPickup flag
  requestBoL flag
  countryOfManufacture each .. text 2
  items* list 1..100
    description text ..50
    count* integer 1..99999
    length* number 0..999.9
    width* number 0..999.9
    height* number 0.1..999.9
    weight* number 0..99999
label? object
  layout text
  format text
language text
transactionId text
";

pub(super) const CANCEL_ORDER: &str = "
account*? text 1..9
orderNumber* digits 13
language text ..6
";

pub(super) const PATCH: &str = "
[]* list 1..
  op* one-of replace
  path* text 1..
  value? text
";

pub(super) const LABEL: &str = "
shipperAccountNumber* text 1..9
orderNumber* digits 13
layout? text 1..40
format? text 1..
";

pub(super) const CANCEL_SHIPMENT: &str = "
shipperAccountNumber* text 1..9
shipmentNumber* text 1..10
language text 1..6
";

pub(super) const MANIFEST: &str = "
accountNumber? text 1..9
manifestNumber* text 1..
manifestFormat? one-of PDF|DATA
language text 1..6
";

pub(super) const ACCESSORIALS: &str = "
@party
  city* text 1..30
  state text ..5
  postalCode text ..10
  countryCode* text 2
  isResidential* one-of Y|N
shipper* object @party
consignee* object @party
serviceCode one-of AMG|AM|D2G|D2|DFG|DF|CX|CA|EC|MEXDF|SAT|SATG|GOLDP|CXD|CXC|CXCD|CAD|CAC|CACD|ECD|ECC|ECCD|EG|EA
pickupDateTime* iso-date
dropOffTime* time
";

pub(super) const QUOTE: &str = "
requestType* text 1..
quoteData* object
  serviceType* text 2..5
  serviceLine* text 2..10
  currencyCode* upper 3
  movementTypeCode* text 2..10
  incoTermType* text 2..10
  importCustomsBrokerageFee one-of |Y|N
  exportCustomsBrokerageFee one-of |Y|N
  paymentTerm* object
    type* one-of SHPR|CONS|THRD
    code* one-of PPD|COL|OTH/CON
routing* object
  origin object
    portCode text
  destination object
    portCode text
  specialHandlings list
    type text
    message text
    temperatureControl text
shipmentDetails* object
  insuredValueCurrency text ..3
  insuredValue number
  customsValueCurrency text ..3
  customsValue number
  commodityName text 1..40
  cargoItems list
    quantity* integer 1..
    packageType text ..20
    packageTypeCode text 1..
    weight* object
      weight number
      unitOfMeasurement text
    dimensions* object
      length number
      width number
      height number
      unitOfMeasurement text
  isHazmat flag
  isReefer flag
  isLithium flag
  isRestricted flag
  isStackable one-of Y|N
  isForkliftable one-of Y|N
  isTiltable one-of Y|N
shipmentPartyDetail* list
  type text 2..5
  accountNumber? text 6..20
  contactDetail object
    name text
    emailAddress email
    faxNumber text
    phoneNumber text
    referenceNumber text
  address object
    companyName1 text 1..35
    companyName2 text ..35
    addressLine1 text 1..35
    addressLine2 text ..35
    addressLine3 text ..35
    city text 1..30
    stateCode text 2..5
    postalCode text 3..10
    countryCode upper 2
    isLoadingDockAvailable one-of Y|N
    isResidentialAddress one-of Y|N
";

pub(super) const BOOK_QUOTE: &str = "
quoteId* text 1..11
specialInstructions text
pickupDetails object
  date* iso-date
  startTime text
  endTime text
requestType* text 1..
";
