//! Bounds of everything a peer can make large or slow.

use gateway_framing::limits::Bounds;
use std::time::Duration;

/// Sizes, counts and deadlines. The defaults are those of `docs/data-plane.md`.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Request or response head, bytes.
    pub head_bytes: usize,
    /// Path and query, bytes.
    pub target_bytes: usize,
    /// Request body, bytes.
    pub body_bytes: u64,
    /// Request body kept for a replay after a rejected credential, bytes.
    pub replay_bytes: usize,
    /// From the first byte of a head to its last.
    pub head_read: Duration,
    /// Between two pieces of a body, either way.
    pub body_idle: Duration,
    /// The least bytes per second of a request body.
    pub body_rate: u64,
    /// Without any progress while the peer does not take what we write.
    pub write_idle: Duration,
    /// The least bytes per second that an app reads of its responses.
    pub write_rate: u64,
    /// Between two requests of an app's connection.
    pub keep_alive_idle: Duration,
    /// TLS handshake of an app.
    pub handshake: Duration,
    /// TCP connect and TLS handshake to an upstream server.
    pub connect: Duration,
    /// From the end of the request to the head of the upstream's answer.
    pub first_byte: Duration,
    /// How long a request waits for the first token of an account.
    pub credential_wait: Duration,
    /// How long an unused upstream connection is kept.
    pub upstream_idle: Duration,
    /// Unused upstream connections kept by one worker for one origin.
    pub upstream_idle_connections: usize,
    /// Connections from apps over all workers.
    pub connections: usize,
    /// Concurrent streams of one HTTP/2 connection.
    pub http2_streams: u32,
    /// Token requests of one app: how many at once, and refilled per minute.
    pub token_requests_per_minute: u32,
    /// What reads the HTTP/1 requests of connections that are accepted from now on.
    pub http1_server: Http1Server,
}

/// What serves HTTP/1 towards apps, behind the same framing check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http1Server {
    /// The data plane's own server.
    #[default]
    Own,
    /// hyper's.
    Hyper,
}

impl Limits {
    /// Those that the framing checks keep.
    pub(crate) const fn bounds(&self) -> Bounds {
        Bounds {
            head: self.head_bytes,
            target: self.target_bytes,
        }
    }

    /// What hyper may buffer: more than the largest head, so that the framing check decides.
    pub(crate) fn buffer(&self) -> usize {
        /// What hyper sets by itself.
        const USUAL: usize = 408 * 1024;
        // Never below hyper's own: only the framing check is to refuse by size.
        self.head_bytes.saturating_add(16 * 1024).max(USUAL)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 64 * 1024,
            target_bytes: 8 * 1024,
            body_bytes: 10 * 1024 * 1024,
            replay_bytes: 256 * 1024,
            head_read: Duration::from_secs(10),
            body_idle: Duration::from_secs(30),
            body_rate: 256,
            write_idle: Duration::from_secs(30),
            write_rate: 256,
            keep_alive_idle: Duration::from_secs(75),
            handshake: Duration::from_secs(10),
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(60),
            credential_wait: Duration::from_secs(10),
            upstream_idle: Duration::from_secs(30),
            upstream_idle_connections: 256,
            connections: 20_000,
            http2_streams: 100,
            token_requests_per_minute: 120,
            http1_server: Http1Server::default(),
        }
    }
}
