//! Whose address a connection and a request count for.
//!
//! Only a proxy that the operator named is believed. A client can write any field, and any first bytes of
//! a connection.

use crate::connections::{ConnectionSlot, Connections};
use gateway_framing::{ProxyHeaderError, read_proxy_header};
use gateway_model::{ClientAddressSource, TrustedProxies};
use http::HeaderMap;
use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{io::AsyncRead, time::timeout};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Tells whose address a connection and a request count for.
#[derive(Clone)]
pub(crate) struct Clients {
    source: ClientAddressSource,
    connections: Connections,
    /// A proxy that names no client was reported.
    reported: Arc<AtomicBool>,
}

impl Clients {
    pub(crate) fn new(connections: Connections) -> Self {
        Self {
            source: ClientAddressSource::Connection,
            connections,
            reported: Arc::default(),
        }
    }

    /// For a connection that begins now.
    pub(crate) fn by(&self, source: ClientAddressSource) -> Self {
        Self {
            source,
            ..self.clone()
        }
    }

    /// The client of a new connection, and a place that counts for it. `None` if the connection must end.
    pub(crate) async fn of_connection<T: AsyncRead + Unpin>(
        &self,
        stream: &mut T,
        peer: IpAddr,
        place: Arc<ConnectionSlot>,
        limit: Duration,
    ) -> Option<(IpAddr, Arc<ConnectionSlot>)> {
        if !self.source.expects_proxy_header(peer) {
            return Some((peer, place));
        }
        let header = tokio::select! {
            header = timeout(limit, read_proxy_header(stream)) => header,
            () = place.evicted() => return None,
        };
        match header {
            Ok(Ok(None)) => Some((peer, place)),
            Ok(Ok(Some(client))) => self.for_client(client, place),
            Ok(Err(error)) => {
                self.report(peer, &error);
                None
            }
            Err(_late) => None,
        }
    }

    /// Exchanges the proxy's place for one that counts for its client.
    fn for_client(
        &self,
        client: SocketAddr,
        of_proxy: Arc<ConnectionSlot>,
    ) -> Option<(IpAddr, Arc<ConnectionSlot>)> {
        // First, so that a connection never takes two places.
        drop(of_proxy);
        Some((client.ip(), self.connections.admit(client.ip())?))
    }

    /// As a warning once: a proxy that does not speak the protocol fails with every connection.
    fn report(&self, peer: IpAddr, error: &ProxyHeaderError) {
        if self.reported.swap(true, Ordering::Relaxed) {
            tracing::debug!(%peer, %error, "a connection of a trusted proxy was closed");
        } else {
            tracing::warn!(
                %peer, %error,
                "a connection of a trusted proxy to the admin listener was closed: let the proxy send the \
                 PROXY protocol, or remove its address from listen.trusted_proxies; further ones are \
                 logged at the level debug"
            );
        }
    }

    /// The client of a request over a connection of `client`.
    pub(crate) fn of_request(&self, client: IpAddr, headers: &HeaderMap) -> IpAddr {
        match &self.source {
            ClientAddressSource::Connection | ClientAddressSource::ProxyProtocol(_) => client,
            ClientAddressSource::XForwardedFor(proxies) => forwarded_for(proxies, client, headers),
        }
    }
}

/// The last address of the field that no trusted proxy has. Each proxy appends whom its request came
/// from, so everything to the left of that address is the client's own word.
fn forwarded_for(proxies: &TrustedProxies, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut client = peer.to_canonical();
    // Several lines are one list (RFC 9110 section 5.3).
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let entries = lines
        .flat_map(|line| line.as_bytes().rsplit(|b| *b == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|entry| !entry.is_empty());
    for entry in entries {
        if !proxies.trusts(client) {
            break;
        }
        // A proxy that does not tell: the request counts for the proxy.
        let Some(next) = address(entry) else { break };
        client = next;
    }
    client
}

/// An address, with or without a port.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry).ok()?;
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare
        .parse()
        .or_else(|_| text.parse().map(|with_port: SocketAddr| with_port.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests;
