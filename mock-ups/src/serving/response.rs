//! From a product's or an OAuth endpoint's answer to the HTTP response.

use http::{HeaderName, HeaderValue, Response, header};

use crate::api::{ApiResponse, UpsError};
use crate::lint::Findings;
use crate::response_body::MockBody;

/// Header fields that echo an error; some clients decide by them and not by the status.
const API_ERROR_CODE: HeaderName = HeaderName::from_static("apierrorcode");
const API_ERROR_MSG: HeaderName = HeaderName::from_static("apierrormsg");
const ERROR_CODE: HeaderName = HeaderName::from_static("errorcode");
const ERROR_DESCRIPTION: HeaderName = HeaderName::from_static("errordescription");
const BKNDTRANSID: HeaderName = HeaderName::from_static("bkndtransid");
const REFERRER_POLICY: HeaderName = HeaderName::from_static("referrer-policy");
const MOCK_LINT: HeaderName = HeaderName::from_static("mock-lint");

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const JSON_UTF8: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// What the response needs to know beside the answer.
pub(crate) struct Framing<'a> {
    /// The transaction id for `bkndtransid`; `None` for OAuth, which has no such field.
    pub(crate) transaction: Option<&'a [u8]>,
    pub(crate) close_after_error: bool,
    /// The findings to show, if the header is on.
    pub(crate) findings: Option<Findings>,
}

/// Builds the response.
pub(crate) fn response(answer: ApiResponse, framing: &Framing<'_>) -> Response<MockBody> {
    let mut response = Response::new(MockBody::full(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        // Appended, as a field may occur twice.
        headers.append(name, value);
    }
    if let Some(transaction) = framing.transaction {
        // Time in Transit echoes the client's own id there and has set it already.
        if !headers.contains_key(&BKNDTRANSID)
            && let Ok(value) = HeaderValue::from_bytes(transaction)
        {
            headers.insert(BKNDTRANSID, value);
        }
        if let Some(error) = &answer.error {
            // Time in Transit has fields of its own when its back end is down.
            if !headers.contains_key(&ERROR_CODE) {
                echo_error(headers, error);
            }
            // A setting: recordings disagree about the connection after an error.
            if framing.close_after_error {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
        }
    }
    if !headers.contains_key(header::CONTENT_TYPE) {
        // The APIs name a character set, except Time in Transit, which says so itself.
        let value = if framing.transaction.is_some() {
            JSON_UTF8
        } else {
            JSON
        };
        headers.insert(header::CONTENT_TYPE, value);
    }
    if let Some(findings) = framing.findings.filter(|findings| !findings.is_empty()) {
        // Named without their explanation: a header is short, and the page has the texts.
        let names: Vec<_> = findings.iter().map(|rule| rule.name()).collect();
        if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
            headers.insert(MOCK_LINT, value);
        }
    }
    response
}

fn echo_error(headers: &mut http::HeaderMap, error: &UpsError) {
    let code = HeaderValue::from_str(&error.code);
    let message = HeaderValue::from_str(&error.message);
    // All or none: a text that fits no header leaves the error to the body.
    let (Ok(code), Ok(message)) = (code, message) else {
        return;
    };
    headers.insert(API_ERROR_CODE, code.clone());
    headers.insert(API_ERROR_MSG, message.clone());
    headers.insert(ERROR_CODE, code);
    headers.insert(ERROR_DESCRIPTION, message);
    headers.insert(REFERRER_POLICY, SAME_ORIGIN);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
}

/// A transaction id: a prefix and digits, 22 characters.
pub(crate) fn transaction_id(prefix: &'static str, seed: u64, number: u64) -> [u8; 22] {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut id = [b'0'; 22];
    let prefix = prefix.as_bytes();
    id[..prefix.len()].copy_from_slice(prefix);
    // splitmix64: different numbers give different ids, the same run gives the same ones.
    let mut mixed = seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    for place in id[prefix.len()..].iter_mut() {
        *place = DIGITS[(mixed % 36) as usize];
        mixed /= 36;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::transaction_id;

    #[test]
    fn transaction_ids_differ_and_repeat_with_the_seed() {
        assert_eq!(
            transaction_id("ciewssoas", 1, 5),
            transaction_id("ciewssoas", 1, 5)
        );
        assert_ne!(
            transaction_id("ciewssoas", 1, 5),
            transaction_id("ciewssoas", 1, 6)
        );
        assert_eq!(transaction_id("ciewssoas", 1, 5).len(), 22);
    }
}
