//! Phase 3: the form of a token request (RFC 6749 section 4.4.2).

use crate::error::{Code, Problem};
use http::{HeaderMap, header};
use percent_encoding::percent_decode;

/// What a carrier says of a grant type that is missing or unknown.
const GRANT_TYPE: &str = "Invalid/Missing grant_type";

/// Checks that the form asks for a token by the client's own credentials. Each cause has its own text.
pub(super) fn check_grant_type(form: &[u8], headers: &HeaderMap) -> Result<(), Problem> {
    let mut values = form_values(form, b"grant_type");
    let wrong = match (values.next().as_deref(), values.next()) {
        // RFC 6749 section 3.2: two readers might take different ones.
        (Some(_), Some(_)) => "the form has grant_type more than once: send it once",
        (Some(b"client_credentials"), None) => return Ok(()),
        (Some(b""), None) => "grant_type is empty: send grant_type=client_credentials",
        (Some(b"refresh_token" | b"authorization_code"), None) => {
            "the gateway keeps sign-ins and refresh tokens itself: send grant_type=client_credentials, and \
             request a new token when one has expired"
        }
        (Some(_), None) => "this grant_type is not supported: send grant_type=client_credentials",
        (None, _) if form.is_empty() => {
            "the request has no body: send grant_type=client_credentials in a form \
             (application/x-www-form-urlencoded)"
        }
        (None, _) if !is_form(headers) => {
            "the body is not a form: send grant_type=client_credentials as \
             application/x-www-form-urlencoded, not as JSON or multipart"
        }
        (None, _) => "the form has no grant_type: send grant_type=client_credentials",
    };
    Err(Problem::new(Code::InvalidRequest, wrong).headed(GRANT_TYPE))
}

/// Whether the form holds a client's credentials, as RFC 6749 section 2.3.1 allows beside Basic.
pub(super) fn has_credentials(form: &[u8]) -> bool {
    form_values(form, b"client_secret").next().is_some()
}

fn is_form(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).map(|v| v.as_bytes());
    let kind = value.and_then(|value| value.split(|b| *b == b';').next());
    kind.is_some_and(|kind| {
        kind.trim_ascii()
            .eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
    })
}

/// The values of a field of an `application/x-www-form-urlencoded` text.
fn form_values<'a>(form: &'a [u8], name: &'a [u8]) -> impl Iterator<Item = Vec<u8>> + 'a {
    form.split(|b| *b == b'&').filter_map(move |pair| {
        let at = pair.iter().position(|b| *b == b'=')?;
        let decode = |text: &[u8]| percent_decode(text).collect::<Vec<u8>>();
        (decode(&pair[..at]) == name).then(|| decode(&pair[at + 1..]))
    })
}
