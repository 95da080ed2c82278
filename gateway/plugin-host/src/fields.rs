//! Header fields that a plugin may not set.

use crate::Violation;
use http::{HeaderName, HeaderValue, header};

/// Whether a field frames the message or steers the connection: those are the gateway's alone.
pub(crate) fn is_reserved(name: &HeaderName) -> bool {
    const RESERVED: [HeaderName; 10] = [
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::EXPECT,
        header::HOST,
        header::PROXY_AUTHENTICATE,
        header::PROXY_AUTHORIZATION,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
    ];
    RESERVED.contains(name)
        || matches!(
            name.as_str(),
            "keep-alive" | "proxy-connection" | "http2-settings" | "via"
        )
}

/// A field as HTTP allows it, and that is the plugin's to set.
pub(crate) fn field(
    name: &[u8],
    value: &[u8],
    place: &'static str,
) -> Result<(HeaderName, HeaderValue), Violation> {
    let invalid = || Violation::InvalidField(place);
    let name = HeaderName::from_bytes(name).map_err(|_| invalid())?;
    let value = HeaderValue::from_bytes(value).map_err(|_| invalid())?;
    // After the parse, so that upper case and odd spellings are seen as what they are.
    if is_reserved(&name) {
        return Err(Violation::ReservedField(name.to_string()));
    }
    Ok((name, value))
}
