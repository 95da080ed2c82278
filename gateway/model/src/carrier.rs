//! What the gateway knows about a carrier without running its plugin.

use crate::{CarrierApi, Environment, LegacyProfile, Origin};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr, sync::Arc};

/// Stable lower-case key of a carrier: `ups`, `fedex`. One plugin serves one carrier.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CarrierId(Arc<str>);

impl CarrierId {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CarrierId {
    type Err = crate::NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The same rules as for other names, because it becomes part of file names and metrics.
        // Lower case first: people write `UPS`, and the key must be the same everywhere.
        let id: crate::AppId = text.to_ascii_lowercase().parse()?;
        Ok(Self(id.as_str().into()))
    }
}

impl Serialize for CarrierId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CarrierId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let id = String::deserialize(from)?;
        id.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for CarrierId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CarrierId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The part of a plugin's manifest that the data plane uses.
#[derive(Clone, Debug)]
pub struct CarrierProfile {
    /// The carrier.
    pub id: CarrierId,
    /// The carrier's name for people: `UPS`.
    pub display_name: String,
    /// The origin of its API in each environment, unless the operator overrides it.
    pub origins: Vec<(Environment, Origin)>,
    /// Statuses with which the carrier rejects a credential.
    pub rejected_statuses: Vec<StatusCode>,
    /// Fields that the carrier requires and that apps may leave out.
    pub headers_when_absent: Vec<HeaderWhenAbsent>,
    /// Fields in which a client could send credentials of its own; always removed.
    /// `Authorization`, `Proxy-Authorization`, `Cookie` and `X-Api-Key` are removed without being listed.
    pub credential_headers: Vec<HeaderName>,
    /// The form of an error that the gateway generates.
    pub errors: ErrorEnvelope,
    /// The response to an app that is not authenticated, so that its code requests a new token.
    pub unauthenticated: Refusal,
    /// The token endpoint that the gateway offers to apps in the carrier's form, if the carrier has one.
    pub downstream_token: Option<DownstreamToken>,
    /// Whether apps may send their client id and secret with every request, by Basic authentication, because the
    /// carrier issues no tokens.
    pub downstream_basic: bool,
    /// The paths of the carrier's authorization server, and the operations of its API.
    pub api: CarrierApi,
    /// How requests of the carrier's older API are translated, if the carrier has one.
    pub legacy: Option<LegacyProfile>,
}

impl CarrierProfile {
    /// The carrier's own origin for an environment.
    pub fn origin(&self, environment: Environment) -> Option<&Origin> {
        self.origins
            .iter()
            .find(|(e, _)| *e == environment)
            .map(|(_, origin)| origin)
    }
}

/// A field to add if the app did not send it. A field of the app is never overwritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderWhenAbsent {
    /// A fixed value (UPS `transactionSrc`).
    Fixed(HeaderName, HeaderValue),
    /// The gateway's request id, 32 hexadecimal digits (UPS `transId`).
    RequestId(HeaderName),
}

/// A JSON or XML error body with places for a code and a message.
///
/// Made from a template such as `{"response":{"errors":[{"code":"{code}","message":"{message}"}]}}`;
/// what is filled in is escaped for a JSON string, or for the text of an XML element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorEnvelope {
    template: String,
    content_type: HeaderValue,
    is_xml: bool,
    fields: Option<ErrorFields>,
}

/// The header fields that have code and text of an error as well, for carriers that use them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorFields {
    /// The code.
    pub code: HeaderName,
    /// The text for people.
    pub message: HeaderName,
}

/// Why an error template was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an error template contains \"{{code}}\" and \"{{message}}\" inside JSON strings")]
pub struct EnvelopeError;

impl ErrorEnvelope {
    /// Parses a template.
    ///
    /// # Errors
    /// When one of the two places is missing.
    pub fn new(template: impl Into<String>) -> Result<Self, EnvelopeError> {
        let template = template.into();
        // Both are demanded: an error without them would tell the app's developer nothing.
        if template.contains("{code}") && template.contains("{message}") {
            Ok(Self {
                template,
                content_type: HeaderValue::from_static("application/json"),
                is_xml: false,
                fields: None,
            })
        } else {
            Err(EnvelopeError)
        }
    }

    /// The envelope with another content type: XML, or JSON of another name.
    #[must_use]
    pub fn of_type(self, content_type: HeaderValue) -> Self {
        Self {
            is_xml: content_type
                .as_bytes()
                .windows(3)
                .any(|word| word == b"xml"),
            content_type,
            ..self
        }
    }

    /// The value of `Content-Type`.
    pub const fn content_type(&self) -> &HeaderValue {
        &self.content_type
    }

    /// With header fields for code and message.
    #[must_use]
    pub fn with_fields(mut self, fields: Option<ErrorFields>) -> Self {
        self.fields = fields;
        self
    }

    /// The header fields for code and message, if the carrier uses some.
    pub const fn fields(&self) -> Option<&ErrorFields> {
        self.fields.as_ref()
    }

    /// The body with code and message filled in.
    pub fn render(&self, code: &str, message: &str) -> String {
        let values = [("code", code), ("message", message)];
        let escape = if self.is_xml { escape_xml } else { escape_json };
        fill(&self.template, &values, escape)
    }
}

/// The token endpoint that the gateway offers to apps in the carrier's form (see `docs/apps.md`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownstreamToken {
    /// The path of the endpoint: `/security/v1/oauth/token`.
    pub path: String,
    /// The methods that it takes, `POST` above all.
    pub methods: Vec<Method>,
    /// Where an app may send its client id and secret. Basic authentication is always possible.
    pub credentials: Vec<ClientCredentialsPlace>,
    /// The grant types that count as "the client's own credentials", such as `client_credentials`.
    pub grant_types: Vec<String>,
    /// What the carrier says of a grant type that is missing or unknown, if not the text of `invalid_request`.
    pub grant_type_message: Option<String>,
    /// The form of the endpoint's errors, if it is not that of the API's errors.
    pub errors: Option<ErrorEnvelope>,
    /// For carriers whose login is no OAuth.
    pub fields: LoginFields,
    /// The success body; places: `{access_token}`, `{client_id}`, `{expires_in}` (seconds),
    /// `{issued_at_ms}`.
    pub template: String,
    /// Unknown app, or wrong secret.
    pub invalid_client: Refusal,
    /// No usable client id and secret, or another grant type.
    pub invalid_request: Refusal,
    /// Too many token requests by one app.
    pub too_many_requests: Refusal,
}

/// What a login has that is no OAuth, or has other names. Without any of it, the login is one of OAuth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginFields {
    /// The fields of a client id and of its secret; a login has one of the pairs, and no grant type.
    pub credentials: Vec<(HeaderName, HeaderName)>,
    /// The names of OAuth's fields in the content, such as `client_id` and `clientId`, where the carrier's differ.
    pub names: Vec<(String, String)>,
    /// The field of the response that has the token.
    pub issued: Option<HeaderName>,
    /// The field in which requests carry the token, if not in `Authorization`.
    pub carried: Option<HeaderName>,
}

/// Where a token request has the client id and secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCredentialsPlace {
    /// In fields of a form, as RFC 6749 section 2.3.1 allows beside Basic authentication.
    Form,
    /// In members of a JSON object.
    Json,
}

impl DownstreamToken {
    /// Whether an app may send its client id and secret there.
    pub fn takes(&self, place: ClientCredentialsPlace) -> bool {
        self.credentials.contains(&place)
    }

    /// The success body with its places filled in.
    pub fn render(
        &self,
        access_token: &str,
        client_id: &str,
        expires_in: u64,
        issued_at_ms: u64,
    ) -> String {
        let (expires_in, issued_at_ms) = (expires_in.to_string(), issued_at_ms.to_string());
        fill(
            &self.template,
            &[
                ("access_token", access_token),
                ("client_id", client_id),
                ("expires_in", &expires_in),
                ("issued_at_ms", &issued_at_ms),
            ],
            escape_json,
        )
    }
}

/// An error in the carrier's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: StatusCode,
    /// The carrier's code.
    pub code: String,
    /// The carrier's text.
    pub message: String,
}

/// Replaces each `{name}` by its value, escaped, in one pass, so that a value that looks like a place stays
/// text.
fn fill(template: &str, values: &[(&str, &str)], escape: fn(&mut String, &str)) -> String {
    let mut out =
        String::with_capacity(template.len() + values.iter().map(|(_, v)| v.len()).sum::<usize>());
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let (before, place) = rest.split_at(start);
        out.push_str(before);
        let found = values.iter().find_map(|(name, value)| {
            // The braces are compared as well, so that JSON's own braces in the template stay what they are.
            let after = place
                .strip_prefix('{')?
                .strip_prefix(name)?
                .strip_prefix('}')?;
            Some((value, after))
        });
        if let Some((value, after)) = found {
            escape(&mut out, value);
            // The value is not searched again: a place in it stays text.
            rest = after;
        } else {
            // A brace that begins no place is part of the JSON.
            out.push('{');
            rest = &place[1..];
        }
    }
    out.push_str(rest);
    out
}

/// RFC 8259 section 7.
fn escape_json(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            // JSON allows no control character in a string.
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
}

/// XML 1.0 sections 2.2 and 2.4.
fn escape_xml(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(c),
            // XML has no form for other control characters, not even an escaped one.
            c if c < ' ' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPS: &str = r#"{"response":{"errors":[{"code":"{code}","message":"{message}"}]}}"#;

    #[test]
    fn envelope_values_are_escaped_and_not_expanded_twice() {
        let envelope = ErrorEnvelope::new(UPS).expect("a template");
        assert_eq!(
            envelope.render("{message}", "say \"hi\"\n"),
            r#"{"response":{"errors":[{"code":"{message}","message":"say \"hi\"\u000a"}]}}"#
        );
    }

    #[test]
    fn envelope_in_xml_is_escaped_for_xml() {
        let envelope = ErrorEnvelope::new("<code>{code}</code><text>{message}</text>");
        let kind = HeaderValue::from_static("text/xml; charset=utf-8");
        let envelope = envelope.expect("a template").of_type(kind.clone());
        assert_eq!(envelope.content_type(), kind);
        assert_eq!(
            envelope.render("<{message}>", "a & \"b\"\u{1}"),
            "<code>&lt;{message}&gt;</code><text>a &amp; &quot;b&quot;\u{fffd}</text>"
        );
    }

    #[test]
    fn envelope_without_places_is_refused() {
        assert_eq!(ErrorEnvelope::new("{}"), Err(EnvelopeError));
    }
}
