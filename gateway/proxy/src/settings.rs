//! How the data plane is set up. While it runs, `SettingsHandle` replaces all of it but the addresses, the
//! number of workers and the key of app tokens.

use crate::limits::Limits;
use gateway_model::{ClientAddressSource, SecretBytes, SpanSink};
use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

/// Everything the workers need besides the directory.
#[derive(Clone)]
pub struct Settings {
    /// Where apps connect; at least one.
    pub listeners: Vec<ListenerSettings>,
    /// Number of workers, each with a thread of its own; at least one.
    pub workers: usize,
    /// Bounds of everything a peer can make large or slow.
    pub limits: Limits,
    /// How upstream servers are verified.
    pub upstream_tls: Arc<rustls::ClientConfig>,
    /// Offer HTTP/2 to upstream servers. Off by default: it costs more than HTTP/1.1 here.
    pub upstream_http2: bool,
    /// Write one `tracing` event per request, target `access`.
    pub access_log: bool,
    /// How many combinations of route, app and operation are counted apart; 0: none. Read at the start only.
    pub request_series: usize,
    /// Whether requests take part in distributed traces.
    pub trace: TraceSettings,
    /// The key under which app tokens are signed (HS256); at least 32 bytes.
    pub token_key: SecretBytes,
    /// How long an app token is accepted.
    pub app_token_lifetime: Duration,
}

/// How requests take part in distributed traces. By default they do not: trace fields pass as any other fields.
#[derive(Clone, Debug, Default)]
pub struct TraceSettings {
    /// Check the trace context of a request, and start one if there is none.
    pub context: bool,
    /// The part of the traces that begin here whose spans are recorded, 0 to 1.
    pub sample_ratio: f64,
    /// Takes the spans. With it, trace contexts are checked too.
    pub sink: Option<Arc<dyn SpanSink>>,
}

/// One listening address.
#[derive(Clone)]
pub struct ListenerSettings {
    /// The address; port 0 takes a free port.
    pub addr: SocketAddr,
    /// TLS, or plaintext when absent.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Callers from this machine need no credentials. Ignored unless the peer is a loopback address.
    pub trust_loopback: bool,
    /// From what the address of a client is learned. The data plane reads no field for it.
    pub client_address: ClientAddressSource,
}

impl ListenerSettings {
    /// A plaintext listener whose callers must authenticate.
    pub fn plain(addr: SocketAddr) -> Self {
        Self {
            addr,
            tls: None,
            trust_loopback: false,
            client_address: ClientAddressSource::Connection,
        }
    }
}

impl fmt::Debug for ListenerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenerSettings")
            .field("addr", &self.addr)
            .field("tls", &self.tls.is_some())
            .field("trust_loopback", &self.trust_loopback)
            .field("client_address", &self.client_address)
            .finish()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("listeners", &self.listeners)
            .field("workers", &self.workers)
            .field("limits", &self.limits)
            .field("upstream_http2", &self.upstream_http2)
            .field("access_log", &self.access_log)
            .field("request_series", &self.request_series)
            .field("trace", &self.trace)
            .finish_non_exhaustive()
    }
}
