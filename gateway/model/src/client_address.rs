//! From what a listener learns a client's address, and whose word it takes.

use ipnet::IpNet;
use std::{net::IpAddr, str::FromStr, sync::Arc};

/// From what a listener learns a client's address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClientAddressSource {
    /// The address at the other end of the connection.
    #[default]
    Connection,
    /// A PROXY protocol header, which every connection of these proxies begins with.
    ProxyProtocol(TrustedProxies),
    /// The `X-Forwarded-For` field of requests from these proxies.
    XForwardedFor(TrustedProxies),
}

impl ClientAddressSource {
    /// Whether a connection from `peer` begins with a PROXY protocol header.
    #[must_use]
    pub fn expects_proxy_header(&self, peer: IpAddr) -> bool {
        match self {
            Self::ProxyProtocol(proxies) => proxies.trusts(peer),
            Self::Connection | Self::XForwardedFor(_) => false,
        }
    }
}

/// The networks of the proxies that may say whom a connection or a request comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Whether a proxy with this address is believed.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        // An IPv6 socket shows an IPv4 peer as `::ffff:10.0.0.1`.
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl FromIterator<ProxyNetwork> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = ProxyNetwork>>(networks: I) -> Self {
        Self(networks.into_iter().map(|network| network.0).collect())
    }
}

/// A network of proxies: an address and a prefix length, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProxyNetwork(IpNet);

impl std::fmt::Display for ProxyNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ProxyNetwork {
    /// Whether programs of this machine can connect from the network.
    #[must_use]
    pub fn has_loopback(&self) -> bool {
        self.0.network().is_loopback() || self.0.contains(&IpAddr::from([127, 0, 0, 1]))
    }
}

/// Why a text is no network of proxies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyNetworkError {
    /// Not an address, with or without a prefix length.
    #[error("it is neither an address nor a network such as 10.0.0.0/8")]
    Malformed,
    /// The address is not the network's first one.
    #[error("the address has bits behind the prefix: the network is {0}")]
    HostBits(IpNet),
    /// Every address is in it, so that every client could choose its own.
    #[error("it contains every address, so that every client could claim any other's")]
    Everything,
    /// The IPv4-mapped form, which no peer's address has here.
    #[error("it is an IPv4 network in IPv6 form: write it as IPv4")]
    Mapped,
}

impl FromStr for ProxyNetwork {
    type Err = ProxyNetworkError;

    fn from_str(text: &str) -> Result<Self, ProxyNetworkError> {
        let network = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_) => text.parse().map_err(|_| ProxyNetworkError::Malformed)?,
        };
        if network.prefix_len() == 0 {
            return Err(ProxyNetworkError::Everything);
        }
        if network.network() != network.addr() {
            return Err(ProxyNetworkError::HostBits(network.trunc()));
        }
        if network.addr() != network.addr().to_canonical() {
            return Err(ProxyNetworkError::Mapped);
        }
        Ok(Self(network))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_trust_their_addresses_in_either_form() {
        let proxies: TrustedProxies = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]
            .iter()
            .map(|text| text.parse::<ProxyNetwork>().expect("a network"))
            .collect();
        for (address, trusted) in [
            ("10.255.0.1", true),
            ("::ffff:10.0.0.1", true),
            ("11.0.0.1", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("2001:db8::1", true),
            ("2001:db9::1", false),
            ("::1", false),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(proxies.trusts(address), trusted, "{address}");
        }
        assert!(!TrustedProxies::default().trusts(IpAddr::from([127, 0, 0, 1])));
    }

    #[test]
    fn networks_that_trust_too_much_or_nothing_are_refused() {
        for (text, words) in [
            ("", "neither an address"),
            ("balancer", "neither an address"),
            ("10.0.0.0/33", "neither an address"),
            ("10.0.0.0/-1", "neither an address"),
            ("10.1.2.3/8", "the network is 10.0.0.0/8"),
            ("0.0.0.0/0", "every address"),
            ("::/0", "every address"),
            ("::ffff:10.0.0.0/104", "write it as IPv4"),
        ] {
            let error = text.parse::<ProxyNetwork>().expect_err(text).to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn loopback_is_told() {
        for (text, has) in [
            ("127.0.0.1", true),
            ("127.0.0.0/8", true),
            ("::1", true),
            ("10.0.0.0/8", false),
            ("64.0.0.0/2", true),
        ] {
            let network: ProxyNetwork = text.parse().expect("a network");
            assert_eq!(network.has_loopback(), has, "{text}");
        }
    }
}
