//! A carrier that wants every request signed: the real gateway with the sample signer as a library, in
//! front of a carrier that checks each signature with code of its own.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{
    convert::Infallible,
    fs,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
};
use tests::{Answer, ConfigFile, Gateway, Operator, World, WorldBuilder, signer_plugin};
use tokio::net::TcpListener;

const SECRET: &str = "planted-acme-secret-0123456789";

/// One request as the carrier got it.
#[derive(Clone, Debug)]
struct Seen {
    target: String,
    session: String,
    body: Bytes,
    headers: HeaderMap,
    /// The signature is that of this very request.
    genuine: bool,
}

/// Acme: accepts what is signed, until a session is forgotten.
#[derive(Clone, Default)]
struct Acme {
    seen: Arc<Mutex<Vec<Seen>>>,
    forgotten: Arc<Mutex<Vec<String>>>,
}

impl Acme {
    async fn start() -> (Self, SocketAddr) {
        let acme = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let served = acme.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let served = served.clone();
                let service = service_fn(move |request| {
                    let served = served.clone();
                    async move { Ok::<_, Infallible>(served.answer(addr, request).await) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        (acme, addr)
    }

    async fn answer(self, addr: SocketAddr, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let body = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes);
        let body = body.unwrap_or_default();
        let field = |name: &str| {
            let value = parts.headers.get(name);
            value
                .map_or("", |value| value.to_str().unwrap_or_default())
                .to_owned()
        };
        let session = field("acme-session");
        let lines = [
            parts.method.as_str(),
            &addr.to_string(),
            &parts.uri.to_string(),
            &field("date"),
            &session,
            &field("content-type"),
        ];
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
        lines
            .iter()
            .for_each(|line| mac.update(format!("{line}\n").as_bytes()));
        mac.update(&Sha256::digest(&body));
        let expected = format!(
            "acme-client:{}",
            STANDARD.encode(mac.finalize().into_bytes())
        );
        let genuine = expected == field("acme-signature") && !session.is_empty();
        let known = !self
            .forgotten
            .lock()
            .expect("no other test panics")
            .contains(&session);
        let status = if genuine && known {
            StatusCode::OK
        } else {
            StatusCode::UNAUTHORIZED
        };
        self.seen.lock().expect("no other test panics").push(Seen {
            target: parts.uri.to_string(),
            session,
            body,
            genuine,
            headers: parts.headers,
        });
        let mut answer = Response::new(Full::new(Bytes::from_static(b"{}")));
        *answer.status_mut() = status;
        answer
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no other test panics").clone()
    }

    fn forget(&self, session: &str) {
        self.forgotten
            .lock()
            .expect("no other test panics")
            .push(session.to_owned());
    }
}

fn install(folder: &Path) {
    let plugin = folder.join("plugins/signer.so");
    fs::copy(signer_plugin(), plugin).expect("the test owns the folder");
}

/// A gateway with UPS, and with Acme under `/acme`.
fn beside_ups(acme: SocketAddr, secret: &str, further: &str) -> WorldBuilder {
    let more = format!(
        r#"
[[route]]
carrier = "acme"
environment = "test"
account = "parcels"
prefix = "/acme"
origin = "http://{acme}"
danger_plaintext_upstream = true

[[account]]
name = "parcels"
carrier = "acme"
environment = "test"
client_id = "acme-client"
client_secret = {{ value = "{secret}" }}

{further}
"#
    );
    // The tests share their processors with many others, and none is about this deadline.
    let patient = |config: &mut ConfigFile| {
        config.plugins_more = "worker_sign_timeout = \"10s\"".into();
    };
    World::builder()
        .more(&more)
        .config(patient)
        .prepare(install)
}

fn post(path: &str, body: &'static [u8]) -> Request<Bytes> {
    Request::post(path)
        .header("content-type", "application/json")
        // Whoever sends one of its own gets it replaced.
        .header("acme-signature", "acme-client:forged")
        .body(Bytes::from_static(body))
        .expect("its parts are fixed")
}

fn assert_code(answer: &Answer, status: u16, code: &str) {
    let got = (answer.status().as_u16(), answer.field("waybill-error"));
    assert_eq!(got, (status, code), "{}", answer.text());
    assert!(!answer.text().contains("planted"), "{}", answer.text());
}

#[tokio::test]
async fn every_request_arrives_with_its_own_signature() {
    let (acme, addr) = Acme::start().await;
    let world = beside_ups(addr, SECRET, "").start().await;
    let answer = world
        .app
        .send(post("/acme/rates?a=%20b", b"{\"a\":1}"))
        .await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let get = Request::get("/acme/track/1").body(Bytes::new()).unwrap();
    assert_eq!(world.app.send(get).await.status(), 200);
    let seen = acme.seen();
    assert!(seen.iter().all(|seen| seen.genuine), "{seen:?}");
    assert_eq!(seen[0].target, "/rates?a=%20b");
    assert_eq!(seen[0].body, "{\"a\":1}");
    assert_eq!(seen[0].session, seen[1].session, "one session for both");
    assert_eq!(seen[0].headers.get_all("acme-signature").iter().count(), 1);
    // The other carrier's requests are none of the signer's.
    world.shop().await.assert_rates();
}

/// For a carrier that signs, the replay goes out with the new session, signed anew.
#[tokio::test]
async fn replay_after_a_rejection_is_signed_anew() {
    let (acme, addr) = Acme::start().await;
    let world = beside_ups(addr, SECRET, "").start().await;
    let send = || world.app.send(post("/acme/rates", b"{\"parcel\":7}"));
    assert_eq!(send().await.status(), 200);
    acme.forget(&acme.seen()[0].session);
    assert_eq!(send().await.status(), 200);
    let seen = acme.seen();
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert!(seen.iter().all(|seen| seen.genuine), "{seen:?}");
    assert_eq!(seen[1].session, seen[0].session);
    assert_ne!(seen[2].session, seen[1].session);
    assert_eq!(seen[2].body, "{\"parcel\":7}");
}

#[tokio::test]
async fn kept_token_is_signed_with_after_a_restart() {
    let (acme, addr) = Acme::start().await;
    let store = "[store]\nurl = \"sqlite://waybill.db\"";
    let world = beside_ups(addr, SECRET, store).start().await;
    let send = async |gateway: &Gateway| {
        let app = tests::Client::new(gateway.apps);
        app.send(post("/acme/rates", b"{}")).await
    };
    assert_eq!(send(&world.gateway).await.status(), 200);
    // An orderly end puts the session on record.
    let mut process = world.gateway.process;
    process.signal("TERM");
    assert!(process.ended().await.success());
    let gateway = Gateway::resume(process.kill()).await;
    assert_eq!(send(&gateway).await.status(), 200);
    let seen = acme.seen();
    assert!(seen.iter().all(|seen| seen.genuine), "{seen:?}");
    assert_eq!(seen[1].session, seen[0].session, "the kept session");
    // A signature needs the plugin's code: without it nothing is sent, although the token is there.
    let folder = gateway.process.kill();
    fs::remove_file(folder.path().join("plugins/signer.so")).unwrap();
    let gateway = Gateway::resume(folder).await;
    assert_code(&send(&gateway).await, 503, "plugin_fault");
    assert_eq!(acme.seen().len(), 2);
}

/// Harmless calls of the control plane are requests like any other.
#[tokio::test]
async fn probe_is_signed() {
    let (acme, addr) = Acme::start().await;
    let world = beside_ups(addr, SECRET, "").start().await;
    let operator = Operator::of(&world.gateway);
    let probe = operator.call(Method::POST, "accounts/parcels/probe", Value::Null);
    let answer = probe.await;
    assert_eq!(answer.json()["ok"], true, "{}", answer.text());
    let seen = acme.seen();
    assert!(
        seen[0].genuine && seen[0].body == "{\"probe\":true}",
        "{seen:?}"
    );
}

#[tokio::test]
async fn body_larger_than_what_is_held_is_not_sent() {
    let (acme, addr) = Acme::start().await;
    let limits = "[limits]\nreplay_buffer = \"1KiB\"";
    let world = beside_ups(addr, SECRET, limits).start().await;
    let answer = world.app.send(post("/acme/rates", &[b'a'; 1025])).await;
    assert_code(&answer, 413, "body_too_large_to_sign");
    assert!(acme.seen().is_empty());
    let answer = world.app.send(post("/acme/rates", &[b'a'; 1024])).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
}

#[tokio::test]
async fn account_that_its_plugin_refuses_sends_nothing() {
    let (acme, addr) = Acme::start().await;
    // The plugin wants sixteen characters.
    let world = beside_ups(addr, "planted", "").start().await;
    let answer = world.app.send(post("/acme/rates", b"{}")).await;
    assert_code(&answer, 503, "misconfigured");
    assert!(acme.seen().is_empty());
}
