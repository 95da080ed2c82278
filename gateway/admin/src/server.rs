//! Accepting, checking and routing the admin listener's requests.

use crate::{api, error::AdminError, host::AllowedHosts, metrics, readiness::{Latch, Readiness, StorePart}, sources::Sources, store_look::StoreLook};
use gateway_api::{VERSION, VERSION_HEADER};
use axum::{
    Json, Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use gateway_control::ControlPlane;
use gateway_model::Clock;
use http::{HeaderValue, StatusCode, header};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use serde_json::json;
use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;

/// Connections at a time; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 128;
/// From the begin of a connection or the end of an answer to the end of the next request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// A connection that lives longer is closed, whatever it does.
const MAX_LIFE: Duration = Duration::from_secs(600);
/// After a shutdown began, requests have so long to end.
const DRAIN: Duration = Duration::from_secs(5);
/// Larger heads are refused.
const MAX_HEAD: usize = 16 * 1024;
/// After a failed accept: the process may be out of file descriptors, and asking at once does not
/// help.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the listener needs.
pub struct AdminOptions {
    /// Where to listen; port 0 takes a free port.
    pub addr: SocketAddr,
    /// Further names by which it may be called.
    pub hosts: Vec<String>,
    /// What it reads.
    pub sources: Arc<dyn Sources>,
    /// How far the process is.
    pub latch: Latch,
    /// For "expires in", and for rate limits.
    pub clock: Arc<dyn Clock>,
    /// What the API works on; without it the API answers 503.
    pub control: Option<ControlPlane>,
}

/// The admin listener.
#[derive(Debug)]
pub struct Admin;

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {addr} for admin: {hint}{error}")]
pub struct BindError {
    addr: SocketAddr,
    hint: &'static str,
    error: io::Error,
}

/// A bound listener: connections queue up until it runs.
pub struct Bound {
    listener: TcpListener,
    addr: SocketAddr,
    router: Router,
    tasks: TaskTracker,
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bound({})", self.addr)
    }
}

/// What every request may need.
#[derive(Clone)]
pub(crate) struct Shared {
    sources: Arc<dyn Sources>,
    latch: Latch,
    pub(crate) clock: Arc<dyn Clock>,
    hosts: Arc<AllowedHosts>,
    pub(crate) control: Option<ControlPlane>,
    pub(crate) throttle: Arc<api::Throttle>,
    store: Arc<StoreLook>,
    /// Connections, and changes that outlive theirs.
    pub(crate) tasks: TaskTracker,
}

/// Who is at the other end of the connection.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl Admin {
    /// Takes the port.
    ///
    /// # Errors
    /// When it is taken, or the address is not this machine's.
    pub async fn bind(options: AdminOptions) -> Result<Bound, BindError> {
        let AdminOptions {
            addr,
            hosts,
            sources,
            latch,
            clock,
            control,
        } = options;
        let failed = |error: io::Error| BindError {
            addr,
            hint: if error.kind() == io::ErrorKind::AddrInUse {
                "another program has the port; stop it or change listen.admin: "
            } else {
                ""
            },
            error,
        };
        let listener = TcpListener::bind(addr).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let shared = Shared {
            sources,
            latch,
            clock,
            hosts: Arc::new(AllowedHosts::new(bound, &hosts)),
            control,
            throttle: Arc::default(),
            store: Arc::default(),
            tasks: TaskTracker::new(),
        };
        Ok(Bound {
            listener,
            addr: bound,
            tasks: shared.tasks.clone(),
            router: router(shared),
        })
    }
}

impl Bound {
    /// The address, with the real port.
    pub const fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `shutdown` completes, then lets requests in flight end, for a few seconds at
    /// most.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let (stop, stopped) = watch::channel(());
        let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut shutdown = pin!(shutdown);
        loop {
            let accepted = async {
                let permit = Arc::clone(&permits).acquire_owned().await;
                (permit, self.listener.accept().await)
            };
            let (permit, accepted) = tokio::select! {
                () = &mut shutdown => break,
                accepted = accepted => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let (router, stopped) = (self.router.clone(), stopped.clone());
                    self.tasks.spawn(async move {
                        serve(stream, peer, router, stopped).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the admin listener cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop((self.listener, stop));
        self.tasks.close();
        // Who is still reading after that has had time enough.
        let _ = timeout(DRAIN, self.tasks.wait()).await;
    }
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut stopped: watch::Receiver<()>,
) {
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        service.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let life = timeout(MAX_LIFE, async {
        let mut connection = pin!(connection);
        tokio::select! {
            done = connection.as_mut() => done,
            // The sender is dropped when the listener stops.
            _ = stopped.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    });
    if let Ok(Err(error)) = life.await {
        tracing::debug!(%error, "an admin connection ended early");
    }
}

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_text))
        .merge(api::router(&shared))
        .fallback(async || AdminError::NotFound)
        .method_not_allowed_fallback(async || AdminError::MethodNotAllowed)
        .layer(middleware::from_fn_with_state(shared.clone(), guard))
        .with_state(shared)
}

/// Checks `Host`, and keeps answers out of caches and frames.
async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = match shared.hosts.check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(VERSION_HEADER, HeaderValue::from_static(VERSION));
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A page has its own.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    response
}

async fn healthz() -> Json<serde_json::Value> {
    Json(json!({ "status": "ok" }))
}

async fn readyz(State(shared): State<Shared>) -> Response {
    let store = match &shared.control {
        Some(control) => {
            let reason = shared.store.problem(control, shared.clock.now()).await;
            let ready = reason.is_none();
            Some(StorePart { ready, reason })
        }
        None => None,
    };
    let readiness = Readiness::of(shared.sources.as_ref(), &shared.latch, store);
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness)).into_response()
}

async fn metrics_text(State(shared): State<Shared>) -> Response {
    let text = metrics::render(&shared.sources, &shared.clock);
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response()
}
