//! Reads the fields of a request.

use crate::endpoint::Place;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{header, request::Parts};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A request as the engine reads it.
pub(crate) struct Request {
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
}

impl Request {
    /// The value at a place; `None` if the request has none.
    pub(crate) fn value(&self, place: Place) -> Option<String> {
        match place {
            Place::BasicUser => self.basic().map(|(user, _)| user),
            Place::BasicPassword => self.basic().map(|(_, password)| password),
            Place::Bearer => self.authorization("bearer "),
            Place::Header(name) => self.header(name),
            Place::Form(name) => {
                let kind = self.header(header::CONTENT_TYPE.as_str())?;
                let is_form = kind.starts_with("application/x-www-form-urlencoded");
                let form = str::from_utf8(&self.body).ok().filter(|_| is_form)?;
                parameter(form, name)
            }
            Place::Json(pointer) => {
                let json: Value = serde_json::from_slice(&self.body).ok()?;
                match json.pointer(pointer)? {
                    Value::String(text) => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
                }
            }
            Place::Query(name) => parameter(self.parts.uri.query()?, name),
            Place::Segment(at) => {
                let mut segments = self.parts.uri.path().split('/').skip(1);
                segments.nth(at).map(str::to_owned)
            }
        }
    }

    /// Whether the path fits the template.
    pub(crate) fn is_at(&self, template: &str) -> bool {
        let (mut path, mut template) = (self.parts.uri.path().split('/'), template.split('/'));
        loop {
            match (path.next(), template.next()) {
                (None, None) => return true,
                (Some(segment), Some(wanted))
                    if wanted.starts_with('{') && !segment.is_empty() || segment == wanted => {}
                _ => return false,
            }
        }
    }

    fn header(&self, name: &str) -> Option<String> {
        let value = self.parts.headers.get(name)?;
        value.to_str().ok().map(str::to_owned)
    }

    /// What follows the scheme, whose case does not matter (RFC 9110 section 11.1).
    fn authorization(&self, scheme: &str) -> Option<String> {
        let value = self.header(header::AUTHORIZATION.as_str())?;
        let (before, after) = value.split_at_checked(scheme.len())?;
        before
            .eq_ignore_ascii_case(scheme)
            .then(|| after.to_owned())
    }

    fn basic(&self) -> Option<(String, String)> {
        let decoded = STANDARD.decode(self.authorization("basic ")?).ok()?;
        let decoded = String::from_utf8(decoded).ok()?;
        let (user, password) = decoded.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }
}

fn parameter(text: &str, name: &str) -> Option<String> {
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    text.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (decode(key) == name).then(|| decode(value))
    })
}
