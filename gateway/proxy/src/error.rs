//! Every failure that ends a request without a response of the carrier.

use gateway_framing::Violation;
use gateway_model::{Failure, FailureClass, Unavailable, UnavailableReason};
use http::StatusCode;
use std::{borrow::Cow, time::Duration};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $status:ident, $fault:ident;)*) => {
        /// Stable codes of the `Waybill-Error` field and of metrics.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];
            pub(crate) const COUNT: usize = Self::ALL.len();

            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The status, unless the carrier's profile prescribes its own.
            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// Who has to act.
            pub(crate) const fn fault(self) -> Fault {
                match self { $(Self::$variant => Fault::$fault,)* }
            }
        }
    };
}

/// Whose fault it is that a request failed: the one who has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The app must send another request.
    App,
    /// The operator must change the configuration, an account or a plugin.
    Operator,
    /// The carrier, or the network to it, must work again.
    Carrier,
    /// The gateway has a defect.
    Gateway,
}

impl Fault {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Operator => "operator",
            Self::Carrier => "carrier",
            Self::Gateway => "gateway",
        }
    }
}

codes! {
    BadRequest = "bad_request", BAD_REQUEST, App;
    BodyMalformed = "body_malformed", BAD_REQUEST, App;
    BodyTimeout = "body_timeout", REQUEST_TIMEOUT, App;
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, App;
    BodyTooLargeToSign = "body_too_large_to_sign", PAYLOAD_TOO_LARGE, App;
    TargetTooLong = "target_too_long", URI_TOO_LONG, App;
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, App;
    HeadTooLarge = "head_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE, App;
    HeadTimeout = "head_timeout", REQUEST_TIMEOUT, App;
    VersionUnsupported = "version_unsupported", HTTP_VERSION_NOT_SUPPORTED, App;
    ExpectationFailed = "expectation_failed", EXPECTATION_FAILED, App;
    NotImplemented = "not_implemented", NOT_IMPLEMENTED, App;
    PathRetired = "path_retired", GONE, App;
    RouteUnknown = "route_unknown", NOT_FOUND, App;
    Misdirected = "misdirected", MISDIRECTED_REQUEST, App;
    BrowserRefused = "browser_refused", FORBIDDEN, App;
    HostRefused = "host_refused", FORBIDDEN, App;
    AppUnauthenticated = "app_unauthenticated", UNAUTHORIZED, App;
    AuthorizationServer = "authorization_server", FORBIDDEN, App;
    AccountForbidden = "account_forbidden", FORBIDDEN, App;
    AccountRequired = "account_required", BAD_REQUEST, App;
    InvalidClient = "invalid_client", UNAUTHORIZED, App;
    InvalidRequest = "invalid_request", BAD_REQUEST, App;
    TooManyTokenRequests = "too_many_token_requests", TOO_MANY_REQUESTS, App;
    AppRateLimited = "app_rate_limited", TOO_MANY_REQUESTS, App;
    TokenUnavailable = "token_unavailable", SERVICE_UNAVAILABLE, Carrier;
    RateLimited = "rate_limited", SERVICE_UNAVAILABLE, Carrier;
    CredentialsRejected = "credentials_rejected", SERVICE_UNAVAILABLE, Operator;
    NeedsConsent = "needs_consent", SERVICE_UNAVAILABLE, Operator;
    Misconfigured = "misconfigured", SERVICE_UNAVAILABLE, Operator;
    PluginFault = "plugin_fault", SERVICE_UNAVAILABLE, Operator;
    SignatureFailed = "signature_failed", SERVICE_UNAVAILABLE, Operator;
    CarrierUnreachable = "carrier_unreachable", BAD_GATEWAY, Carrier;
    CarrierTimeout = "carrier_timeout", GATEWAY_TIMEOUT, Carrier;
    CarrierMalformed = "carrier_malformed", BAD_GATEWAY, Carrier;
    Internal = "internal", INTERNAL_SERVER_ERROR, Gateway;
}

/// Why a request ends here. The message is for a person, says what to do next, and holds no secret.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) message: Cow<'static, str>,
    /// Takes the place of the carrier's own text for the code, which may speak of one of its causes only.
    pub(crate) headline: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    /// The connection's framing can no longer be trusted.
    pub(crate) close: bool,
    /// It happened at the carrier's token endpoint, whose errors may have a form of their own.
    pub(crate) at_token_endpoint: bool,
}

impl Problem {
    pub(crate) const fn new(code: Code, message: &'static str) -> Self {
        Self {
            code,
            message: Cow::Borrowed(message),
            headline: None,
            retry_after: None,
            close: false,
            at_token_endpoint: false,
        }
    }

    pub(crate) const fn owned(code: Code, message: String) -> Self {
        Self {
            code,
            message: Cow::Owned(message),
            headline: None,
            retry_after: None,
            close: false,
            at_token_endpoint: false,
        }
    }

    pub(crate) const fn bad(message: &'static str) -> Self {
        Self::new(Code::BadRequest, message)
    }

    pub(crate) fn headed(mut self, headline: Option<String>) -> Self {
        self.headline = headline;
        self
    }

    pub(crate) const fn at_token_endpoint(mut self) -> Self {
        self.at_token_endpoint = true;
        self
    }

    pub(crate) const fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    pub(crate) const fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The bytes of the request break the rules of HTTP.
    pub(crate) fn violation(violation: Violation) -> Self {
        let code = match violation.status() {
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Code::HeadTooLarge,
            StatusCode::URI_TOO_LONG => Code::TargetTooLong,
            StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
            StatusCode::HTTP_VERSION_NOT_SUPPORTED => Code::VersionUnsupported,
            StatusCode::NOT_IMPLEMENTED => Code::NotImplemented,
            StatusCode::EXPECTATION_FAILED => Code::ExpectationFailed,
            StatusCode::REQUEST_TIMEOUT => Code::HeadTimeout,
            // Everything else is a broken message, for which 400 is the answer.
            _ => Code::BadRequest,
        };
        Self::new(code, violation.message()).closing()
    }

    /// The carrier's response is not HTTP. `idempotent`: whether the request may simply be repeated.
    pub(crate) const fn malformed_response(idempotent: bool) -> Self {
        let message = if idempotent {
            "the carrier's answer is not valid HTTP"
        } else {
            "the carrier's answer is not valid HTTP; outcome unknown: check whether it was done before \
             you repeat it"
        };
        Self::new(Code::CarrierMalformed, message)
    }

    /// The request could not be signed, so it was not sent.
    pub(crate) fn unsigned(failure: Failure) -> Self {
        let (code, next) = match failure.class {
            FailureClass::Bug => (Code::PluginFault, "replace the carrier's plugin"),
            FailureClass::Config
            | FailureClass::Rejected
            | FailureClass::Interaction
            | FailureClass::Transient
            | FailureClass::Protocol => (
                Code::SignatureFailed,
                "look at the account's configuration and at the request",
            ),
        };
        let message =
            format!("the request was not sent, because it could not be signed: {failure}; {next}");
        // Only a person can help, and a minute keeps apps from hammering.
        let wait = failure.retry_after.unwrap_or(Duration::from_secs(60));
        Self::owned(code, message).after(wait)
    }

    /// There is no credential to inject.
    pub(crate) fn unavailable(why: Unavailable, wait: Option<Duration>) -> Self {
        let code = match why.reason {
            UnavailableReason::Pending | UnavailableReason::TokenEndpointFailing => {
                Code::TokenUnavailable
            }
            UnavailableReason::CarrierUnreachable => Code::CarrierUnreachable,
            UnavailableReason::RateLimited => Code::RateLimited,
            UnavailableReason::CredentialsRejected => Code::CredentialsRejected,
            UnavailableReason::NeedsConsent => Code::NeedsConsent,
            UnavailableReason::Misconfigured => Code::Misconfigured,
            UnavailableReason::PluginFault => Code::PluginFault,
        };
        // Where only a person can help, a minute keeps apps from hammering.
        let fallback = match code.fault() {
            Fault::Operator | Fault::Gateway => Duration::from_secs(60),
            Fault::Carrier | Fault::App => Duration::from_secs(1),
        };
        Self::owned(code, why.message).after(wait.unwrap_or(fallback))
    }
}
