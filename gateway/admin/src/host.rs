//! Which `Host` field a request may have: a defence against DNS rebinding.
//!
//! A web page can make a browser send requests to any address that the page's own name resolves to.
//! Such a request carries the page's name in `Host`, so unknown names are refused. An address cannot
//! be rebound; a listener that other machines reach accepts any address, because health checks use it.

use crate::error::AdminError;
use http::{Extensions, HeaderMap, Request, header, uri::Authority};
use std::net::{IpAddr, SocketAddr};

/// The `Host` values that are accepted. Ports are ignored, because they may be mapped.
#[derive(Clone, Debug)]
pub struct AllowedHosts {
    names: Vec<String>,
    any_address: bool,
}

impl AllowedHosts {
    /// The values for a listener at `addr`, and further names.
    pub fn new(addr: SocketAddr, names: &[String]) -> Self {
        Self {
            // Lower case once, since names of hosts have no case.
            names: names.iter().map(|name| name.to_ascii_lowercase()).collect(),
            // Only this machine reaches a loopback listener: a request that names another address was not meant for it.
            any_address: !addr.ip().is_loopback(),
        }
    }

    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), AdminError> {
        // Exactly one (RFC 9112 section 3.2): with two, a proxy in front and this listener could read different ones.
        let mut values = headers.get_all(header::HOST).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(AdminError::NoHost);
        };
        let authority: Authority = value
            .to_str()
            .ok()
            // `Authority` would accept user information, which `Host` does not have (RFC 9110
            // section 7.2).
            .filter(|text| !text.contains('@'))
            .and_then(|text| text.parse().ok())
            .filter(has_port_or_none)
            .ok_or(AdminError::NoHost)?;
        if self.allows(authority.host()) {
            Ok(())
        } else {
            Err(AdminError::ForeignHost)
        }
    }

    fn allows(&self, host: &str) -> bool {
        let bare = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(host);
        // Only an address is safe by itself: a name could be made to resolve to this listener.
        if let Ok(address) = bare.parse::<IpAddr>() {
            return self.any_address || address.is_loopback();
        }
        host.eq_ignore_ascii_case("localhost")
            || self
                .names
                .iter()
                .any(|name| host.eq_ignore_ascii_case(name))
    }
}

/// Whether a number or nothing follows the host: `Authority` takes `localhost:1.evil.example` for `localhost`, and others
/// may read it otherwise.
fn has_port_or_none(authority: &Authority) -> bool {
    let rest = authority.as_str().strip_prefix(authority.host());
    let port = rest.map(|rest| rest.strip_prefix(':').unwrap_or(rest));
    port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the client speaks TLS with this listener itself. An extension of each request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Encrypted(pub(crate) bool);

impl Encrypted {
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or_default()
    }
}

/// Refuses a request that could change something if a browser sent it on behalf of a page of another
/// site. Programs send neither of the two fields.
pub(crate) fn check_site<B>(request: &Request<B>) -> Result<(), AdminError> {
    let (method, headers) = (request.method(), request.headers());
    let encrypted = Encrypted::of(request.extensions());
    // A page of another site can make a browser read, but no response here permits the page to see it.
    if method.is_safe() {
        return Ok(());
    }
    let mut sites = headers.get_all("sec-fetch-site").iter();
    // All of them: a proxy that adds one must not hide what the browser said.
    if !sites.all(|site| site == "same-origin" || site == "none") {
        return Err(AdminError::CrossSite);
    }
    // Older browsers send no `Sec-Fetch-Site`, so `Origin` is checked as well.
    let host = headers.get(header::HOST).map(http::HeaderValue::as_bytes);
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let same_site = origins.all(|origin| {
        let origin = origin.as_bytes();
        // Without TLS here, a proxy may have TLS before it. With TLS, who can change a page on its way in
        // clear must not act for a person: only the pages that came by TLS are this listener's.
        let schemes: &[&[u8]] = match encrypted {
            Encrypted(true) => &[b"https://"],
            Encrypted(false) => &[b"http://", b"https://"],
        };
        let authority = (schemes.iter()).find_map(|scheme| origin.strip_prefix(*scheme));
        // The value `null` of a sandboxed page has no scheme, and so is refused.
        authority.is_some() && authority == host
    });
    if same_site {
        Ok(())
    } else {
        Err(AdminError::CrossSite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, Method};

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn check(addr: &str, hosts: &[&'static str]) -> Result<(), AdminError> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, HeaderValue::from_static(host));
        }
        let names = ["Waybill.internal".to_owned()];
        AllowedHosts::new(address(addr), &names).check(&headers)
    }

    #[test]
    fn host_of_a_web_page_is_refused_on_any_listener() {
        for addr in ["127.0.0.1:8081", "0.0.0.0:8081"] {
            for host in [
                "evil.example",
                "evil.example:8081",
                "127.0.0.1.evil.example",
            ] {
                assert_eq!(check(addr, &[host]), Err(AdminError::ForeignHost), "{host}");
            }
        }
    }

    #[test]
    fn host_that_names_the_listener_is_answered() {
        for host in [
            "127.0.0.1:1",
            "localhost",
            "[::1]:8081",
            "localhost:",
            "WAYBILL.INTERNAL:8081",
        ] {
            assert_eq!(check("127.0.0.1:8081", &[host]), Ok(()), "{host}");
        }
        assert_eq!(check("0.0.0.0:8081", &["10.1.2.3:8081"]), Ok(()));
        let foreign = Err(AdminError::ForeignHost);
        assert_eq!(check("127.0.0.1:8081", &["10.1.2.3:8081"]), foreign);
    }

    fn site(method: Method, fields: &[(&'static str, &'static str)]) -> Result<(), AdminError> {
        site_over(Encrypted(false), method, fields)
    }

    fn site_over(
        encrypted: Encrypted,
        method: Method,
        fields: &[(&'static str, &'static str)],
    ) -> Result<(), AdminError> {
        let mut request = Request::new(());
        *request.method_mut() = method;
        request.extensions_mut().insert(encrypted);
        let headers = request.headers_mut();
        headers.insert(header::HOST, HeaderValue::from_static("localhost:8081"));
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        check_site(&request)
    }

    #[test]
    fn page_that_came_in_clear_cannot_change_anything_over_tls() {
        let clear = [("origin", "http://localhost:8081")];
        let over = |fields| site_over(Encrypted(true), Method::POST, fields);
        assert_eq!(over(&clear), Err(AdminError::CrossSite));
        assert_eq!(over(&[("origin", "https://localhost:8081")]), Ok(()));
    }

    #[test]
    fn page_of_another_site_cannot_change_anything() {
        for fields in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("origin", "http://localhost:3000")],
            &[("origin", "http://localhost")],
            &[("origin", "file://localhost:8081")],
            &[("origin", "")],
            &[
                ("origin", "http://localhost:8081"),
                ("origin", "http://evil.example"),
            ],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")],
            &[
                ("origin", "http://localhost:8081"),
                ("sec-fetch-site", "cross-site"),
            ],
        ] {
            for method in [Method::POST, Method::PATCH, Method::DELETE, Method::PUT] {
                assert_eq!(
                    site(method, fields),
                    Err(AdminError::CrossSite),
                    "{fields:?}"
                );
            }
            assert_eq!(site(Method::GET, fields), Ok(()), "{fields:?}");
        }
    }

    #[test]
    fn own_pages_and_programs_can_change_things() {
        for fields in [
            &[][..],
            &[("origin", "http://localhost:8081")],
            &[
                ("origin", "https://localhost:8081"),
                ("sec-fetch-site", "same-origin"),
            ],
            &[("sec-fetch-site", "none")],
        ] {
            assert_eq!(site(Method::POST, fields), Ok(()), "{fields:?}");
        }
    }

    #[test]
    fn host_that_is_missing_doubled_or_malformed_is_refused() {
        for hosts in [
            &[][..],
            &["localhost", "localhost"],
            &[""],
            &["a b"],
            &["u@localhost"],
            &["localhost:8081.evil.example"],
            &["localhost:evil.example:8081"],
            &["127.0.0.1:x"],
        ] {
            assert_eq!(
                check("127.0.0.1:8081", hosts),
                Err(AdminError::NoHost),
                "{hosts:?}"
            );
        }
    }
}
