//! The cookie of a session (RFC 6265).

use crate::host::Encrypted;
use axum::extract::FromRequestParts;
use gateway_model::Secret;
use http::{HeaderMap, HeaderValue, header, request::Parts, uri::Authority};
use std::{convert::Infallible, net::IpAddr};

/// The longest cookie value that is looked at.
const MAX_VALUE: usize = 128;
/// Browsers take a cookie with this prefix from a secure origin only, and bind it to its host.
const BOUND: &str = "__Host-";

/// How the browser reaches this listener, as far as the request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// By TLS, or on this machine, which browsers take for a secure origin as well.
    Secure,
    /// By TLS that ends at a proxy: only a request with `Origin` says so.
    Proxied,
    /// In clear, or by a proxy with TLS: a secure cookie would not come back in clear.
    Unknown,
}

/// The cookie of one listener.
pub(super) struct SessionCookie {
    name: String,
    reach: Reach,
}

impl SessionCookie {
    /// The cookie for a request with these fields.
    pub(super) fn of(headers: &HeaderMap, encrypted: Encrypted) -> Self {
        let host = headers.get(header::HOST).and_then(|it| it.to_str().ok());
        let authority: Option<Authority> = host.and_then(|host| host.parse().ok());
        let loopback = authority.as_ref().is_some_and(|it| is_loopback(it.host()));
        // Browsers keep apart the cookies of hosts, not those of ports: a second gateway on this machine
        // would sign its neighbour's users out.
        let port = authority.and_then(|it| it.port_u16()).unwrap_or_default();
        let reach = if encrypted == Encrypted(true) || loopback {
            Reach::Secure
        } else if comes_from_https(headers) {
            Reach::Proxied
        } else {
            Reach::Unknown
        };
        Self {
            name: format!("waybill-{port}"),
            reach,
        }
    }

    /// The cookie of who was invited, beside that of a session.
    pub(super) fn of_invitation(mut self) -> Self {
        self.name.push_str("-invitation");
        self
    }

    /// The cookie's value in a request. Two cookies of the name are ambiguous and count as none.
    pub(super) fn value(&self, headers: &HeaderMap) -> Option<Secret> {
        // First, since only a secure origin can have set it; a plain one may be anybody's on the way.
        let bound = format!("{BOUND}{}", self.name);
        match self.reach {
            Reach::Secure | Reach::Proxied => value_of(headers, &bound),
            // A browser that opens a page behind a proxy with TLS does not say so.
            Reach::Unknown => value_of(headers, &bound).or_else(|| value_of(headers, &self.name)),
        }
    }

    /// The field that sets the cookie.
    pub(super) fn set(&self, value: &Secret) -> Option<HeaderValue> {
        self.field(value.expose(), "")
    }

    /// The field that sets the cookie for some seconds.
    pub(super) fn set_for(&self, value: &Secret, seconds: u32) -> Option<HeaderValue> {
        self.field(value.expose(), &format!("; Max-Age={seconds}"))
    }

    /// The field that removes the cookie.
    pub(super) fn remove(&self) -> Option<HeaderValue> {
        self.field("", "; Max-Age=0")
    }

    fn field(&self, value: &str, more: &str) -> Option<HeaderValue> {
        let (prefix, secure) = match self.reach {
            Reach::Secure | Reach::Proxied => (BOUND, "; Secure"),
            Reach::Unknown => ("", ""),
        };
        let name = &self.name;
        // `Lax`, because a carrier's redirect and a link in a mail come from another site.
        let text = format!("{prefix}{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}");
        let mut field = HeaderValue::from_str(&text).ok()?;
        field.set_sensitive(true);
        Some(field)
    }
}

impl<S: Sync> FromRequestParts<S> for SessionCookie {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let cookie = Self::of(&parts.headers, Encrypted::of(&parts.extensions));
        std::future::ready(Ok(cookie)).await
    }
}

/// The value of a cookie. Two cookies of one name are ambiguous and count as none.
pub(super) fn value_of(headers: &HeaderMap, wanted: &str) -> Option<Secret> {
    let fields = headers.get_all(header::COOKIE).iter();
    let pairs = fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(name, _)| *name == wanted).map(|(_, it)| it);
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let plausible = (1..=MAX_VALUE).contains(&value.len());
    plausible.then(|| Secret::new(value.to_owned()))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

/// Whether the browser reached a proxy by TLS. Only the browser's own word counts: a field that a proxy
/// adds may come from anybody. A browser names its origin in each `POST`.
fn comes_from_https(headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN);
    origin.is_some_and(|it| it.as_bytes().starts_with(b"https://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    fn of(fields: &[(header::HeaderName, &'static str)]) -> SessionCookie {
        SessionCookie::of(&headers(fields), Encrypted(false))
    }

    #[test]
    fn cookie_that_was_set_through_a_proxy_with_tls_is_found_on_the_next_page() {
        let host = (header::HOST, "waybill.internal");
        let form = of(&[host.clone(), (header::ORIGIN, "https://waybill.internal")]);
        let set = form.set(&Secret::new("v".to_owned())).expect("a field");
        assert!(set.as_bytes().starts_with(b"__Host-waybill-0=v; "));
        // A page that is opened has no `Origin`.
        let page = headers(&[host, (header::COOKIE, "waybill-0=w; __Host-waybill-0=v")]);
        let value = SessionCookie::of(&page, Encrypted(false)).value(&page);
        assert_eq!(value.expect("a value").expose(), "v");
    }

    #[test]
    fn cookie_over_tls_is_the_secure_one_only() {
        let host = (header::HOST, "10.0.0.7:8081");
        let fields = headers(&[host, (header::COOKIE, "waybill-8081=v")]);
        let cookie = SessionCookie::of(&fields, Encrypted(true));
        let set = cookie.set(&Secret::new("v".to_owned())).expect("a field");
        assert!(set.as_bytes().ends_with(b"; Secure"));
        assert!(cookie.value(&fields).is_none());
    }

    #[test]
    fn loopback_gets_a_secure_cookie_that_is_bound_to_the_host() {
        for host in ["127.0.0.1:8081", "localhost:8081", "[::1]:8081"] {
            let mut fields = HeaderMap::new();
            fields.insert(header::HOST, HeaderValue::from_static(host));
            let cookie = SessionCookie::of(&fields, Encrypted(false));
            let set = cookie.set(&Secret::new("v".to_owned())).expect("a field");
            assert_eq!(
                set, "__Host-waybill-8081=v; Path=/; HttpOnly; SameSite=Lax; Secure",
                "{host}"
            );
        }
    }

    #[test]
    fn other_host_without_tls_gets_a_cookie_that_its_browser_sends_back() {
        let plain = of(&[(header::HOST, "10.0.0.7:8081")]);
        let set = plain.set(&Secret::new("v".to_owned())).expect("a field");
        assert_eq!(set, "waybill-8081=v; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn value_is_found_among_others_and_two_of_a_name_count_as_none() {
        let host = (header::HOST, "localhost:1");
        let one = headers(&[host.clone(), (header::COOKIE, "a=b; __Host-waybill-1=xyz")]);
        let cookie = SessionCookie::of(&one, Encrypted(false));
        let value = cookie.value(&one).expect("a value");
        assert_eq!(value.expose(), "xyz");
        let two = headers(&[
            host,
            (header::COOKIE, "__Host-waybill-1=xyz"),
            (header::COOKIE, "__Host-waybill-1=abc"),
        ]);
        assert!(cookie.value(&two).is_none());
    }
}
