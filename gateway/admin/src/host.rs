//! Which `Host` a request may have (U1).
//!
//! A web page can make a browser call any address that the page's own name resolves to. Such a call
//! carries the page's name in `Host`, so names are refused unless they are known. An address cannot
//! be rebound; a listener that other machines reach accepts any, because health checks use it.

use crate::error::AdminError;
use http::{HeaderMap, header, uri::Authority};
use std::net::{IpAddr, SocketAddr};

/// The `Host` values that are answered. Ports do not matter: they may be mapped.
#[derive(Clone, Debug)]
pub struct AllowedHosts {
    names: Vec<String>,
    any_address: bool,
}

impl AllowedHosts {
    /// Those of a listener at `addr`, and the further names.
    pub fn new(addr: SocketAddr, names: &[String]) -> Self {
        Self {
            names: names.iter().map(|name| name.to_ascii_lowercase()).collect(),
            any_address: !addr.ip().is_loopback(),
        }
    }

    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), AdminError> {
        let mut values = headers.get_all(header::HOST).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(AdminError::NoHost);
        };
        let authority: Authority = value
            .to_str()
            .ok()
            .filter(|text| !text.contains('@'))
            .and_then(|text| text.parse().ok())
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

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

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

    /// U1
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

    /// U1
    #[test]
    fn host_that_names_the_listener_is_answered() {
        for host in [
            "127.0.0.1:1",
            "localhost",
            "[::1]:8081",
            "WAYBILL.INTERNAL:8081",
        ] {
            assert_eq!(check("127.0.0.1:8081", &[host]), Ok(()), "{host}");
        }
        assert_eq!(check("0.0.0.0:8081", &["10.1.2.3:8081"]), Ok(()));
        let foreign = Err(AdminError::ForeignHost);
        assert_eq!(check("127.0.0.1:8081", &["10.1.2.3:8081"]), foreign);
    }

    #[test]
    fn host_that_is_missing_doubled_or_malformed_is_refused() {
        for hosts in [
            &[][..],
            &["localhost", "localhost"],
            &[""],
            &["a b"],
            &["u@localhost"],
        ] {
            assert_eq!(
                check("127.0.0.1:8081", hosts),
                Err(AdminError::NoHost),
                "{hosts:?}"
            );
        }
    }
}
