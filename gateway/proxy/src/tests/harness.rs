//! A gateway between a client that writes raw bytes and an upstream that answers raw bytes.

use crate::{
    Account, App, AppLogin, BoxFuture, CredentialSource, Directory, Drain, InheritedSockets,
    Limits, ListenerSettings, RenewalOutcome, RequestFilter, RequestReport, Route, Running,
    SecretHash, Settings, bind,
};
use gateway_model::{
    AccountId, CarrierApi, CarrierProfile, Clock, Credential, CredentialCell, CredentialState,
    Demanded, DownstreamToken, Environment, ErrorEnvelope, Generation, HeaderWhenAbsent,
    LoginFields, Refusal, SecretBytes, Unavailable,
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use std::{
    collections::HashMap,
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant, SystemTime},
};

/// The system's clock, moved and stopped by hand.
#[derive(Default)]
pub(super) struct TestClock {
    ahead_ms: AtomicU64,
    stopped: OnceLock<(Instant, SystemTime)>,
}

impl TestClock {
    /// From now on time passes only by `advance`.
    #[expect(clippy::disallowed_methods, reason = "this is the clock of the tests")]
    pub(super) fn stop(&self) {
        (self.stopped).get_or_init(|| (Instant::now(), SystemTime::now()));
    }

    pub(super) fn advance(&self, span: Duration) {
        self.ahead_ms
            .fetch_add(span.as_millis() as u64, Ordering::SeqCst);
    }

    fn ahead(&self) -> Duration {
        Duration::from_millis(self.ahead_ms.load(Ordering::SeqCst))
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock of the tests")]
impl Clock for TestClock {
    fn now(&self) -> Instant {
        let stopped = self.stopped.get().map(|(now, _)| *now);
        stopped.unwrap_or_else(Instant::now) + self.ahead()
    }

    fn wall(&self) -> SystemTime {
        let stopped = self.stopped.get().map(|(_, wall)| *wall);
        stopped.unwrap_or_else(SystemTime::now) + self.ahead()
    }
}

/// One message as it was on the wire.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) start: String,
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Message {
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let named = self
            .fields
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub(super) fn one(&self, name: &str) -> &str {
        match self.all(name).as_slice() {
            [value] => value,
            other => panic!("{name} is there {} times in {self:?}", other.len()),
        }
    }

    pub(super) fn status(&self) -> u16 {
        self.start
            .split(' ')
            .nth(1)
            .and_then(|s| s.parse().ok())
            .expect("a status line")
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Reads one message; `None` when the peer closed before it began, `Err` when it broke off.
pub(super) fn read_message(
    stream: &mut TcpStream,
    head_only: bool,
) -> Result<Option<Message>, String> {
    let mut bytes = Vec::new();
    let mut byte = [0; 1];
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(0) if bytes.is_empty() => return Ok(None),
            Ok(0) => {
                return Err(format!(
                    "broke off in {:?}",
                    String::from_utf8_lossy(&bytes)
                ));
            }
            Ok(_) => bytes.push(byte[0]),
            Err(error) => return Err(error.to_string()),
        }
    }
    let head = String::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut lines = head.trim_end().split("\r\n");
    let start = lines.next().unwrap_or_default().to_owned();
    let fields = lines.filter_map(|line| line.split_once(':'));
    let fields = fields
        .map(|(n, v)| (n.to_owned(), v.trim().to_owned()))
        .collect();
    let mut message = Message {
        start,
        fields,
        body: Vec::new(),
    };
    let length = message
        .all("content-length")
        .first()
        .and_then(|l| l.parse::<usize>().ok());
    if head_only {
        return Ok(Some(message));
    }
    if message.all("transfer-encoding") == ["chunked"] {
        message.body = read_chunks(stream)?;
    } else if let Some(length) = length {
        message.body.resize(length, 0);
        stream
            .read_exact(&mut message.body)
            .map_err(|error| error.to_string())?;
    }
    Ok(Some(message))
}

fn read_chunks(stream: &mut TcpStream) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    loop {
        let mut line = Vec::new();
        let mut byte = [0; 1];
        while !line.ends_with(b"\r\n") {
            stream
                .read_exact(&mut byte)
                .map_err(|error| error.to_string())?;
            line.push(byte[0]);
        }
        let size = String::from_utf8_lossy(&line);
        let size = usize::from_str_radix(size.trim(), 16).map_err(|error| error.to_string())?;
        let mut chunk = vec![0; size + 2];
        stream
            .read_exact(&mut chunk)
            .map_err(|error| error.to_string())?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

/// What the upstream does with a request: raw bytes to answer; empty means close at once.
pub(super) type Script = Box<dyn Fn(usize, &Message) -> Vec<u8> + Send + Sync>;

/// Answers by script and keeps what it saw.
pub(super) struct Upstream {
    pub(super) addr: SocketAddr,
    seen: Arc<Mutex<Vec<Message>>>,
    connections: Arc<AtomicU64>,
    ended: Arc<AtomicU64>,
}

impl Upstream {
    pub(super) fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicU64::new(0));
        let (script, kept, count) = (
            Arc::new(script),
            Arc::clone(&seen),
            Arc::clone(&connections),
        );
        let ended = Arc::new(AtomicU64::new(0));
        let over = Arc::clone(&ended);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                count.fetch_add(1, Ordering::SeqCst);
                let (script, kept) = (Arc::clone(&script), Arc::clone(&kept));
                let over = Arc::clone(&over);
                std::thread::spawn(move || {
                    while let Ok(Some(message)) = read_message(&mut stream, false) {
                        let number = {
                            let mut kept = kept.lock().expect("no test thread panics here");
                            kept.push(message.clone());
                            kept.len()
                        };
                        let answer = script(number, &message);
                        let close = answer.is_empty() || contains(&answer, b"connection: close");
                        let _ = stream.write_all(&answer);
                        if close {
                            let _ = stream.shutdown(Shutdown::Both);
                            break;
                        }
                    }
                    over.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self {
            addr,
            seen,
            connections,
            ended,
        }
    }

    /// Answers 200 with a small JSON body.
    pub(super) fn fine() -> Self {
        Self::start(Box::new(|_, _| ok("{}")))
    }

    pub(super) fn seen(&self) -> Vec<Message> {
        self.seen
            .lock()
            .expect("no test thread panics here")
            .clone()
    }

    /// Connections that ended.
    pub(super) fn ended(&self) -> u64 {
        self.ended.load(Ordering::SeqCst)
    }

    pub(super) fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes
        .windows(part.len())
        .any(|window| window.eq_ignore_ascii_case(part))
}

pub(super) fn ok(body: &str) -> Vec<u8> {
    answer("200 OK", body)
}

pub(super) fn answer(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// What the broker would do: counted, and answered by a closure.
pub(super) struct Broker {
    pub(super) acquired: AtomicU64,
    pub(super) unauthorized: AtomicU64,
    pub(super) on_acquire: Box<dyn Fn() -> Result<(), Unavailable> + Send + Sync>,
    pub(super) on_unauthorized: Box<dyn Fn() -> RenewalOutcome + Send + Sync>,
}

impl CredentialSource for Broker {
    fn acquire(&self, _: &AccountId) -> BoxFuture<Demanded<()>> {
        self.acquired.fetch_add(1, Ordering::SeqCst);
        let result = (self.on_acquire)();
        Box::pin(async move { result.into() })
    }

    fn unauthorized(&self, _: &AccountId, _: Generation) -> BoxFuture<Demanded<RenewalOutcome>> {
        self.unauthorized.fetch_add(1, Ordering::SeqCst);
        let result = (self.on_unauthorized)();
        Box::pin(async move { Ok(result).into() })
    }
}

pub(super) const TOKEN_PATH: &str = "/security/v1/oauth/token";

pub(super) fn profile() -> CarrierProfile {
    let refusal = |status, code: &str, message: &str| Refusal {
        status,
        code: code.into(),
        message: message.into(),
    };
    let unauthorized = StatusCode::UNAUTHORIZED;
    CarrierProfile {
        id: "ups".parse().expect("an id"),
        display_name: "UPS".into(),
        origins: Vec::new(),
        rejected_statuses: vec![unauthorized],
        headers_when_absent: vec![
            HeaderWhenAbsent::RequestId(HeaderName::from_static("transid")),
            HeaderWhenAbsent::Fixed(
                HeaderName::from_static("transactionsrc"),
                HeaderValue::from_static("waybill"),
            ),
        ],
        credential_headers: vec![HeaderName::from_static("accesslicensenumber")],
        errors: ErrorEnvelope::new(
            r#"{"response":{"errors":[{"code":"{code}","message":"{message}"}]}}"#,
        )
        .expect("a template"),
        unauthenticated: refusal(
            unauthorized,
            "250002",
            "Invalid Authentication Information.",
        ),
        downstream_token: Some(DownstreamToken {
            path: TOKEN_PATH.into(),
            methods: vec![http::Method::POST],
            fields: LoginFields::default(),
            credentials: Vec::new(),
            grant_types: vec!["client_credentials".into()],
            grant_type_message: Some("Invalid/Missing grant_type".into()),
            errors: None,
            template: r#"{"access_token":"{access_token}","expires_in":"{expires_in}"}"#.into(),
            invalid_client: refusal(unauthorized, "10401", "ClientId is Invalid"),
            invalid_request: refusal(StatusCode::BAD_REQUEST, "10400", "Invalid Header"),
            too_many_requests: refusal(StatusCode::TOO_MANY_REQUESTS, "10429", "Too Many"),
        }),
        downstream_basic: false,
        api: CarrierApi::new(
            ["/security", "/oauth", "/api/security", "/api/oauth"]
                .map(|path| path.parse().expect("a template"))
                .into(),
            Vec::new(),
        )
        .expect("no operations"),
        legacy: None,
    }
}

/// A gateway in front of one upstream, with accounts `main` and `other`, and an app `shop` that may
/// use `main`.
pub(super) struct World {
    pub(super) addr: SocketAddr,
    pub(super) cells: HashMap<String, Arc<CredentialCell>>,
    pub(super) broker: Arc<Broker>,
    /// As it was at the start.
    pub(super) directory: Directory,
    pub(super) clock: Arc<TestClock>,
    pub(super) running: Option<Running>,
    settings: Settings,
}

/// A closure about a cell.
type Of<T, U> = Box<dyn Fn(&T) -> U + Send + Sync>;

/// What a test wants different.
pub(super) struct Wants {
    pub(super) limits: Limits,
    pub(super) trust_loopback: bool,
    pub(super) workers: usize,
    pub(super) inherited: InheritedSockets,
    pub(super) on_acquire: Of<CredentialCell, Result<(), Unavailable>>,
    pub(super) on_unauthorized: Of<CredentialCell, RenewalOutcome>,
    pub(super) change: Box<dyn FnOnce(&mut Directory)>,
}

impl Default for Wants {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            trust_loopback: true,
            workers: 1,
            inherited: InheritedSockets::default(),
            on_acquire: Box::new(|_| Ok(())),
            on_unauthorized: Box::new(|_| RenewalOutcome::Unchanged),
            change: Box::new(|_| {}),
        }
    }
}

pub(super) fn usable(clock: &TestClock, generation: u64, lifetime: Duration) -> CredentialState {
    let mut value =
        HeaderValue::from_str(&format!("Bearer carrier-{generation}")).expect("a value");
    value.set_sensitive(true);
    CredentialState::Usable(Credential {
        generation: Generation(generation),
        headers: vec![(header::AUTHORIZATION, value)],
        expires_at: clock.now() + lifetime,
        state: Some(Arc::new(SecretBytes::new(vec![b'0' + generation as u8]))),
        slots: Vec::new(),
    })
}

fn directory(upstream: SocketAddr, accounts: Vec<Account>) -> Directory {
    Directory {
        routes: vec![Route {
            profile: Arc::new(profile()),
            environment: Environment::Test,
            origin: format!("http://{upstream}").parse().expect("an origin"),
            danger_plaintext: true,
            hosts: Vec::new(),
            prefix: Some("/ups".into()),
            default_account: Some("main".parse().expect("a name")),
        }],
        accounts,
        apps: vec![App {
            id: "shop".parse().expect("a name"),
            login: Some(AppLogin {
                client_id: "shop-client".into(),
                secret: SecretHash::of("shop-secret"),
            }),
            key: Some(SecretHash::of("shop-key")),
            accounts: vec!["main".parse().expect("a name")],
            rate: None,
        }],
        ..Directory::default()
    }
}

impl World {
    pub(super) fn new(upstream: SocketAddr, mut wants: Wants) -> Self {
        let clock = Arc::new(TestClock::default());
        let mut cells = HashMap::new();
        let mut accounts = Vec::new();
        for name in ["main", "other"] {
            let id: AccountId = name.parse().expect("a name");
            let cell = Arc::new(CredentialCell::new(id.clone()));
            cell.publish(usable(&clock, 1, Duration::from_secs(3600)));
            cells.insert(name.to_owned(), Arc::clone(&cell));
            let carrier = "ups".parse().expect("an id");
            accounts.push(Account {
                id,
                aliases: Vec::new(),
                carrier,
                environment: Environment::Test,
                cell,
                signer: None,
            });
        }
        let mut directory = directory(upstream, accounts);
        (wants.change)(&mut directory);
        let first_directory = directory.clone();
        let (first, second) = (Arc::clone(&cells["main"]), Arc::clone(&cells["main"]));
        let (on_acquire, on_unauthorized) = (wants.on_acquire, wants.on_unauthorized);
        let broker = Arc::new(Broker {
            acquired: AtomicU64::new(0),
            unauthorized: AtomicU64::new(0),
            on_acquire: Box::new(move || on_acquire(&first)),
            on_unauthorized: Box::new(move || on_unauthorized(&second)),
        });
        let mut listener = ListenerSettings::plain(([127, 0, 0, 1], 0).into());
        listener.trust_loopback = wants.trust_loopback;
        let settings = Settings {
            listeners: vec![listener],
            workers: wants.workers,
            limits: wants.limits,
            upstream_tls: Arc::new(
                rustls::ClientConfig::builder()
                    .with_root_certificates(rustls::RootCertStore::empty())
                    .with_no_client_auth(),
            ),
            upstream_http2: false,
            access_log: true,
            request_series: 100,
            trace: crate::TraceSettings::default(),
            token_key: SecretBytes::new(vec![7; 32]),
            app_token_lifetime: Duration::from_secs(600),
        };
        let bound = bind(
            settings.clone(),
            directory,
            Arc::clone(&broker) as _,
            Arc::clone(&clock) as _,
            &mut wants.inherited,
        )
        .expect("bound");
        let addr = bound.addresses()[0];
        let running = Some(bound.start().expect("started"));
        Self {
            addr,
            cells,
            broker,
            directory: first_directory,
            clock,
            running,
            settings,
        }
    }

    /// Replaces the directory by the first one with a change.
    pub(super) fn replace(&self, change: impl FnOnce(&mut Directory)) {
        let mut directory = self.directory.clone();
        change(&mut directory);
        let handle = self.running.as_ref().expect("running").directory();
        handle.replace(directory).expect("a good directory");
    }

    /// Replaces the settings by the first ones with a change.
    pub(super) fn reconfigure(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.settings.clone();
        change(&mut settings);
        let handle = self.running.as_ref().expect("running").settings();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        assert!(runtime.block_on(handle.replace(settings)), "all workers");
    }

    pub(super) fn metrics(&self) -> crate::MetricsSnapshot {
        self.running.as_ref().expect("running").metrics().snapshot()
    }

    /// The last requests that the filter wants.
    pub(super) fn requests(&self, filter: RequestFilter) -> Vec<RequestReport> {
        let requests = self.running.as_ref().expect("running").requests();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        runtime.block_on(requests.recent(filter))
    }

    pub(super) fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.addr).expect("connected");
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .expect("a timeout");
        Client { stream }
    }

    /// One request on a connection of its own.
    pub(super) fn send(&self, raw: &str) -> Message {
        let mut client = self.connect();
        client.write(raw.as_bytes());
        client.read()
    }

    pub(super) fn shutdown(&mut self, requests: Duration) -> crate::DrainReport {
        self.drain(Drain::within(requests))
    }

    pub(super) fn drain(&mut self, drain: Drain) -> crate::DrainReport {
        let running = self.running.take().expect("running");
        let (done, report) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.expect("a runtime");
            let _ = done.send(runtime.block_on(running.shutdown(drain)));
        });
        report
            .recv_timeout(Duration::from_secs(30))
            .expect("a report")
    }
}

pub(super) struct Client {
    pub(super) stream: TcpStream,
}

impl Client {
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("written");
    }

    pub(super) fn read(&mut self) -> Message {
        read_message(&mut self.stream, false)
            .expect("a whole answer")
            .expect("an answer")
    }

    pub(super) fn is_closed(&mut self) -> bool {
        matches!(read_message(&mut self.stream, false), Ok(None))
    }
}

/// A POST as apps send it.
pub(super) fn post(path: &str, fields: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\n{fields}content-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}
