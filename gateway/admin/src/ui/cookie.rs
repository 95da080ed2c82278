//! The cookie of a session (RFC 6265).

use gateway_model::Secret;
use http::{HeaderMap, HeaderValue, header, uri::Authority};
use std::net::IpAddr;

/// The longest cookie value that is looked at.
const MAX_VALUE: usize = 128;

/// Where the cookie may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// To this host only, and never over a connection that others can read.
    Secure,
    /// To this host. Without TLS on the way, a browser would not send a secure cookie.
    Plain,
}

/// The cookie of one listener.
pub(super) struct SessionCookie {
    name: String,
    reach: Reach,
}

impl SessionCookie {
    /// The cookie for a request with these fields.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let host = headers.get(header::HOST).and_then(|it| it.to_str().ok());
        let authority: Option<Authority> = host.and_then(|host| host.parse().ok());
        let loopback = authority.as_ref().is_some_and(|it| is_loopback(it.host()));
        // Browsers keep apart the cookies of hosts, not those of ports: a second gateway on this machine
        // would sign its neighbour's users out.
        let port = authority.and_then(|it| it.port_u16()).unwrap_or_default();
        // Browsers take a loopback address for a secure origin.
        let reach = if loopback || is_https(headers) {
            Reach::Secure
        } else {
            Reach::Plain
        };
        let prefix = match reach {
            Reach::Secure => "__Host-",
            Reach::Plain => "",
        };
        Self {
            name: format!("{prefix}waybill-{port}"),
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
        let fields = headers.get_all(header::COOKIE).iter();
        let pairs = fields
            .filter_map(|field| field.to_str().ok())
            .flat_map(|field| field.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs
            .filter(|(name, _)| *name == self.name)
            .map(|(_, it)| it);
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        let plausible = (1..=MAX_VALUE).contains(&value.len());
        plausible.then(|| Secret::new(value.to_owned()))
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
        let secure = match self.reach {
            Reach::Secure => "; Secure",
            Reach::Plain => "",
        };
        let name = &self.name;
        // `Lax`, because a carrier's redirect and a link in a mail come from another site.
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}");
        let mut field = HeaderValue::from_str(&text).ok()?;
        field.set_sensitive(true);
        Some(field)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

/// Whether the browser reached this listener by TLS, for example through a proxy. Only the browser's own
/// word counts: a field that a proxy adds may come from anybody. A browser names its origin in each
/// `POST`, and how it fetched a page's parts in all requests.
fn is_https(headers: &HeaderMap) -> bool {
    let starts = |name, prefix: &str| {
        (headers.get(name))
            .is_some_and(|it: &HeaderValue| it.as_bytes().starts_with(prefix.as_bytes()))
    };
    starts(header::ORIGIN, "https://")
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

    #[test]
    fn loopback_gets_a_secure_cookie_that_is_bound_to_the_host() {
        for host in ["127.0.0.1:8081", "localhost:8081", "[::1]:8081"] {
            let mut fields = HeaderMap::new();
            fields.insert(header::HOST, HeaderValue::from_static(host));
            let cookie = SessionCookie::of(&fields);
            let set = cookie.set(&Secret::new("v".to_owned())).expect("a field");
            assert_eq!(
                set, "__Host-waybill-8081=v; Path=/; HttpOnly; SameSite=Lax; Secure",
                "{host}"
            );
        }
    }

    #[test]
    fn other_host_without_tls_gets_a_cookie_that_its_browser_sends_back() {
        let plain = SessionCookie::of(&headers(&[(header::HOST, "10.0.0.7:8081")]));
        let set = plain.set(&Secret::new("v".to_owned())).expect("a field");
        assert_eq!(set, "waybill-8081=v; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn value_is_found_among_others_and_two_of_a_name_count_as_none() {
        let host = (header::HOST, "localhost:1");
        let one = headers(&[host.clone(), (header::COOKIE, "a=b; __Host-waybill-1=xyz")]);
        let cookie = SessionCookie::of(&one);
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
