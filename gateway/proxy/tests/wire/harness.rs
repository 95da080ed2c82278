//! A real gateway between raw sockets: the test is its client and its upstream.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use gateway_model::{
    AccountId, CarrierProfile, Clock, Credential, CredentialCell, CredentialState, Demanded,
    Environment, ErrorEnvelope, Generation, Refusal, SecretBytes,
};
use gateway_proxy::{
    Account, BoxFuture, CredentialSource, Directory, Http1Server, InheritedSockets, Limits,
    ListenerSettings, RenewalOutcome, Route, Running, Settings, bind,
};
use http::{HeaderValue, StatusCode, header};

use crate::readers::{Reading, Seen, by_hand};

/// What the gateway injects.
pub(crate) const OUR_CREDENTIAL: &str = "Bearer planted-by-the-gateway";
/// Longer than anything here takes; a wait this long is a hang.
pub(crate) const HANG: Duration = Duration::from_secs(30);

pub(crate) struct TestClock;

impl Clock for TestClock {
    #[expect(clippy::disallowed_methods, reason = "real sockets run in real time")]
    fn now(&self) -> Instant {
        Instant::now()
    }
    #[expect(clippy::disallowed_methods, reason = "real sockets run in real time")]
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

pub(crate) fn now() -> Instant {
    TestClock.now()
}

/// Never asked: the credential of these tests is always fresh and never rejected.
struct NoBroker;

impl CredentialSource for NoBroker {
    fn acquire(&self, _: &AccountId) -> BoxFuture<Demanded<()>> {
        Box::pin(std::future::pending())
    }
    fn unauthorized(&self, _: &AccountId, _: Generation) -> BoxFuture<Demanded<RenewalOutcome>> {
        Box::pin(async { Ok(RenewalOutcome::Unchanged).into() })
    }
}

/// What the upstream does when `/hostile` is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) bytes: Vec<u8>,
    /// Close after these bytes.
    pub(crate) close: bool,
}

/// What reached the upstream and what it does.
#[derive(Debug, Default)]
pub(crate) struct UpstreamLog {
    /// All bytes of every connection.
    pub(crate) connections: Vec<Vec<u8>>,
    /// Requests that came in whole, in the order of their ends.
    pub(crate) requests: Vec<Seen>,
    /// Bytes that no strict reader takes.
    pub(crate) wrong: Vec<&'static str>,
    /// The next answers to `/hostile`.
    pub(crate) hostile: Answer,
}

pub(crate) struct World {
    pub(crate) gateway: SocketAddr,
    pub(crate) log: Arc<Mutex<UpstreamLog>>,
    running: Running,
}

/// How one exchange of a raw client ended.
pub(crate) struct Exchange {
    pub(crate) bytes: Vec<u8>,
    /// The gateway closed, rather than that we gave up waiting.
    pub(crate) closed: bool,
    /// It closed by a reset.
    pub(crate) reset: bool,
    pub(crate) took: Duration,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let how = match (self.closed, self.reset) {
            (false, _) => "still open",
            (true, false) => "closed",
            (true, true) => "reset",
        };
        write!(
            f,
            "{how} after {:?}: {}",
            self.took,
            self.bytes.escape_ascii()
        )
    }
}

impl World {
    /// With the server of this test target.
    pub(crate) fn start(limits: Limits) -> Self {
        Self::served_by(crate::SERVER, limits)
    }

    pub(crate) fn served_by(http1_server: Http1Server, limits: Limits) -> Self {
        let log = Arc::new(Mutex::new(UpstreamLog::default()));
        let upstream = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let origin = format!("http://{}", upstream.local_addr().expect("an address"));
        let shared = Arc::clone(&log);
        std::thread::spawn(move || serve_upstream(&upstream, &shared));
        let limits = Limits {
            http1_server,
            ..limits
        };
        Self {
            log,
            ..Self::in_front_of(&origin, limits)
        }
    }

    /// In front of another carrier.
    pub(crate) fn in_front_of(origin: &str, limits: Limits) -> Self {
        let mut listener = ListenerSettings::plain((Ipv4Addr::LOCALHOST, 0).into());
        listener.trust_loopback = true;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS 1.3")
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let settings = Settings {
            listeners: vec![listener],
            workers: 1,
            limits,
            upstream_tls: Arc::new(tls),
            upstream_http2: false,
            access_log: false,
            request_series: 100,
            trace: gateway_proxy::TraceSettings::default(),
            token_key: SecretBytes::new(vec![7; 32]),
            app_token_lifetime: Duration::from_secs(3600),
        };
        let bound = bind(
            settings,
            directory(origin),
            Arc::new(NoBroker),
            Arc::new(TestClock),
            &mut InheritedSockets::default(),
        )
        .expect("the settings work");
        let gateway = bound.addresses()[0];
        let running = bound.start().expect("threads are to be had");
        Self {
            gateway,
            log: Arc::default(),
            running,
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.gateway).expect("the gateway listens");
        stream
            .set_read_timeout(Some(HANG))
            .expect("a valid timeout");
        stream
    }

    /// Sends bytes on a connection of their own and reads until the gateway closes.
    pub(crate) fn exchange(&self, bytes: &[u8]) -> Exchange {
        let mut stream = self.connect();
        let began = now();
        let mut writer = stream.try_clone().expect("a second handle");
        let bytes = bytes.to_vec();
        // The gateway may answer and close before it has taken everything.
        let writing = std::thread::spawn(move || writer.write_all(&bytes).is_ok());
        let exchange = read_all(&mut stream, began);
        let _ = stream.shutdown(Shutdown::Both);
        writing.join().expect("the writer does not panic");
        exchange
    }

    /// Forgets what the upstream saw.
    pub(crate) fn forget(&self) {
        self.log.lock().expect("no poison").requests.clear();
    }

    pub(crate) fn open_connections(&self) -> u64 {
        self.running.metrics().snapshot().connections_open
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.log.lock().expect("no poison").requests.clone()
    }
}

pub(crate) fn read_all(stream: &mut TcpStream, began: Instant) -> Exchange {
    let mut bytes = Vec::new();
    let mut piece = [0; 16 * 1024];
    let (closed, reset) = loop {
        match stream.read(&mut piece) {
            Ok(0) => break (true, false),
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break (false, false),
            Err(_) => break (true, true),
        }
    };
    Exchange {
        bytes,
        closed,
        reset,
        took: now().duration_since(began),
    }
}

fn directory(origin: &str) -> Directory {
    let id: AccountId = "main".parse().expect("a name");
    let cell = Arc::new(CredentialCell::new(id.clone()));
    cell.publish(CredentialState::Usable(Credential {
        generation: Generation(1),
        headers: vec![(
            header::AUTHORIZATION,
            HeaderValue::from_static(OUR_CREDENTIAL),
        )],
        expires_at: now() + Duration::from_secs(3600),
        state: None,
        slots: Vec::new(),
    }));
    let profile = CarrierProfile {
        id: "ups".parse().expect("a carrier"),
        display_name: "UPS".into(),
        origins: Vec::new(),
        rejected_statuses: vec![StatusCode::UNAUTHORIZED],
        headers_when_absent: Vec::new(),
        credential_headers: vec![header::HeaderName::from_static("accesslicensenumber")],
        errors: ErrorEnvelope::new(r#"{"code":"{code}","message":"{message}"}"#)
            .expect("a template"),
        unauthenticated: Refusal {
            status: StatusCode::UNAUTHORIZED,
            code: "1".into(),
            message: "no".into(),
        },
        downstream_token: None,
        downstream_basic: false,
        api: gateway_model::CarrierApi::default(),
        legacy: None,
    };
    Directory {
        routes: vec![Route {
            profile: Arc::new(profile),
            environment: Environment::Test,
            origin: origin.parse().expect("an origin"),
            danger_plaintext: true,
            hosts: Vec::new(),
            prefix: None,
            default_account: Some(id.clone()),
        }],
        accounts: vec![Account {
            id,
            aliases: Vec::new(),
            carrier: "ups".parse().expect("a carrier"),
            environment: Environment::Test,
            cell,
            signer: None,
        }],
        ..Directory::default()
    }
}

fn serve_upstream(listener: &TcpListener, log: &Arc<Mutex<UpstreamLog>>) {
    for stream in listener.incoming().flatten() {
        let log = Arc::clone(log);
        std::thread::spawn(move || serve_connection(stream, &log));
    }
}

/// Reads strictly; answers each request with its own method and target, or as `/hostile` demands.
fn serve_connection(mut stream: TcpStream, log: &Mutex<UpstreamLog>) {
    let slot = {
        let mut log = log.lock().expect("no poison");
        log.connections.push(Vec::new());
        log.connections.len() - 1
    };
    let (mut unread, mut piece) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let Ok(read) = stream.read(&mut piece) else {
            return;
        };
        if read == 0 {
            return;
        }
        unread.extend_from_slice(&piece[..read]);
        log.lock().expect("no poison").connections[slot].extend_from_slice(&piece[..read]);
        loop {
            match by_hand(&unread) {
                Reading::Part => break,
                Reading::Wrong(why) => {
                    log.lock().expect("no poison").wrong.push(why);
                    return;
                }
                Reading::Whole(seen) => {
                    unread.drain(..seen.length);
                    let answer = answer(&seen, log);
                    if stream.write_all(&answer.bytes).is_err() || answer.close {
                        return;
                    }
                }
            }
        }
    }
}

fn answer(seen: &Seen, log: &Mutex<UpstreamLog>) -> Answer {
    let mut log = log.lock().expect("no poison");
    log.requests.push(seen.clone());
    if seen.target == "/hostile" {
        return log.hostile.clone();
    }
    let text = format!("[{} {} {}]", seen.method, seen.target, seen.body.len());
    let body = if seen.method == "HEAD" { "" } else { &*text };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", text.len());
    Answer {
        bytes: (head + body).into_bytes(),
        close: false,
    }
}

/// The final statuses in a stream of answers to requests other than `HEAD`, interim ones left out;
/// and what is left of the last one if it is cut off.
pub(crate) fn answers(mut bytes: &[u8]) -> (Vec<u16>, bool) {
    let mut statuses = Vec::new();
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 128];
        let mut head = httparse::Response::new(&mut fields);
        let at = match head.parse(bytes) {
            Ok(httparse::Status::Complete(at)) => at,
            Ok(httparse::Status::Partial) => return (statuses, !bytes.is_empty()),
            Err(error) => unreachable!("{error} in {}", bytes.escape_ascii()),
        };
        let status = head.code.expect("a whole head has a status");
        let field = |name: &str| {
            let field = head
                .headers
                .iter()
                .find(|field| field.name.eq_ignore_ascii_case(name))?;
            str::from_utf8(field.value).ok()
        };
        let length = if status < 200 || status == 204 || status == 304 {
            Some(0)
        } else if field("transfer-encoding") == Some("chunked") {
            memchr::memmem::find(&bytes[at..], b"0\r\n\r\n").map(|end| end + 5)
        } else {
            match field("content-length") {
                Some(length) => length.parse().ok(),
                None => Some(bytes.len() - at),
            }
        };
        if status >= 200 {
            statuses.push(status);
        }
        match length {
            Some(length) if at + length <= bytes.len() => bytes = &bytes[at + length..],
            _ => return (statuses, true),
        }
    }
}
