//! What a product of the mock (rating, shipping, tracking, …) sees of a call, and what it gives back.
//!
//! The server checks the bearer, the body limit, faults and the journal before and after; a product
//! is a function from an [`ApiRequest`] to an [`ApiResponse`], without I/O and without a clock of its own.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use jiff::Timestamp;

/// One UPS product under `/api`. Implementors are shared by all workers, so state needs a lock of
/// its own; it should be held for the shortest time that keeps the answer right.
pub trait Product: Send + Sync + 'static {
    /// Answers the call, or `None` when the path is not this product's (the server tries the next
    /// product and in the end answers 404 as UPS does). Must be cheap for a foreign path: compare
    /// the first segment and leave.
    fn answer(&self, request: &ApiRequest<'_>) -> Option<ApiResponse>;

    /// Forgets everything that calls have created (shipments, pickups, …), as
    /// `POST /__mock/reset` asks. Products without state keep the default.
    fn reset(&self) {}
}

/// One call that passed the bearer check.
#[derive(Debug)]
pub struct ApiRequest<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path as sent, without the query: `/api/rating/v2409/Shop`.
    pub path: &'a str,
    /// The path's segments after `/api/`, as sent (not percent-decoded): `["rating", "v2409", "Shop"]`.
    pub segments: &'a [&'a str],
    /// The query as sent, without the question mark. See [`ApiRequest::query_value`].
    pub query: Option<&'a str>,
    /// The header fields as sent.
    pub headers: &'a HeaderMap,
    /// The whole body; at most 1 MiB.
    pub body: &'a Bytes,
    /// Who holds the bearer.
    pub caller: &'a Caller,
    /// Which of the two UPS environments was called.
    pub environment: Environment,
    /// The mock's clock. Everything that has a date must take it from here.
    pub now: Timestamp,
    /// The transaction's name on the carrier's side: the answer's `bkndtransid`, and what
    /// `TransactionIdentifier` says in it.
    pub transaction: &'a str,
}

impl ApiRequest<'_> {
    /// The first value of a query parameter, percent-decoded. Names compare without case, as the
    /// live service does for `additionalinfo`.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<Cow<'_, str>> {
        let query = self.query?;
        // Decoded on demand: most calls have no query, and the others one parameter.
        url::form_urlencoded::parse(query.as_bytes())
            // Without case, as UPS accepts `additionalInfo`, too.
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// A header as text; `None` when absent or not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The holder of an access token: the oauth client and, through its user, the accounts it can use.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The oauth client that the token was issued to.
    pub client_id: Arc<str>,
    /// The ups.com user behind the token: the owner of the app for client credentials, the user who
    /// consented for an authorization code.
    pub user: Arc<str>,
    /// The accounts of that user.
    pub accounts: Arc<[AccountView]>,
    /// Whether rating refuses every number that is not of `accounts`.
    pub own_numbers_only: bool,
    /// The account numbers of all users, in upper case: those of others are refused, numbers that nobody has
    /// are not.
    pub known_numbers: Arc<HashSet<Box<str>>>,
}

impl Caller {
    /// The caller's account with this number (six characters, compared without case).
    #[must_use]
    pub fn account(&self, number: &str) -> Option<&AccountView> {
        self.accounts
            .iter()
            .find(|account| account.number.eq_ignore_ascii_case(number.trim()))
    }

    /// Whether calls for this account number are refused: nobody ships, rates, voids or gets labels for
    /// somebody else.
    #[must_use]
    pub fn is_refused(&self, number: &str) -> bool {
        // Own numbers are never refused, whatever the settings say.
        self.account(number).is_none()
            && (self.own_numbers_only
                || self
                    .known_numbers
                    .contains(number.trim().to_ascii_uppercase().as_str()))
    }

    /// Whether the caller may see negotiated rates for this shipper number.
    #[must_use]
    pub fn qualifies_for_negotiated_rates(&self, shipper_number: &str) -> bool {
        self.account(shipper_number)
            .is_some_and(|account| account.negotiated_rates)
    }
}

/// An account as a product sees it.
#[derive(Debug, Clone)]
pub struct AccountView {
    /// The shipper number, six characters.
    pub number: Arc<str>,
    /// Whether UPS agreed on negotiated rates for it.
    pub negotiated_rates: bool,
    /// The discount of the negotiated rates in per mille of the published base charge.
    pub discount_per_mille: u32,
}

/// The two environments of UPS. Their tokens never mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Customer Integration Environment, `wwwcie.ups.com`: the test side, with its limits.
    Cie,
    /// `onlinetools.ups.com`.
    Production,
}

impl Environment {
    /// The name in the journal, the control API and on the page.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cie => "cie",
            Self::Production => "production",
        }
    }
}

/// What a product answers. The server adds the standing headers and, to an error, its echo headers.
#[derive(Debug, Clone)]
pub struct ApiResponse {
    /// The status.
    pub status: StatusCode,
    /// The body; JSON unless `headers` holds another `content-type`.
    pub body: Bytes,
    /// Further headers. `bkndtransid` and `content-type` given here win over the server's.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The error that the body reports, for the echo headers and for the journal.
    pub error: Option<UpsError>,
}

impl ApiResponse {
    /// A 200 with a JSON body.
    #[must_use]
    pub fn json(body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            body: body.into(),
            headers: Vec::new(),
            error: None,
        }
    }

    /// An error in UPS's envelope.
    #[must_use]
    pub fn error(error: UpsError) -> Self {
        let body = Bytes::from(error.envelope());
        Self {
            status: error.status,
            body,
            headers: Vec::new(),
            error: Some(error),
        }
    }

    /// Several errors in one envelope; the first one gives the status and the echo headers.
    /// `first` and `others` make an empty list impossible.
    #[must_use]
    pub fn errors(first: UpsError, others: &[UpsError]) -> Self {
        let body = Bytes::from(crate::error_envelope::envelope(
            std::iter::once(&first)
                .chain(others)
                .map(UpsError::code_and_message),
        ));
        Self {
            status: first.status,
            body,
            headers: Vec::new(),
            error: Some(first),
        }
    }

    /// What UPS does with a request that its back end cannot digest (control characters in the
    /// JSON): 200 with an empty body and the error in the headers only.
    #[must_use]
    pub fn indigestible() -> Self {
        const MESSAGE: &str = "The request is not valid. Review for errors before re-submitting.";
        // The status is 200 and the code 1: clients that look only at the status take it for a success.
        let error = UpsError::new(StatusCode::OK, "1", MESSAGE);
        Self {
            status: StatusCode::OK,
            body: Bytes::new(),
            headers: Vec::new(),
            error: Some(error),
        }
    }

    /// Whether this is [`ApiResponse::indigestible`].
    pub(crate) fn is_indigestible(&self) -> bool {
        // By its content: the answer went through settings and faults in between.
        let is_code = |error: &UpsError| error.code == "1" && error.status == StatusCode::OK;
        self.body.is_empty() && self.error.as_ref().is_some_and(is_code)
    }

    /// Adds a header field.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Sets another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

impl From<UpsError> for ApiResponse {
    fn from(error: UpsError) -> Self {
        Self::error(error)
    }
}

/// An error as UPS reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpsError {
    /// The HTTP status.
    pub status: StatusCode,
    /// UPS's code; a number in decimal except for a few products.
    pub code: Cow<'static, str>,
    /// UPS's text.
    pub message: Cow<'static, str>,
}

impl UpsError {
    /// An error with any status.
    #[must_use]
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
        }
    }

    /// A 400, which is what the products answer to nearly everything.
    #[must_use]
    pub fn bad_request(
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// The body: `{"response":{"errors":[{"code":"…","message":"…"}]}}`.
    #[must_use]
    pub fn envelope(&self) -> String {
        crate::error_envelope::envelope(std::iter::once(self.code_and_message()))
    }

    fn code_and_message(&self) -> (&str, &str) {
        (&self.code, &self.message)
    }
}
