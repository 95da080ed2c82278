//! Reloads that change everything, under load: no connection and no request is lost.

use super::{STORE, account, edit, reload};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tests::{Raw, World, rate_request, send_http1, send_http2};
use tokio::net::TcpStream;

const RELOADS: usize = 12;

/// What every second reload has, and the others do not.
const OTHER: &str = r#"
[limits]
body = "1MiB"
replay_buffer = "64KiB"
connections = 500
head_timeout = "7s"
keep_alive_timeout = "70s"
http2_streams = 50
upstream_idle_timeout = "20s"
[tokens]
renew_at = 0.7
margin = "4s"
app_token_lifetime = "30m"
[log]
level = "debug"
access_log = true
[consent]
lifetime = "5m"
[reminders]
days_before = 5
[reminders.webhook]
url = "http://127.0.0.1:9/"
secret = { value = "a-key-of-the-webhook" }
[[route]]
carrier = "ups"
environment = "production"
prefix = "/live"
[[app]]
name = "shop"
key = { value = "the-key-of-the-shop" }
accounts = ["main"]
"#;

/// Repeats something until it is told to stop, and counts.
fn repeat<F>(
    (stop, count): (&Arc<AtomicBool>, &Arc<AtomicUsize>),
    once: impl Fn() -> F + Send + 'static,
) -> tokio::task::JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (stop, count) = (Arc::clone(stop), Arc::clone(count));
    tokio::spawn(async move {
        while !stop.load(Ordering::Relaxed) {
            once().await;
            count.fetch_add(1, Ordering::Relaxed);
        }
    })
}

fn request_text(length: usize) -> String {
    format!(
        "POST /api/rating/v2409/Shop HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloads_that_change_everything_lose_no_connection_and_no_request() {
    let world = World::builder()
        .config(|config| config.workers = 2)
        .more(STORE)
        .start()
        .await;
    world.shop().await.assert_rates();
    let apps = world.gateway.apps;
    let (stop, count) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
    let body = rate_request().into_body();
    let mut tasks = Vec::new();
    // Kept connections: one that ends counts as lost.
    for _ in 0..3 {
        let (stop, count, body) = (Arc::clone(&stop), Arc::clone(&count), body.clone());
        tasks.push(tokio::spawn(kept_connection(apps, body, stop, count)));
    }
    // New connections, with both versions.
    tasks.push(repeat((&stop, &count), move || async move {
        let stream = TcpStream::connect(apps).await.expect("it listens");
        send_http1(stream, rate_request()).await.assert_rates();
    }));
    tasks.push(repeat((&stop, &count), move || async move {
        let stream = TcpStream::connect(apps).await.expect("it listens");
        send_http2(stream, "http", rate_request())
            .await
            .assert_rates();
    }));
    // An upload that outlasts several reloads.
    let slow = body.clone();
    tasks.push(repeat((&stop, &count), move || {
        let body = slow.clone();
        async move { upload(apps, &body).await }
    }));
    change_everything(&world, (&count, &tasks)).await;
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("no client failed");
    }
    let refused = world.metric("waybill_connections_refused_total").await;
    assert_eq!(refused.unwrap_or_default(), 0.0);
    assert!(count.load(Ordering::Relaxed) > RELOADS * 20);
}

/// Sends one request after another over one connection. If that ends, the client fails.
async fn kept_connection(
    apps: SocketAddr,
    body: Bytes,
    stop: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
) {
    let stream = TcpStream::connect(apps).await.expect("it listens");
    let connected = http1::handshake(TokioIo::new(stream)).await;
    let (mut send, connection) = connected.expect("HTTP/1.1");
    let connection = tokio::spawn(connection);
    while !stop.load(Ordering::Relaxed) {
        let mut request = rate_request();
        let host = http::HeaderValue::from_static("localhost");
        request.headers_mut().insert("host", host);
        let request = request.map(|_| Full::new(body.clone()));
        send.ready().await.expect("the connection is kept");
        let answer = send.send_request(request).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let content = answer.into_body().collect().await;
        content.expect("a whole answer");
        count.fetch_add(1, Ordering::Relaxed);
    }
    drop(send);
    let _ = connection.await;
}

/// Sends a body so slowly that several reloads happen meanwhile.
async fn upload(apps: SocketAddr, body: &[u8]) {
    let mut raw = Raw::connect(apps).await.expect("it listens");
    raw.send(request_text(body.len())).await;
    for piece in body.chunks(body.len().div_ceil(10)) {
        raw.send(piece).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    let answer = raw.until("RateResponse").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

async fn change_everything(
    world: &World,
    (count, tasks): (&AtomicUsize, &[tokio::task::JoinHandle<()>]),
) {
    let other = format!("{OTHER}{}", account("depot", "mock-secret"));
    let two = "client_secrets = [{ value = \"mock-secret\" }, { value = \"another\" }]";
    let one = "client_secret = { value = \"mock-secret\" }";
    for round in 0..RELOADS {
        let before = count.load(Ordering::Relaxed);
        edit(&world.gateway, |text| {
            if round.is_multiple_of(2) {
                format!("{}{other}", text.replacen(one, two, 1))
            } else {
                text.replace(&other, "").replacen(two, one, 1)
            }
        });
        let done = reload(&world.gateway).await;
        assert!(
            done["settings"]
                .as_array()
                .is_some_and(|list| list.len() > 15),
            "{done}"
        );
        assert_eq!(done["accounts"]["changed"], serde_json::json!(["main"]));
        while count.load(Ordering::Relaxed) < before + 20 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            assert!(
                tasks.iter().all(|task| !task.is_finished()),
                "a client failed"
            );
        }
    }
}
