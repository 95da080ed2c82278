//! A gateway with TLS on either side, a carrier that speaks HTTP/2 or HTTP/1 over TLS, and apps.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use gateway_model::{
    AccountId, CarrierProfile, Clock, Credential, CredentialCell, CredentialState, Demanded,
    DownstreamToken, Environment, ErrorEnvelope, Generation, Refusal, SecretBytes,
};
use gateway_proxy::{
    Account, App, BoxFuture, CredentialSource, Directory, InheritedSockets, Limits,
    ListenerSettings, RenewalOutcome, Route, Running, SecretHash, Settings, bind,
};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::harness::TestClock;

/// A certificate for `localhost` and whoever trusts it.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) trust: Arc<ClientConfig>,
}

impl Identity {
    pub(crate) fn new(name: &str, alpn: &[&str]) -> Self {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
        let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a matching key");
        server.alpn_protocols = protocols(alpn);
        Self {
            server: Arc::new(server),
            trust: Arc::new(trusting(cert.der().clone(), provider)),
        }
    }
}

fn trusting(
    certificate: CertificateDer<'static>,
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a certificate");
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows TLS 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

pub(crate) fn protocols(alpn: &[&str]) -> Vec<Vec<u8>> {
    alpn.iter().map(|name| name.as_bytes().to_vec()).collect()
}

/// Publishes a new generation when asked after a rejection.
struct Broker(Arc<CredentialCell>);

impl CredentialSource for Broker {
    fn acquire(&self, _: &AccountId) -> BoxFuture<Demanded<()>> {
        Box::pin(std::future::pending())
    }

    fn unauthorized(&self, _: &AccountId, seen: Generation) -> BoxFuture<Demanded<RenewalOutcome>> {
        self.0.publish(usable(seen.0 + 1));
        Box::pin(async { Ok(RenewalOutcome::Renewed).into() })
    }
}

fn usable(generation: u64) -> CredentialState {
    let value = HeaderValue::from_str(&format!("Bearer carrier-{generation}")).expect("a value");
    CredentialState::Usable(Credential {
        generation: Generation(generation),
        headers: vec![(header::AUTHORIZATION, value)],
        expires_at: TestClock.now() + Duration::from_secs(3600),
        state: None,
        slots: Vec::new(),
    })
}

/// What a test wants of its gateway.
pub(crate) struct Wants {
    pub(crate) origin: String,
    /// Whom the gateway trusts as the carrier.
    pub(crate) trust: Arc<ClientConfig>,
    pub(crate) upstream_http2: bool,
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) trust_loopback: bool,
    pub(crate) limits: Limits,
}

pub(crate) struct Gateway {
    pub(crate) addr: SocketAddr,
    pub(crate) running: Running,
}

impl Gateway {
    pub(crate) fn start(wants: Wants) -> Self {
        let mut listener = ListenerSettings::plain(([127, 0, 0, 1], 0).into());
        listener.trust_loopback = wants.trust_loopback;
        listener.tls = wants.tls;
        let settings = Settings {
            listeners: vec![listener],
            workers: 1,
            limits: wants.limits,
            upstream_tls: wants.trust,
            upstream_http2: wants.upstream_http2,
            access_log: false,
            request_series: 100,
            trace: gateway_proxy::TraceSettings::default(),
            token_key: SecretBytes::new(vec![7; 32]),
            app_token_lifetime: Duration::from_secs(3600),
        };
        let id: AccountId = "main".parse().expect("a name");
        let cell = Arc::new(CredentialCell::new(id));
        cell.publish(usable(1));
        let broker = Arc::new(Broker(Arc::clone(&cell)));
        let directory = directory(&wants.origin, cell);
        let (clock, inherited) = (Arc::new(TestClock), &mut InheritedSockets::default());
        let bound = bind(settings, directory, broker, clock, inherited).expect("bound");
        Self {
            addr: bound.addresses()[0],
            running: bound.start().expect("threads are to be had"),
        }
    }
}

fn directory(origin: &str, cell: Arc<CredentialCell>) -> Directory {
    let refusal = |code: &str| Refusal {
        status: StatusCode::UNAUTHORIZED,
        code: code.into(),
        message: "no".into(),
    };
    let profile = CarrierProfile {
        id: "ups".parse().expect("a carrier"),
        display_name: "UPS".into(),
        origins: Vec::new(),
        rejected_statuses: vec![StatusCode::UNAUTHORIZED],
        headers_when_absent: Vec::new(),
        credential_headers: Vec::new(),
        errors: ErrorEnvelope::new(r#"{"code":"{code}","message":"{message}"}"#)
            .expect("a template"),
        unauthenticated: refusal("250002"),
        downstream_token: Some(DownstreamToken {
            path: "/token".into(),
            methods: vec![http::Method::POST],
            fields: gateway_model::LoginFields::default(),
            credentials: Vec::new(),
            grant_types: vec!["client_credentials".into()],
            grant_type_message: None,
            errors: None,
            template: r#"{"access_token":"{access_token}"}"#.into(),
            invalid_client: refusal("10401"),
            invalid_request: refusal("10400"),
            too_many_requests: refusal("10429"),
        }),
        downstream_basic: false,
        api: gateway_model::CarrierApi::default(),
        legacy: None,
    };
    let name = |name: &str| name.parse().expect("a name");
    Directory {
        routes: vec![Route {
            profile: Arc::new(profile),
            environment: Environment::Test,
            origin: origin.parse().expect("an origin"),
            danger_plaintext: true,
            hosts: Vec::new(),
            prefix: None,
            default_account: Some(name("main")),
        }],
        accounts: vec![Account {
            id: name("main"),
            aliases: Vec::new(),
            carrier: "ups".parse().expect("a carrier"),
            environment: Environment::Test,
            cell,
            signer: None,
        }],
        apps: vec![App {
            id: "shop".parse().expect("a name"),
            login: None,
            key: Some(SecretHash::of("shop-key")),
            accounts: vec![name("main")],
            rate: None,
        }],
        ..Directory::default()
    }
}

pub(crate) type Http2 = http2::SendRequest<Full<Bytes>>;

/// An app's HTTP/2 connection, in TLS if it has somebody to trust.
pub(crate) async fn http2(gateway: SocketAddr, trust: Option<&Identity>) -> Http2 {
    let stream = TcpStream::connect(gateway).await.expect("it listens");
    let builder = http2::Builder::new(TokioExecutor::new());
    match trust {
        None => {
            let handshake = builder.handshake(TokioIo::new(stream)).await;
            let (sender, connection) = handshake.expect("HTTP/2");
            tokio::spawn(connection);
            sender
        }
        Some(identity) => {
            let stream = tls(stream, identity, &["h2"]).await.expect("TLS");
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
            let handshake = builder.handshake(TokioIo::new(stream)).await;
            let (sender, connection) = handshake.expect("HTTP/2");
            tokio::spawn(connection);
            sender
        }
    }
}

/// An app's HTTP/1 connection in TLS.
pub(crate) async fn http1(
    gateway: SocketAddr,
    identity: &Identity,
) -> http1::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(gateway).await.expect("it listens");
    let stream = tls(stream, identity, &["http/1.1"]).await.expect("TLS");
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .expect("HTTP/1");
    tokio::spawn(connection);
    sender
}

pub(crate) async fn tls(
    stream: TcpStream,
    identity: &Identity,
    alpn: &[&str],
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let mut config = ClientConfig::clone(&identity.trust);
    config.alpn_protocols = protocols(alpn);
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// A request to the gateway.
pub(crate) fn request(method: &str, path: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri(format!("http://localhost{path}"))
        .body(Full::new(body.into()))
        .expect("a request")
}

/// Sends it; status, head and body of the answer.
pub(crate) async fn ask(
    sender: &mut Http2,
    request: Request<Full<Bytes>>,
) -> Result<(Response<()>, Bytes), hyper::Error> {
    sender.ready().await?;
    let (parts, body) = sender.send_request(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok((Response::from_parts(parts, ()), body))
}

/// Something that both sides of a test write to.
pub(crate) type Log<T> = Arc<Mutex<Vec<T>>>;
