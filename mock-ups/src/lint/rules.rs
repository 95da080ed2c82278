//! The rules, one by one.

use std::sync::LazyLock;

use http::{HeaderMap, Method};
use memchr::memmem::{self, Finder};

use super::{Findings, Subject, options};

/// A mistake that the lint knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// `NegotiatedRatesIndicator` without a `ShipperNumber`.
    NegotiatedWithoutShipperNumber,
    /// Negotiated rates asked for outside `ShipmentRatingOptions`.
    NegotiatedMisplaced,
    /// No `transId`, where UPS requires it.
    MissingTransId,
    /// No `transactionSrc`, where UPS requires it.
    MissingTransactionSrc,
    /// A `transId` of more than 32 characters or a `transactionSrc` of more than 512.
    LongTransactionField,
    /// A product's path without `/api`.
    ApiPrefixMissing,
    /// `/api` before `/security`.
    ApiPrefixOnOauth,
    /// Client credentials in the form.
    CredentialsInBody,
    /// A credential in the query, where logs and proxies keep it.
    CredentialsInQuery,
    /// A new token although the previous one is young and hardly used.
    TokenPerCall,
    /// An access key's header fields, which died in 2024.
    LegacyCredentials,
    /// A JSON body under another content type.
    NotDeclaredJson,
    /// A form under another content type.
    NotDeclaredForm,
    /// `Shipper` and `RequestOption` say `Shop`, the path says `Rate`, or the reverse: the path wins.
    RequestOptionDiffers,
    /// A bearer on a token request, or Basic credentials on an API call.
    WrongScheme,
    /// `DCISType` 1 at a package, where it is no signature.
    PackageSignatureType,
    /// An amount to collect on delivery that is no number.
    CodAmount,
}

impl Rule {
    pub(crate) const ALL: [Self; 17] = [
        Self::NegotiatedWithoutShipperNumber,
        Self::NegotiatedMisplaced,
        Self::MissingTransId,
        Self::MissingTransactionSrc,
        Self::LongTransactionField,
        Self::ApiPrefixMissing,
        Self::ApiPrefixOnOauth,
        Self::CredentialsInBody,
        Self::CredentialsInQuery,
        Self::TokenPerCall,
        Self::LegacyCredentials,
        Self::NotDeclaredJson,
        Self::NotDeclaredForm,
        Self::RequestOptionDiffers,
        Self::WrongScheme,
        Self::PackageSignatureType,
        Self::CodAmount,
    ];

    /// The name in the journal and in the header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NegotiatedWithoutShipperNumber => "negotiated-without-shipper-number",
            Self::NegotiatedMisplaced => "negotiated-misplaced",
            Self::MissingTransId => "missing-trans-id",
            Self::MissingTransactionSrc => "missing-transaction-src",
            Self::LongTransactionField => "long-transaction-field",
            Self::ApiPrefixMissing => "api-prefix-missing",
            Self::ApiPrefixOnOauth => "api-prefix-on-oauth",
            Self::CredentialsInBody => "credentials-in-body",
            Self::CredentialsInQuery => "credentials-in-query",
            Self::TokenPerCall => "token-per-call",
            Self::LegacyCredentials => "legacy-credentials",
            Self::NotDeclaredJson => "not-declared-json",
            Self::NotDeclaredForm => "not-declared-form",
            Self::RequestOptionDiffers => "request-option-differs",
            Self::WrongScheme => "wrong-scheme",
            Self::PackageSignatureType => "package-signature-type",
            Self::CodAmount => "cod-amount",
        }
    }

    /// What is wrong and what to do.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::NegotiatedWithoutShipperNumber => {
                "negotiated rates come only with Shipper.ShipperNumber; without it the published \
                 rates come, and no error"
            }
            Self::NegotiatedMisplaced => {
                "NegotiatedRatesIndicator counts only inside Shipment.ShipmentRatingOptions"
            }
            Self::MissingTransId => "send a transId of your own, up to 32 characters",
            Self::MissingTransactionSrc => "send a transactionSrc that names your program",
            Self::LongTransactionField => "transId takes 32 characters, transactionSrc 512",
            Self::ApiPrefixMissing => "product paths begin with /api",
            Self::ApiPrefixOnOauth => "OAuth paths begin with /security, without /api",
            Self::CredentialsInBody => {
                "send client id and secret as Authorization: Basic, not in the form"
            }
            Self::CredentialsInQuery => "keep credentials and tokens out of the query",
            Self::TokenPerCall => {
                "keep a token for its lifetime; one per call ends in 10429 Too Many Requests"
            }
            Self::LegacyCredentials => "access keys stopped working in 2024; use an OAuth client",
            Self::NotDeclaredJson => "send content-type: application/json with a JSON body",
            Self::NotDeclaredForm => {
                "send content-type: application/x-www-form-urlencoded to the OAuth endpoints"
            }
            Self::RequestOptionDiffers => {
                "RequestOption in the body and in the path differ; the path wins"
            }
            Self::WrongScheme => "Basic goes to the OAuth endpoints, Bearer to everything else",
            Self::PackageSignatureType => {
                "DCISType 1 is unsupported at a package; 2 asks for a signature, 3 for an adult's"
            }
            Self::CodAmount => "MonetaryValue of CODAmount must be a number, such as 47.11",
        }
    }
}

/// Searchers are made once: making one costs more than using it on a request.
struct Finders {
    indicator: Finder<'static>,
    shipper_number: Finder<'static>,
    options: Finder<'static>,
    request_option: Finder<'static>,
    service_options: Finder<'static>,
}

static FINDERS: LazyLock<Finders> = LazyLock::new(|| Finders {
    indicator: Finder::new(b"\"NegotiatedRatesIndicator\""),
    shipper_number: Finder::new(b"\"ShipperNumber\""),
    options: Finder::new(b"\"ShipmentRatingOptions\""),
    request_option: Finder::new(b"\"RequestOption\""),
    // One search for those of a package and those of a shipment.
    service_options: Finder::new(b"ServiceOptions\""),
});

/// First path segments of the products, for paths that lack `/api`.
const PRODUCTS: [&str; 11] = [
    "rating",
    "shipments",
    "labels",
    "track",
    "addressvalidation",
    "locations",
    "pickup",
    "pickupcreation",
    "paperlessdocuments",
    "quantumview",
    "ship",
];

/// Whether a path without `/api` names a product.
pub(crate) fn names_product(path: &str) -> bool {
    let first = path
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default();
    PRODUCTS.contains(&first)
}

/// What the rules want to know of the header fields, found in one pass: on the path of every call,
/// a look-up per field would cost more than all the rules.
#[derive(Default)]
struct Fields {
    has_legacy: bool,
    trans_id: Option<usize>,
    transaction_src: Option<usize>,
    is_json: bool,
    is_form: bool,
    is_basic: bool,
    is_bearer: bool,
}

impl Fields {
    fn of(headers: &HeaderMap) -> Self {
        let mut fields = Self::default();
        for (name, value) in headers {
            match name.as_str() {
                "accesslicensenumber" | "username" | "password" => fields.has_legacy = true,
                "transid" => fields.trans_id = Some(value.len()),
                "transactionsrc" => fields.transaction_src = Some(value.len()),
                "content-type" => {
                    let holds = |part: &[u8]| memmem::find(value.as_bytes(), part).is_some();
                    // Anything with `json` in it counts, vendor types included.
                    fields.is_json = holds(b"json");
                    fields.is_form = !fields.is_json && holds(b"x-www-form-urlencoded");
                }
                "authorization" => {
                    let begins_with = |scheme: &[u8]| {
                        let start = value.as_bytes().get(..scheme.len());
                        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
                    };
                    fields.is_basic = begins_with(b"basic ");
                    fields.is_bearer = begins_with(b"bearer ");
                }
                _ => {}
            }
        }
        fields
    }
}

pub(super) fn check_api_call(subject: &Subject<'_>, findings: &mut Findings) {
    let fields = Fields::of(subject.headers);
    check_transaction_fields(subject, &fields, findings);
    check_query(subject, findings);
    findings.add_if(
        // Published by mistake for a while, and still in generated clients.
        subject.path.starts_with("/api/security"),
        Rule::ApiPrefixOnOauth,
    );
    findings.add_if(fields.has_legacy, Rule::LegacyCredentials);
    findings.add_if(fields.is_basic, Rule::WrongScheme);
    if *subject.method == Method::POST {
        findings.add_if(!fields.is_json, Rule::NotDeclaredJson);
        let is_rating = subject.path.starts_with("/api/rating/");
        if is_rating {
            check_rating(subject, findings);
        }
        if is_rating || subject.path.starts_with("/api/shipments/") {
            options::check(subject.body, &FINDERS.service_options, findings);
        }
    }
}

pub(super) fn check_other(subject: &Subject<'_>, findings: &mut Findings) {
    let fields = Fields::of(subject.headers);
    check_query(subject, findings);
    findings.add_if(names_product(subject.path), Rule::ApiPrefixMissing);
    findings.add_if(fields.has_legacy, Rule::LegacyCredentials);
    let token = subject.path.ends_with("/oauth/token") || subject.path.ends_with("/oauth/refresh");
    if token && *subject.method == Method::POST {
        findings.add_if(!fields.is_form, Rule::NotDeclaredForm);
        findings.add_if(fields.is_bearer, Rule::WrongScheme);
        // The secret decides: a client id alone in the form is PKCE.
        let in_body = memmem::find(subject.body, b"client_secret=").is_some();
        findings.add_if(in_body, Rule::CredentialsInBody);
    }
}

fn check_transaction_fields(subject: &Subject<'_>, fields: &Fields, findings: &mut Findings) {
    // Tracking and Time in Transit refuse without them; for the others they are optional.
    let required =
        subject.path.starts_with("/api/track/") || subject.path.ends_with("/transittimes");
    findings.add_if(required && fields.trans_id.is_none(), Rule::MissingTransId);
    findings.add_if(
        required && fields.transaction_src.is_none(),
        Rule::MissingTransactionSrc,
    );
    let long = fields.trans_id.is_some_and(|length| length > 32)
        || fields.transaction_src.is_some_and(|length| length > 512);
    findings.add_if(long, Rule::LongTransactionField);
}

fn check_query(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(query) = subject.query else { return };
    // With the equals sign, so that names that merely contain these words do not count.
    let secret = [
        "client_secret=",
        "access_token=",
        "refresh_token=",
        "password=",
    ];
    let found = secret
        .into_iter()
        .any(|name| memmem::find(query.as_bytes(), name.as_bytes()).is_some());
    findings.add_if(found, Rule::CredentialsInQuery);
}

fn check_rating(subject: &Subject<'_>, findings: &mut Findings) {
    let body = subject.body;
    if let Some(place) = FINDERS.indicator.find(body) {
        let number = string_member(body, &FINDERS.shipper_number);
        findings.add_if(
            number.is_none_or(|number| number.is_empty()),
            Rule::NegotiatedWithoutShipperNumber,
        );
        let options = FINDERS.options.find(body);
        findings.add_if(
            // A look at the order of members, not a parse: misplaced indicators stand before or outside.
            options.is_none_or(|options| options > place),
            Rule::NegotiatedMisplaced,
        );
    }
    let in_path = subject.path.rsplit('/').next().unwrap_or_default();
    let in_body = string_member(body, &FINDERS.request_option).unwrap_or_default();
    // `Rate` and `rate` are the same to UPS.
    let differs = !in_body.is_empty() && !in_body.eq_ignore_ascii_case(in_path.as_bytes());
    findings.add_if(differs, Rule::RequestOptionDiffers);
}

/// The string value of a member somewhere in JSON, as written. A look, not a parse.
fn string_member<'a>(body: &'a [u8], quoted_name: &Finder<'_>) -> Option<&'a [u8]> {
    let after = quoted_name.find(body)? + quoted_name.needle().len();
    let rest = body
        .get(after..)?
        .trim_ascii_start()
        .strip_prefix(b":")?
        .trim_ascii_start();
    let rest = rest.strip_prefix(b"\"")?;
    rest.split(|byte| *byte == b'"').next()
}
