//! `[limits]`: bounds of everything a peer can make large or slow.

use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::{Context, Table, shortened},
};
use std::time::Duration;

/// Bounds of everything a peer can make large or slow.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Request or response head. Bytes.
    pub head_bytes: usize,
    /// Path and query of a request. Bytes.
    pub target_bytes: usize,
    /// Request body; a longer one is answered with 413. Bytes.
    pub body_bytes: u64,
    /// Request body kept for a replay after a rejected token. A longer body is streamed and not
    /// replayed. Bytes.
    pub replay_bytes: usize,
    /// Connections from apps over all workers.
    pub connections: usize,
    /// Unused upstream connections kept by one worker for one origin.
    pub upstream_idle_connections: usize,
    /// Concurrent streams of one HTTP/2 connection.
    pub http2_streams: u32,
    /// From the first byte of a request head to its last.
    pub head_read: Duration,
    /// Between two pieces of a body, either way.
    pub body_idle: Duration,
    /// Without progress while a peer does not take what the gateway writes.
    pub write_idle: Duration,
    /// The least that an app reads of its responses in a second. Bytes.
    pub write_rate: u64,
    /// Between two requests of an app's connection.
    pub keep_alive_idle: Duration,
    /// TLS handshake of an app.
    pub handshake: Duration,
    /// TCP connect and TLS handshake to a carrier.
    pub connect: Duration,
    /// From the end of a request to the head of the carrier's answer.
    pub first_byte: Duration,
    /// How long an unused upstream connection is kept.
    pub upstream_idle: Duration,
    /// How long requests in flight may take to finish after the first stop signal.
    pub drain: Duration,
    /// What serves HTTP/1 towards apps.
    pub http1_server: Http1Server,
}

/// What serves HTTP/1 towards apps, behind the same checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http1Server {
    /// The data plane's own server.
    Own,
    /// The one of the library hyper.
    Hyper,
}

static HEAD: Key = Key {
    name: "head",
    kind: Kind::Size {
        min: 1 << 10,
        max: 1 << 20,
    },
    // A carrier's token alone is more than a kilobyte, and apps send fields of their own beside it.
    preset: Preset::Text("64KiB"),
    effect: Effect::Reload,
    doc: "The maximum size of the head of a request or response.",
};
static TARGET: Key = Key {
    name: "target",
    kind: Kind::Size {
        min: 256,
        max: 64 << 10,
    },
    preset: Preset::Text("8KiB"),
    effect: Effect::Reload,
    doc: "The maximum size of the path and query of a request.",
};
static BODY: Key = Key {
    name: "body",
    kind: Kind::Size {
        min: 0,
        max: 1 << 30,
    },
    preset: Preset::Text("10MiB"),
    effect: Effect::Reload,
    doc: "The maximum size of a request body. The gateway answers a longer one with 413.",
};
static REPLAY_BUFFER: Key = Key {
    name: "replay_buffer",
    kind: Kind::Size {
        min: 0,
        max: 64 << 20,
    },
    // Most rating and shipping requests fit; a request that does not is sent once and never again.
    preset: Preset::Text("256KiB"),
    effect: Effect::Reload,
    doc: "The maximum size of a request body that is kept for a replay after a rejected token. A \
         longer body is streamed and not replayed. If the carrier requires signed requests, the \
         gateway refuses a longer body.",
};
static CONNECTIONS: Key = Key {
    name: "connections",
    kind: Kind::Integer {
        min: 1,
        max: 1_000_000,
    },
    // Each may need a second one to a carrier, so the process needs twice as many file descriptors.
    preset: Preset::Integer(20_000),
    effect: Effect::Reload,
    doc: "The maximum number of connections from apps, over all workers.",
};
static UPSTREAM_IDLE_CONNECTIONS: Key = Key {
    name: "upstream_idle_connections",
    kind: Kind::Integer {
        min: 0,
        max: 65_536,
    },
    preset: Preset::Integer(256),
    effect: Effect::Reload,
    doc: "The maximum number of idle upstream connections that one worker keeps for one origin.",
};
static HTTP2_STREAMS: Key = Key {
    name: "http2_streams",
    kind: Kind::Integer { min: 1, max: 1_000 },
    // RFC 9113 recommends 100 at least.
    preset: Preset::Integer(100),
    effect: Effect::Reload,
    doc: "The maximum number of concurrent streams of one HTTP/2 connection.",
};
static HEAD_TIMEOUT: Key = Key {
    name: "head_timeout",
    kind: Kind::Duration {
        min: Duration::from_millis(100),
        max: Duration::from_secs(600),
    },
    // A slow client that sends its head byte by byte ends here.
    preset: Preset::Text("10s"),
    effect: Effect::Reload,
    doc: "The time limit for a request head, from its first byte to its last.",
};
static BODY_IDLE_TIMEOUT: Key = Key {
    name: "body_idle_timeout",
    kind: Kind::Duration {
        min: Duration::from_millis(100),
        max: Duration::from_secs(3600),
    },
    preset: Preset::Text("30s"),
    effect: Effect::Reload,
    doc: "The maximum time between two pieces of a body, in both directions.",
};
static WRITE_TIMEOUT: Key = Key {
    name: "write_timeout",
    kind: Kind::Duration {
        min: Duration::from_millis(100),
        max: Duration::from_secs(3600),
    },
    preset: Preset::Text("30s"),
    effect: Effect::Reload,
    doc: "The maximum time without progress while a peer does not read what the gateway writes.",
};
static WRITE_RATE: Key = Key {
    name: "write_rate",
    kind: Kind::Size {
        min: 0,
        max: 1 << 20,
    },
    preset: Preset::Text("256B"),
    effect: Effect::Reload,
    doc: "The number of bytes that an app must read of its responses in a second while the \
         gateway waits for it. The gateway cuts the connection of a slower app after \
         `write_timeout`. 0B switches this off.",
};
static KEEP_ALIVE_TIMEOUT: Key = Key {
    name: "keep_alive_timeout",
    kind: Kind::Duration {
        min: Duration::from_millis(100),
        max: Duration::from_secs(86400),
    },
    // As long as nginx keeps an idle connection by default.
    preset: Preset::Text("75s"),
    effect: Effect::Reload,
    doc: "The maximum time between two requests of an app's connection.",
};
static HANDSHAKE_TIMEOUT: Key = Key {
    name: "handshake_timeout",
    kind: Kind::Duration {
        min: Duration::from_millis(100),
        max: Duration::from_secs(600),
    },
    preset: Preset::Text("10s"),
    effect: Effect::Reload,
    doc: "The time limit for the TLS handshake of an app.",
};
static CONNECT_TIMEOUT: Key = Key {
    name: "connect_timeout",
    kind: Kind::Duration {
        min: Duration::from_millis(100),
        max: Duration::from_secs(600),
    },
    preset: Preset::Text("10s"),
    effect: Effect::Reload,
    doc: "The time limit for the TCP connection and the TLS handshake to a carrier.",
};
static FIRST_BYTE_TIMEOUT: Key = Key {
    name: "first_byte_timeout",
    kind: Kind::Duration {
        min: Duration::from_millis(100),
        max: Duration::from_secs(3600),
    },
    preset: Preset::Text("60s"),
    effect: Effect::Reload,
    doc: "The maximum time from the end of a request to the head of the carrier's response.",
};
static UPSTREAM_IDLE_TIMEOUT: Key = Key {
    name: "upstream_idle_timeout",
    kind: Kind::Duration {
        min: Duration::from_millis(100),
        max: Duration::from_secs(3600),
    },
    // Shorter than servers usually keep idle connections, so that the gateway closes first.
    preset: Preset::Text("30s"),
    effect: Effect::Reload,
    doc: "How long an idle upstream connection is kept.",
};
static DRAIN_TIMEOUT: Key = Key {
    name: "drain_timeout",
    kind: Kind::Duration {
        min: Duration::from_secs(0),
        max: Duration::from_secs(3600),
    },
    // Kubernetes kills after 30 seconds unless told otherwise.
    preset: Preset::Text("30s"),
    effect: Effect::Reload,
    doc: "How long requests in flight may take to finish after the first stop signal.",
};
static HTTP1_SERVER: Key = Key {
    name: "http1_server",
    kind: Kind::OneOf(&["own", "hyper"]),
    preset: Preset::Text("own"),
    effect: Effect::Reload,
    doc: "What serves the HTTP/1 connections of apps that are accepted from now on: the gateway's own server, or \
         the one of the library hyper, which needs more memory and processor time. The checks are the same. The \
         setting is there for one release, in case an app does not get on with the new server.",
};

pub(crate) static SECTION: Section = Section {
    path: "limits",
    repeated: false,
    doc: "The limits of size, number and time for everything that an app or a carrier sends.",
    keys: &[
        &HEAD,
        &TARGET,
        &BODY,
        &REPLAY_BUFFER,
        &CONNECTIONS,
        &UPSTREAM_IDLE_CONNECTIONS,
        &HTTP2_STREAMS,
        &HEAD_TIMEOUT,
        &BODY_IDLE_TIMEOUT,
        &WRITE_TIMEOUT,
        &WRITE_RATE,
        &KEEP_ALIVE_TIMEOUT,
        &HANDSHAKE_TIMEOUT,
        &CONNECT_TIMEOUT,
        &FIRST_BYTE_TIMEOUT,
        &UPSTREAM_IDLE_TIMEOUT,
        &DRAIN_TIMEOUT,
        &HTTP1_SERVER,
    ],
};

impl Limits {
    pub(crate) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Self {
        let http1_server = table.parsed(cx, &HTTP1_SERVER, |text| match text {
            "own" => Ok(Http1Server::Own),
            "hyper" => Ok(Http1Server::Hyper),
            other => Err(format!("{:?} is not a server", shortened(other))),
        });
        Self {
            head_bytes: narrow(table.size(cx, &HEAD)),
            target_bytes: narrow(table.size(cx, &TARGET)),
            body_bytes: table.size(cx, &BODY),
            replay_bytes: narrow(table.size(cx, &REPLAY_BUFFER)),
            connections: narrow(table.integer(cx, &CONNECTIONS).unwrap_or_default()),
            upstream_idle_connections: narrow(
                table
                    .integer(cx, &UPSTREAM_IDLE_CONNECTIONS)
                    .unwrap_or_default(),
            ),
            http2_streams: narrow(table.integer(cx, &HTTP2_STREAMS).unwrap_or_default()),
            head_read: table.duration(cx, &HEAD_TIMEOUT),
            body_idle: table.duration(cx, &BODY_IDLE_TIMEOUT),
            write_idle: table.duration(cx, &WRITE_TIMEOUT),
            write_rate: table.size(cx, &WRITE_RATE),
            keep_alive_idle: table.duration(cx, &KEEP_ALIVE_TIMEOUT),
            handshake: table.duration(cx, &HANDSHAKE_TIMEOUT),
            connect: table.duration(cx, &CONNECT_TIMEOUT),
            first_byte: table.duration(cx, &FIRST_BYTE_TIMEOUT),
            upstream_idle: table.duration(cx, &UPSTREAM_IDLE_TIMEOUT),
            drain: table.duration(cx, &DRAIN_TIMEOUT),
            http1_server: http1_server.map_or(Http1Server::Own, |at| at.value),
        }
    }
}

/// Narrows a number whose key bounds it far below `u32::MAX`.
fn narrow<T: TryFrom<u64> + Default>(number: u64) -> T {
    // Out of range would be zero, the safest bound; the key's own bounds keep it from happening.
    T::try_from(number).unwrap_or_default()
}
