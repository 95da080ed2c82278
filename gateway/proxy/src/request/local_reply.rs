//! Responses that the gateway makes itself: the one place where a [`Problem`] becomes one.

use super::{record::Record, response_body::ResponseBody};
use crate::{
    error::{Code, Problem},
    field_names,
    message::Response,
};
use bytes::Bytes;
use gateway_model::{CarrierProfile, ErrorEnvelope, Refusal};
use http::{HeaderName, HeaderValue, StatusCode, Version, header};
use std::borrow::Cow;

/// The methods that are forwarded.
const ALLOWED: HeaderValue =
    HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
/// A content type.
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// For answers that must not be kept.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The response to a failure, in the carrier's error envelope if the carrier is known.
#[cold]
pub(super) fn problem(
    problem: Problem,
    profile: Option<&CarrierProfile>,
    mut record: Record,
    version: Version,
) -> Response<ResponseBody> {
    // The carrier's own words first, since the app's code was written for them.
    let refusal = profile.and_then(|profile| refusal(problem.code, profile));
    let status = refusal.map_or_else(|| problem.code.status(), |refusal| refusal.status);
    let code = refusal.map_or(problem.code.as_str(), |refusal| refusal.code.as_str());
    let text = match (profile, refusal) {
        (Some(profile), Some(refusal)) => {
            let headline = problem.headline.as_deref().unwrap_or(&refusal.message);
            Cow::Owned(explained(headline, &profile.display_name, &problem.message))
        }
        (Some(_), None) | (None, _) => problem.message.clone(),
    };
    let envelope = profile.map(|profile| envelope(&problem, profile));
    let body = match envelope {
        Some(envelope) => envelope.render(code, &text),
        None => plain_envelope(code, &text),
    };
    record.status = status.as_u16();
    record.fail(problem.code, problem.message);
    let id = request_id(&record);
    let mut response = Response::new(status, ResponseBody::whole(Bytes::from(body), record));
    let fields = &mut response.fields;
    let kind = envelope.map_or(JSON, |envelope| envelope.content_type().clone());
    fields.insert(header::CONTENT_TYPE, kind);
    // A response of the gateway's must not be replayed by a cache once the cause is gone.
    fields.insert(header::CACHE_CONTROL, NO_STORE);
    fields.insert(
        field_names::WAYBILL_ERROR,
        HeaderValue::from_static(problem.code.as_str()),
    );
    fields.extend(id);
    if let Some(names) = envelope.and_then(ErrorEnvelope::fields) {
        // A text with characters that no field has stands in the body only.
        let value = |text: &str| HeaderValue::from_str(text).ok();
        fields.extend(value(code).map(|code| (names.code.clone(), code)));
        fields.extend(value(&text).map(|text| (names.message.clone(), text)));
    }
    if let Some(wait) = problem.retry_after {
        // Whole seconds, never 0: that would mean "at once".
        let seconds = wait.as_millis().div_ceil(1000).clamp(1, 3600);
        let seconds = u32::try_from(seconds).unwrap_or(3600);
        fields.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    // RFC 9110 section 15.5.2: a 401 must say how to authenticate.
    if status == StatusCode::UNAUTHORIZED {
        let scheme = if problem.code == Code::InvalidClient {
            HeaderValue::from_static("Basic realm=\"waybill\"")
        } else {
            HeaderValue::from_static("Bearer realm=\"waybill\"")
        };
        fields.insert(header::WWW_AUTHENTICATE, scheme);
    }
    // RFC 9110 section 15.5.6: a 405 must list the methods.
    if status == StatusCode::METHOD_NOT_ALLOWED {
        fields.insert(header::ALLOW, ALLOWED);
    }
    // HTTP/2 forbids the field; there the stream ends alone.
    if problem.close && version < Version::HTTP_2 {
        fields.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The field by which the request is found again.
fn request_id(record: &Record) -> Option<(HeaderName, HeaderValue)> {
    let id = HeaderValue::from_maybe_shared(record.id().clone()).ok()?;
    Some((field_names::WAYBILL_REQUEST_ID, id))
}

/// The form in which the carrier would tell the app of the problem.
fn envelope<'a>(problem: &Problem, profile: &'a CarrierProfile) -> &'a ErrorEnvelope {
    let token = profile.downstream_token.as_ref();
    let own = token.filter(|_| problem.at_token_endpoint);
    own.and_then(|token| token.errors.as_ref())
        .unwrap_or(&profile.errors)
}

/// The code and message with which the carrier itself would refuse the request.
fn refusal(code: Code, profile: &CarrierProfile) -> Option<&Refusal> {
    let token = profile.downstream_token.as_ref();
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "only these have words of the carrier; a new code has ours until someone decides"
    )]
    match code {
        Code::AppUnauthenticated => Some(&profile.unauthenticated),
        Code::InvalidClient => token.map(|token| &token.invalid_client),
        Code::InvalidRequest => token.map(|token| &token.invalid_request),
        Code::TooManyTokenRequests | Code::AppRateLimited => {
            token.map(|token| &token.too_many_requests)
        }
        _ => None,
    }
}

/// The carrier's own text tells a person to look at their account with the carrier, so the text says as well
/// that the carrier never saw the request.
fn explained(headline: &str, carrier: &str, why: &str) -> String {
    let headline = headline.trim_end_matches('.');
    format!("{headline}. Waybill, not {carrier}, refused this request: {why}")
}

/// The envelope of a failure before it is known which of several carriers is meant.
fn plain_envelope(code: &str, message: &str) -> String {
    serde_json::json!({ "errors": [{ "code": code, "message": message }] }).to_string()
}

/// The methods that are forwarded, for `OPTIONS *` and for `Max-Forwards: 0`.
pub(super) fn options(record: Record) -> Response<ResponseBody> {
    let id = request_id(&record);
    let mut response = Response::new(StatusCode::NO_CONTENT, ResponseBody::empty(record));
    let fields = &mut response.fields;
    fields.insert(header::ALLOW, ALLOWED);
    fields.extend(id);
    response
}

/// The success response of the token endpoint.
pub(super) fn token(
    record: Record,
    body: String,
    field: Option<(HeaderName, HeaderValue)>,
) -> Response<ResponseBody> {
    let id = request_id(&record);
    let is_empty = body.is_empty();
    let mut response = Response::new(
        StatusCode::OK,
        ResponseBody::whole(Bytes::from(body), record),
    );
    let fields = &mut response.fields;
    fields.extend(id);
    fields.extend(field);
    if !is_empty {
        fields.insert(header::CONTENT_TYPE, JSON);
    }
    fields.insert(header::CACHE_CONTROL, NO_STORE);
    // For HTTP/1.0 caches, as RFC 6749 section 5.1 asks.
    fields.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
