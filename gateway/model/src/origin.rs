//! Where requests go: scheme, host and port.

use std::{fmt, str::FromStr};
use url::{Host, Url};

/// `http` or `https`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plaintext. Towards a carrier only with a configuration key that says `danger`.
    Http,
    /// TLS.
    Https,
}

/// An origin (RFC 6454 section 4), parsed once at the edge.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: Scheme,
    host: String,
    port: u16,
}

/// Why a text is not an origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not a URL at all.
    #[error(
        "{0:?} is not a URL: write scheme, host and port, like \"https://onlinetools.ups.com\""
    )]
    NotAUrl(String),
    /// A scheme other than http and https.
    #[error("scheme {0:?} is not supported: use https")]
    Scheme(String),
    /// A URL with more than an origin in it.
    #[error("{0:?} says more than scheme, host and port: remove user, path, query and fragment")]
    NotJustAnOrigin(String),
}

impl Origin {
    /// The scheme.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host: lower-case name, or an address literal (IPv6 in brackets).
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also when it is the scheme's default.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// `host` or `host:port`, as the `Host` field wants it (RFC 9110 section 7.2).
    pub fn authority(&self) -> String {
        // Left out when it is the default, because some servers compare `Host` letter by letter.
        if self.port == self.default_port() {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    const fn default_port(&self) -> u16 {
        match self.scheme {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let url = Url::parse(text).map_err(|_| OriginError::NotAUrl(text.to_owned()))?;
        // Before the rest: of a URL with another scheme nothing else is known.
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => return Err(OriginError::Scheme(other.to_owned())),
        };
        // A path or a user in it would be dropped silently, so it is refused.
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.path() == "/";
        let host = match url.host() {
            Some(Host::Domain(name)) if bare => name.to_owned(),
            Some(Host::Ipv4(address)) if bare => address.to_string(),
            // In brackets, as in a URL and in `Host` (RFC 3986 section 3.2.2).
            Some(Host::Ipv6(address)) if bare => format!("[{address}]"),
            Some(_) | None => return Err(OriginError::NotJustAnOrigin(text.to_owned())),
        };
        let port = url
            // Never missing after the check of the scheme, but the parser cannot know that.
            .port_or_known_default()
            .ok_or_else(|| OriginError::NotAUrl(text.to_owned()))?;
        Ok(Self { scheme, host, port })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_text_round_trips() {
        for text in [
            "https://onlinetools.ups.com",
            "http://127.0.0.1:8099",
            "https://[::1]:8443",
        ] {
            assert_eq!(text.parse::<Origin>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn origin_with_default_port_drops_it() {
        let origin: Origin = "https://Wwwcie.UPS.com:443/".parse().expect("an origin");
        assert_eq!(
            (origin.authority().as_str(), origin.port()),
            ("wwwcie.ups.com", 443)
        );
    }

    #[test]
    fn origin_with_more_is_refused() {
        for text in [
            "",
            "ups.com",
            "ftp://ups.com",
            "https://u@ups.com",
            "https://ups.com/api",
            "https://ups.com?x",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
