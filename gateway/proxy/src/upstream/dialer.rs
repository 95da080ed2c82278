//! Opening a connection to an origin: TCP, then TLS.

use super::{client::Stream, tls::TlsStream};
use crate::settings::Settings;
use gateway_model::{Origin, Scheme};
use rustls::client::UnbufferedClientConnection;
use rustls_pki_types::ServerName;
use std::{io, sync::Arc};
use tokio::net::TcpStream;

/// Where an origin is, and how it is verified.
pub(super) struct Dialer {
    pub(super) host: Box<str>,
    pub(super) port: u16,
    tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>,
}

impl Dialer {
    pub(super) fn new(origin: &Origin, settings: &Settings) -> Self {
        let tls = match origin.scheme() {
            Scheme::Http => None,
            Scheme::Https => server_name(origin.host()).map(|name| {
                // A copy for each origin, since ALPN is a setting of the operator's.
                let mut config = rustls::ClientConfig::clone(&settings.upstream_tls);
                config.alpn_protocols = if settings.upstream_http2 {
                    vec![b"h2".to_vec(), b"http/1.1".to_vec()]
                } else {
                    vec![b"http/1.1".to_vec()]
                };
                (Arc::new(config), name)
            }),
        };
        Self {
            // Resolvers and TLS want an address without brackets.
            host: origin.host().trim_matches(['[', ']']).into(),
            port: origin.port(),
            tls,
        }
    }

    /// Opens a connection. Has no deadline.
    pub(super) async fn open(&self) -> io::Result<Stream> {
        let stream = TcpStream::connect((&*self.host, self.port)).await?;
        // Without TCP_NODELAY the last packet of a request waits for an acknowledgement. An error here
        // costs only that speed.
        let _ = stream.set_nodelay(true);
        let Some((config, name)) = &self.tls else {
            return Ok(Stream::Plain(stream));
        };
        let client = UnbufferedClientConnection::new(Arc::clone(config), name.clone());
        let stream = TlsStream::open(client.map_err(io::Error::other)?, stream).await?;
        Ok(Stream::Tls(Box::new(stream)))
    }
}

fn server_name(host: &str) -> Option<ServerName<'static>> {
    ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).ok()
}
