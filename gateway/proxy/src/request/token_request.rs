//! Phase 3: the content of a token request (RFC 6749 section 4.4.2).

use crate::{
    error::{Code, Problem},
    fields::Fields,
};
use gateway_model::{ClientCredentialsPlace, DownstreamToken};
use http::header;
use percent_encoding::percent_decode;
use serde_json::Value;

/// The content of a token request, with its fields.
pub(super) struct TokenContent {
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    is_empty: bool,
    /// Whether the endpoint can read it: a form, or JSON if the carrier takes JSON.
    is_readable: bool,
    takes_json: bool,
}

impl TokenContent {
    /// Reads the content as the carrier's token endpoint would.
    pub(super) fn read(body: &[u8], head: &Fields, endpoint: &DownstreamToken) -> Self {
        let takes_json = endpoint.takes(ClientCredentialsPlace::Json);
        let json = takes_json.then(|| json_fields(body)).flatten();
        Self {
            is_empty: body.is_empty(),
            is_readable: json.is_some() || is(head, b"application/x-www-form-urlencoded"),
            fields: renamed(json.unwrap_or_else(|| form_fields(body)), endpoint),
            takes_json,
        }
    }

    /// The values of a field.
    fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let named = self.fields.iter();
        let named = named.filter(move |(key, _)| key == name.as_bytes());
        named.map(|(_, value)| value.as_slice())
    }

    /// A field that is there once, as text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (Some(value), None) => std::str::from_utf8(value).ok(),
            _ => None,
        }
    }

    /// Whether it holds a client's credentials, as RFC 6749 section 2.3.1 allows beside Basic.
    pub(super) fn has_credentials(&self) -> bool {
        self.values("client_secret").next().is_some()
    }

    /// Checks that it asks for a token by the client's own credentials. Each cause has its own text.
    pub(super) fn check_grant_type(&self, endpoint: &DownstreamToken) -> Result<(), Problem> {
        let allowed = |grant: &[u8]| {
            let mut types = endpoint.grant_types.iter();
            types.any(|allowed| allowed.as_bytes() == grant)
        };
        let first = endpoint.grant_types.first();
        let wanted = format!(
            "grant_type={}",
            first.map_or("client_credentials", String::as_str)
        );
        let mut values = self.values("grant_type");
        let wrong = match (values.next(), values.next()) {
            // RFC 6749 section 3.2: two readers might take different ones.
            (Some(_), Some(_)) => "the form has grant_type more than once: send it once".to_owned(),
            (Some(grant), None) if allowed(grant) => return Ok(()),
            (Some(b""), None) => format!("grant_type is empty: send {wanted}"),
            (Some(b"refresh_token" | b"authorization_code"), None) => format!(
                "the gateway keeps sign-ins and refresh tokens itself: send {wanted}, and request a new \
                 token when one has expired"
            ),
            (Some(_), None) => format!("this grant_type is not supported: send {wanted}"),
            (None, _) if self.is_empty => format!(
                "the request has no body: send {wanted} in a form (application/x-www-form-urlencoded)"
            ),
            (None, _) if !self.is_readable && self.takes_json => {
                format!(
                    "the body is neither a form nor a JSON object: send {wanted} in one of them"
                )
            }
            (None, _) if !self.is_readable => format!(
                "the body is not a form: send {wanted} as application/x-www-form-urlencoded, not as JSON \
                 or multipart"
            ),
            (None, _) => format!("the form has no grant_type: send {wanted}"),
        };
        let problem = Problem::owned(Code::InvalidRequest, wrong);
        Err(problem.headed(endpoint.grant_type_message.clone()))
    }
}

fn is(head: &Fields, wanted: &[u8]) -> bool {
    let value = head.get(&header::CONTENT_TYPE).map(|v| v.as_bytes());
    let kind = value.and_then(|value| value.split(|b| *b == b';').next());
    kind.is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(wanted))
}

/// The fields of an `application/x-www-form-urlencoded` text. `+` stays what it is: whoever compares a value
/// knows both readings.
fn form_fields(form: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = form.split(|b| *b == b'&').filter_map(|pair| {
        let at = pair.iter().position(|b| *b == b'=')?;
        let decode = |text: &[u8]| percent_decode(text).collect::<Vec<u8>>();
        Some((decode(&pair[..at]), decode(&pair[at + 1..])))
    });
    pairs.collect()
}

/// The fields by the names that OAuth has for them.
fn renamed(fields: Vec<(Vec<u8>, Vec<u8>)>, endpoint: &DownstreamToken) -> Vec<(Vec<u8>, Vec<u8>)> {
    let usual = |name: Vec<u8>| {
        let mut names = endpoint.fields.names.iter();
        let known = names.find(|(_, carriers)| carriers.as_bytes() == name);
        known.map_or(name, |(oauth, _)| oauth.clone().into_bytes())
    };
    let fields = fields.into_iter();
    fields.map(|(name, value)| (usual(name), value)).collect()
}

/// The members of a JSON object that are texts.
fn json_fields(body: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
        return None;
    };
    let texts = members.into_iter().filter_map(|(name, value)| match value {
        Value::String(text) => Some((name.into_bytes(), text.into_bytes())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    });
    Some(texts.collect())
}
