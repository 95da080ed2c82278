//! Per-request signing.

use crate::{Error, Result};
use ::http::{HeaderName, HeaderValue};

/// The request to sign, borrowed for the call.
#[derive(Clone, Copy)]
pub struct SignRequest<'a> {
    /// HTTP method.
    pub method: &'a [u8],
    /// Host, with the port if it is not the default.
    pub authority: &'a [u8],
    /// Request target.
    pub path_and_query: &'a [u8],
    /// Fields.
    pub headers: &'a [(&'a [u8], &'a [u8])],
    /// Pieces of the content, if the manifest asks for bytes.
    pub body: &'a [&'a [u8]],
    /// SHA-256 of the content, if the manifest asks for the hash.
    pub body_sha256: Option<&'a [u8; 32]>,
    /// Milliseconds since the Unix epoch.
    pub unix_ms: u64,
    /// The current credential's state.
    pub state: &'a [u8],
}

/// Receives what a signature adds to the request.
pub struct SignOut<'a> {
    sink: &'a mut dyn SignatureSink,
}

/// Where the fields go: to the gateway, or into a test.
pub(crate) trait SignatureSink {
    fn set_header(&mut self, name: &str, value: &HeaderValue);
    fn set_query(&mut self, name: &str, value: &str);
}

impl<'a> SignOut<'a> {
    pub(crate) fn new(sink: &'a mut dyn SignatureSink) -> Self {
        Self { sink }
    }

    /// Sets a field.
    pub fn set_header(&mut self, name: &HeaderName, value: &str) -> Result<()> {
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| Error::bug("bad_header", "the signature has characters no field has"))?;
        value.set_sensitive(true);
        self.sink.set_header(name.as_str(), &value);
        Ok(())
    }

    /// Sets a query parameter.
    pub fn set_query(&mut self, name: &str, value: &str) {
        self.sink.set_query(name, value);
    }
}
