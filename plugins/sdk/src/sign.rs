//! Per-request signing.

use crate::{Error, Result};
use ::http::HeaderName;

/// The request to sign, borrowed for the call. What is in it beside method, authority and target, the
/// manifest's `sign` decides.
#[derive(Clone, Copy)]
pub struct SignRequest<'a> {
    /// HTTP method.
    pub method: &'a [u8],
    /// Host, with the port if it is not the default.
    pub authority: &'a [u8],
    /// Request target.
    pub path_and_query: &'a [u8],
    /// The fields that the manifest names, in its order; one entry for each value.
    pub headers: &'a [(&'a [u8], &'a [u8])],
    /// Pieces of the content, if the manifest asks for bytes.
    pub body: &'a [&'a [u8]],
    /// SHA-256 of the content, if the manifest asks for the hash.
    pub body_sha256: Option<&'a [u8; 32]>,
    /// Milliseconds since the Unix epoch, by the gateway's clock.
    pub unix_ms: u64,
    /// The [`crate::Credential::state`] of the credential that is in the request.
    pub state: &'a [u8],
}

impl<'a> SignRequest<'a> {
    /// A request without fields, content and state, at the epoch: for tests.
    pub const fn get(authority: &'a str, path_and_query: &'a str) -> Self {
        Self {
            method: b"GET",
            authority: authority.as_bytes(),
            path_and_query: path_and_query.as_bytes(),
            headers: &[],
            body: &[],
            body_sha256: None,
            unix_ms: 0,
            state: &[],
        }
    }
}

/// Receives what a signature adds to the request.
pub struct SignOut<'a> {
    sink: &'a mut dyn SignatureSink,
}

/// Where the fields go: to the gateway, or into a test.
pub(crate) trait SignatureSink {
    fn set_header(&mut self, name: &str, value: &str);
    fn set_query(&mut self, name: &str, value: &str);
}

impl<'a> SignOut<'a> {
    pub(crate) fn new(sink: &'a mut dyn SignatureSink) -> Self {
        Self { sink }
    }

    /// Sets a field, in place of one of that name. The gateway takes at most 16 with 16 KiB, and none
    /// that frames the message.
    pub fn set_header(&mut self, name: &HeaderName, value: &str) -> Result<()> {
        // Checked in place: the gateway makes the copy that is kept.
        let fits = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
        if !value.bytes().all(fits) {
            let text = "the signature has characters no field has";
            return Err(Error::bug("bad_header", text));
        }
        self.sink.set_header(name.as_str(), value);
        Ok(())
    }

    /// Sets a query parameter. Gateways of ABI 1.0 apply none: there the request fails.
    pub fn set_query(&mut self, name: &str, value: &str) {
        self.sink.set_query(name, value);
    }
}
