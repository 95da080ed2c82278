//! What UPS's file requires of a call.

/// All operations have the same parameters.
pub(super) const PARAMETERS: &str = "
    header transId* token 3..14
    header platformType* one-of XOLT
    header inquiryType* one-of U
    query loc locale
    path tracking_number* tracking-number
";

/// The body of a question for charges.
pub(super) const CHARGES: &str = "
@address
  addressLine1* text 1..50
  addressLine2 text 1..35
  addressLine3 text 1..35
  city* text 1..30
  state* upper 2
  postalCode* zip 5..16
  countryCode* upper 2
clientIP text
ratingRequest* list 1..
  redirectAddress object
    addressNickName* text 2..20
    addressInfo* object @address
    nameOrCompanyName* text
    contactName* text
    phoneNumber* phone ..14
    phoneExt phone ..4
    emailAddress email
  fromAddress* object @address
    buildingFloor text
    publicLocationId text
    firstName* text
    lastName text
    fullName text
    phoneNumber* phone ..17
  toAddress* object @address
    buildingFloor text
    publicLocationId text
    firstName* text
    lastName text
    fullName text
    phoneNumber* phone ..17
  trackInfo* object
    interceptOption* one-of WC|SC|FD|AA|RS|AL
";

/// The body of a change.
pub(super) const CHANGE: &str = "
@address
  addressLine1* text 1..50
  addressLine2 text 1..35
  addressLine3 text 1..35
  city* text 1..30
  state* upper 2
  postalCode* zip 5..16
  countryCode* upper 2
requestType one-of WC|SC|FD|AA|RS
requesterContactInfo* object
  name* text 1..30
  telephone* phone 1..14
  phoneExt phone 2..4
  emailAddress email 1..50
  altTelephone phone 1..14
  altPhoneExt phone 2..4
  displayPhoneNumber flag
reasonForReturn one-of AM|AN|AQ|AR|AS|FA|KR|KS|KV
deliveryDate date
specialInstructions? text 1..254
newDeliveryAddress object
  addressNickName text 2..20
  addressInfo object @address
  nameOrCompanyName text
  contactName text
  phoneNumber phone ..14
  phoneExt phone ..4
  emailAddress email
";
