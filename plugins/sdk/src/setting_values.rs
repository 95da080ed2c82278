//! From a value of an account's configuration to what a request needs.

use crate::{Result, settings::Setting};
use ::http::{HeaderName, HeaderValue, header};
use std::time::Duration;

/// Fields that frame the message or control the connection. The gateway refuses a credential or a signature
/// with one of them.
const OF_THE_MESSAGE: [HeaderName; 11] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

impl Setting {
    /// The name of a header field that a credential or a signature may have.
    pub fn field_name(&self, text: &str) -> Result<HeaderName> {
        // Not quoted as it is: a key may stand in the wrong place.
        let name = HeaderName::from_bytes(text.as_bytes());
        let name = name.map_err(|_| {
            self.error("names a header field with characters that no field's name has")
        })?;
        let others = ["keep-alive", "proxy-connection", "http2-settings", "via"];
        if OF_THE_MESSAGE.contains(&name) || others.contains(&name.as_str()) {
            return Err(self.error(&format!(
                "names {name}, which belongs to the message itself"
            )));
        }
        Ok(name)
    }

    /// The value of a header field, marked as a secret.
    pub fn field_value(&self, text: &str) -> Result<HeaderValue> {
        let text = self.credential(text)?;
        // HTTP allows other bytes, but two programs would read two texts in them (RFC 9110 section 5.5).
        let value = Some(text).filter(|text| text.is_ascii());
        let value = value.and_then(|text| HeaderValue::from_str(text).ok());
        let mut value =
            value.ok_or_else(|| self.error("has a character that no header field has"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The path and query of a harmless call, which the gateway's doctor makes (`probe_setting` in the manifest).
    pub fn probe_path<'a>(&self, text: &'a str) -> Result<&'a str> {
        let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'#' | b'\\' | b'{' | b'}' | b'"');
        // Two slashes would begin another host for some readers.
        if text.starts_with('/') && !text.starts_with("//") && text.bytes().all(plain) {
            return Ok(text);
        }
        Err(self.error(
            "is no path: write one that begins with a single '/' and has no host, fragment or space, as in \
             \"/track/shipments?trackingNumber=1\"",
        ))
    }

    /// A number of minutes, at most a day: a longer life of a token would be a mistake.
    pub fn minutes(&self, minutes: Option<u64>) -> Result<Option<Duration>> {
        match minutes {
            None => Ok(None),
            Some(minutes @ 1..=1440) => Ok(Some(Duration::from_secs(minutes * 60))),
            Some(_) => Err(self.error("is not from 1 to 1440 minutes")),
        }
    }
}
