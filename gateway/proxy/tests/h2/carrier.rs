//! A carrier over TLS, HTTP/2 or HTTP/1, that misbehaves on demand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::{Reason, RecvStream, server::SendResponse};
use http::{HeaderMap, Request, Response};
use rustls::HandshakeKind;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::world::{Identity, Log};

/// What the carrier does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// This status, and the request's body back.
    Echo(u16),
    /// The request's body back, after the stream was kept open for this long.
    Late(Duration),
    /// Body and trailers.
    Trailers,
    /// Resets the stream: before a head, or after a head and part of a body.
    Reset(Reason),
    HalfThenReset,
    /// Part of a body, and the rest after a while.
    HalfThenRest(Duration),
    /// A body that is not as long as its head says.
    WrongLength,
    /// Says goodbye, answers this one.
    Goodbye,
    /// Ends the connection at once: with a `GOAWAY` that says so, or without a word.
    GoAway(Reason),
    Vanish,
    /// Never answers.
    Hang,
}

type Script = Arc<dyn Fn(usize, &Request<()>) -> Act + Send + Sync>;

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) connection: usize,
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
}

#[derive(Clone)]
pub(crate) struct Carrier {
    pub(crate) port: u16,
    pub(crate) seen: Log<Seen>,
    /// How each TLS connection began.
    pub(crate) handshakes: Log<HandshakeKind>,
    /// The most streams that were open at once on one connection.
    pub(crate) peak: Arc<AtomicUsize>,
    streams: u32,
    script: Script,
}

impl Carrier {
    pub(crate) async fn start(
        identity: &Identity,
        streams: u32,
        script: impl Fn(usize, &Request<()>) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let carrier = Self {
            port: listener.local_addr().expect("an address").port(),
            seen: Log::default(),
            handshakes: Log::default(),
            peak: Arc::default(),
            streams,
            script: Arc::new(script),
        };
        let acceptor = TlsAcceptor::from(Arc::clone(&identity.server));
        let serving = carrier.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                let (serving, acceptor) = (serving.clone(), acceptor.clone());
                tokio::spawn(async move { serving.connection(number, acceptor, stream).await });
            }
        });
        carrier
    }

    pub(crate) fn origin(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no poison").clone()
    }

    fn note<B>(&self, connection: usize, request: &Request<B>) -> usize {
        let mut seen = self.seen.lock().expect("no poison");
        seen.push(Seen {
            connection,
            method: request.method().to_string(),
            uri: request.uri().to_string(),
            headers: request.headers().clone(),
        });
        seen.len()
    }

    async fn connection(&self, number: usize, acceptor: TlsAcceptor, stream: TcpStream) {
        let Ok(stream) = acceptor.accept(stream).await else {
            return;
        };
        let tls = stream.get_ref().1;
        let kind = tls.handshake_kind().expect("it is over");
        self.handshakes.lock().expect("no poison").push(kind);
        if tls.alpn_protocol() == Some(b"h2") {
            self.http2(number, stream).await;
        } else {
            self.http1(number, stream).await;
        }
    }

    async fn http1(&self, number: usize, stream: tokio_rustls::server::TlsStream<TcpStream>) {
        use http_body_util::{BodyExt as _, Full};
        let service = hyper::service::service_fn(|request: Request<hyper::body::Incoming>| async {
            self.note(number, &request);
            let body = request.into_body().collect().await?.to_bytes();
            Ok::<_, hyper::Error>(Response::new(Full::new(body)))
        });
        let io = hyper_util::rt::TokioIo::new(stream);
        // A gateway that goes away is not the carrier's problem.
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(io, service)
            .await;
    }

    async fn http2(&self, number: usize, stream: tokio_rustls::server::TlsStream<TcpStream>) {
        let mut builder = h2::server::Builder::new();
        builder.max_concurrent_streams(self.streams);
        let Ok(mut connection) = builder.handshake::<_, Bytes>(stream).await else {
            return;
        };
        let open = Arc::new(AtomicUsize::new(0));
        while let Some(Ok((request, respond))) = connection.accept().await {
            let count = self.note(number, &request);
            let (parts, body) = request.into_parts();
            let act = (self.script)(count, &Request::from_parts(parts, ()));
            match act {
                Act::Vanish => return,
                Act::Goodbye => connection.graceful_shutdown(),
                Act::GoAway(reason) => connection.abrupt_shutdown(reason),
                Act::Echo(_)
                | Act::Late(_)
                | Act::Trailers
                | Act::Reset(_)
                | Act::HalfThenReset
                | Act::HalfThenRest(_)
                | Act::WrongLength
                | Act::Hang => {}
            }
            let (open, peak) = (Arc::clone(&open), Arc::clone(&self.peak));
            tokio::spawn(async move {
                peak.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                perform(act, body, respond).await;
                open.fetch_sub(1, Ordering::SeqCst);
            });
        }
    }
}

async fn read(mut body: RecvStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(Ok(piece)) = body.data().await {
        let _ = body.flow_control().release_capacity(piece.len());
        bytes.extend_from_slice(&piece);
    }
    bytes
}

/// The stream may be gone at any moment; then nobody is there to be answered.
async fn perform(act: Act, body: RecvStream, mut respond: SendResponse<Bytes>) {
    let head = |status: u16| {
        Response::builder()
            .status(status)
            .body(())
            .expect("a status")
    };
    match act {
        Act::Echo(_) | Act::Late(_) | Act::Goodbye => {
            let body = read(body).await;
            let status = if let Act::Echo(status) = act {
                status
            } else {
                200
            };
            if let Act::Late(span) = act {
                tokio::time::sleep(span).await;
            }
            if let Ok(mut send) = respond.send_response(head(status), false) {
                let _ = send.send_data(body.into(), true);
            }
        }
        Act::Trailers => {
            if let Ok(mut send) = respond.send_response(head(200), false) {
                let _ = send.send_data(Bytes::from_static(b"ok"), false);
                let late = (
                    http::HeaderName::from_static("x-late"),
                    "a".parse().expect("a value"),
                );
                let _ = send.send_trailers(HeaderMap::from_iter([late]));
            }
        }
        Act::Reset(reason) => respond.send_reset(reason),
        Act::HalfThenReset => {
            if let Ok(mut send) = respond.send_response(head(200), false) {
                let _ = send.send_data(Bytes::from_static(b"half"), false);
                tokio::time::sleep(Duration::from_millis(50)).await;
                send.send_reset(Reason::INTERNAL_ERROR);
            }
        }
        Act::HalfThenRest(span) => {
            if let Ok(mut send) = respond.send_response(head(200), false) {
                let _ = send.send_data(Bytes::from_static(b"half"), false);
                tokio::time::sleep(span).await;
                let _ = send.send_data(Bytes::from_static(b" and rest"), true);
            }
        }
        Act::WrongLength => {
            let mut response = head(200);
            response.headers_mut().insert("content-length", 9.into());
            if let Ok(mut send) = respond.send_response(response, false) {
                let _ = send.send_data(Bytes::from_static(b"half"), true);
            }
        }
        Act::GoAway(_) | Act::Vanish => {}
        Act::Hang => {
            std::future::pending::<()>().await;
        }
    }
}
