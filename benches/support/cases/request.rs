//! A request through the data plane, with a carrier's manifest and the credential of its plugin.
//!
//! The app, the carrier and the gateway's worker are threads of one process, and each waits for the other, so
//! that a count is that of one request after another. What the app and the carrier do is counted as well. It
//! is the same for every carrier.

use super::{
    authorization::{self, BenchClock},
    carriers::Carrier,
    case::Case,
};
use crate::now;
use gateway_model::{
    AccountId, CredentialCell, CredentialState, Demanded, Environment, Generation, SecretBytes,
    SlotContent, SlotCredential,
};
use gateway_plugin_host::Manifest;
use gateway_proxy::{
    Account, BoxFuture, CredentialSource, Directory, InheritedSockets, Limits, ListenerSettings,
    RenewalOutcome, Route, Settings, bind,
};
use memchr::memmem;
use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// As long as a Shop request and its answer for one service.
const BODY_BYTES: usize = 2_048;
const HOUR: Duration = Duration::from_secs(3600);

/// The credential is there from the start and stays good.
struct NoBroker;

impl CredentialSource for NoBroker {
    fn acquire(&self, _: &AccountId) -> BoxFuture<Demanded<()>> {
        Box::pin(async { Ok(()).into() })
    }

    fn unauthorized(&self, _: &AccountId, _: Generation) -> BoxFuture<Demanded<RenewalOutcome>> {
        Box::pin(async { Ok(RenewalOutcome::Unchanged).into() })
    }
}

/// Reads one message with a content of [`BODY_BYTES`]; false when the peer has closed.
fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> bool {
    let mut piece = [0; 16_384];
    buffer.clear();
    loop {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return false,
            Ok(length) => buffer.extend_from_slice(&piece[..length]),
        }
        // An error of the gateway's own is shorter, and would be waited for.
        if buffer.starts_with(b"HTTP/1.1 ") && !buffer.starts_with(b"HTTP/1.1 200") {
            return true;
        }
        if let Some(head) = memmem::find(buffer, b"\r\n\r\n")
            && buffer.len() >= head + 4 + BODY_BYTES
        {
            return true;
        }
    }
}

/// A carrier that gives every request the same answer.
fn carrier() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {BODY_BYTES}\r\n\r\n{}",
        "a".repeat(BODY_BYTES)
    );
    thread::spawn(move || {
        let Ok((mut stream, _)) = listener.accept() else {
            return;
        };
        let mut buffer = Vec::new();
        while read(&mut stream, &mut buffer) && stream.write_all(answer.as_bytes()).is_ok() {}
    });
    address
}

/// The account's cell with what the plugin has issued.
fn cell(carrier: &Carrier, id: &AccountId) -> Arc<CredentialCell> {
    let issued = authorization::issued(carrier);
    let expires_at = now() + HOUR;
    let slots = issued.slots.into_iter().map(|slot| SlotCredential {
        name: slot.name,
        content: Ok(SlotContent {
            headers: slot.fields.expect("the slot has fields"),
            expires_at,
        }),
    });
    let cell = CredentialCell::new(id.clone());
    cell.publish(CredentialState::Usable(gateway_model::Credential {
        generation: Generation(1),
        headers: issued.headers,
        expires_at,
        state: None,
        slots: slots.collect(),
    }));
    Arc::new(cell)
}

fn directory(of: &Carrier, origin: SocketAddr) -> Directory {
    let profile = Manifest::parse(of.manifest.as_bytes()).and_then(|manifest| manifest.profile());
    let profile = Arc::new(profile.expect("a valid manifest"));
    let id: AccountId = "main".parse().expect("a name");
    Directory {
        routes: vec![Route {
            profile: Arc::clone(&profile),
            environment: Environment::Test,
            origin: format!("http://{origin}").parse().expect("an origin"),
            danger_plaintext: true,
            hosts: Vec::new(),
            prefix: Some("/carrier".into()),
            default_account: Some(id.clone()),
        }],
        accounts: vec![Account {
            cell: cell(of, &id),
            id,
            aliases: Vec::new(),
            carrier: profile.id.clone(),
            environment: Environment::Test,
            signer: None,
        }],
        ..Directory::default()
    }
}

fn settings() -> Settings {
    let mut listener = ListenerSettings::plain(([127, 0, 0, 1], 0).into());
    listener.trust_loopback = true;
    Settings {
        listeners: vec![listener],
        workers: 1,
        limits: Limits::default(),
        upstream_tls: Arc::new(
            ClientConfig::builder()
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth(),
        ),
        upstream_http2: false,
        access_log: false,
        request_series: 100,
        trace: gateway_proxy::TraceSettings::default(),
        token_key: SecretBytes::new(vec![7; 32]),
        app_token_lifetime: HOUR,
    }
}

pub(super) fn of(carrier_of: &Carrier, path: &str) -> Case {
    let directory = directory(carrier_of, carrier());
    let bound = bind(
        settings(),
        directory,
        Arc::new(NoBroker),
        Arc::new(BenchClock),
        &mut InheritedSockets::default(),
    );
    let bound = bound.expect("a free port");
    let mut app = TcpStream::connect(bound.addresses()[0]).expect("a connection");
    let running = bound.start().expect("a worker");
    let request = format!(
        "POST /carrier{} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
         content-length: {BODY_BYTES}\r\n\r\n{}",
        path,
        "b".repeat(BODY_BYTES)
    );
    let mut answer = Vec::new();
    Case {
        name: format!("request, {}", carrier_of.name),
        run: Box::new(move || {
            // Moved in: the worker ends when this is dropped.
            let _ = &running;
            app.write_all(request.as_bytes()).expect("sent");
            assert!(read(&mut app, &mut answer), "an answer");
            assert!(
                answer.starts_with(b"HTTP/1.1 200"),
                "{}",
                String::from_utf8_lossy(&answer)
            );
        }),
    }
}
