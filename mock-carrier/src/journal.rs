//! What the stand-in remembers of each request.

use bytes::Bytes;
use http::HeaderMap;

/// One request.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The endpoint's name; empty if there is none at the path.
    pub endpoint: &'static str,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The header fields.
    pub headers: HeaderMap,
    /// The content.
    pub body: Bytes,
    /// The status of the answer; 0 if the connection ended without one.
    pub status: u16,
}

impl Seen {
    /// A header field as text; empty if it is absent.
    pub fn field(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap_or_default())
    }

    /// The content as text; empty if it is none.
    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap_or_default()
    }
}
