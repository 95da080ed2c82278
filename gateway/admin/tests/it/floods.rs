//! Floods from one address. Health, readiness and a right token are served every time, to that address
//! as well.

use crate::{
    harness::PATIENCE,
    plane::{Managed, managed},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{io::AsyncReadExt as _, net::TcpStream, task::JoinHandle, time::timeout};

/// What must be served whatever others do: path, with the token.
const SERVED: &[(&str, bool)] = &[
    ("/healthz", false),
    ("/readyz", false),
    ("/metrics", false),
    ("/openapi.json", false),
    ("/api/v1/status", true),
];

async fn all_served(managed: &Managed, rounds: u32) {
    let bearer = format!("Bearer {}", managed.admin.expose());
    for _ in 0..rounds {
        for (path, with_token) in SERVED {
            let mut fields = vec![("Host", "localhost")];
            if *with_token {
                fields.push(("Authorization", bearer.as_str()));
            }
            let reply = managed.server.ask("GET", path, &fields, "").await;
            // Readiness answers 503 here: the listener is up, the rest of the gateway is not.
            let expected = if *path == "/readyz" { 503 } else { 200 };
            assert_eq!(reply.status, expected, "{path}: {}", reply.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_keep_nobody_out() {
    let managed = managed().await;
    let mut silent = Vec::new();
    for _ in 0..1000 {
        silent.push(TcpStream::connect(managed.server.addr).await.expect("open"));
    }
    all_served(&managed, 5).await;
    // They are closed; and a program that opens them again gains nothing.
    let reopened: JoinHandle<()> = tokio::spawn({
        let addr = managed.server.addr;
        async move {
            for n in (0..silent.len()).cycle() {
                silent[n] = TcpStream::connect(addr).await.expect("open");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    all_served(&managed, 5).await;
    reopened.abort();
}

/// Four at a time, as fast as they are refused: more than 1,000 a second where there is a processor.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_keep_nobody_out() {
    let managed = Arc::new(managed().await);
    let (stop, made) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let guessing: Vec<_> = (0..4)
        .map(|_| {
            let (managed, stop, made) = (managed.clone(), stop.clone(), made.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let n = made.fetch_add(1, Ordering::Relaxed);
                    let guess = format!("Bearer guess-{n}");
                    let fields = [("Host", "localhost"), ("Authorization", guess.as_str())];
                    let reply = managed
                        .server
                        .ask("GET", "/api/v1/status", &fields, "")
                        .await;
                    assert!([401, 429].contains(&reply.status), "{}", reply.status);
                }
            })
        })
        .collect();
    // The clock of the listener stands still: no budget refills during the flood.
    while made.load(Ordering::Relaxed) < 1000 {
        all_served(&managed, 1).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    all_served(&managed, 5).await;
    stop.store(true, Ordering::Relaxed);
    for task in guessing {
        task.await.expect("every guess was answered");
    }
}

#[tokio::test]
async fn connection_without_a_head_is_closed_after_ten_seconds() {
    let managed = managed().await;
    let mut silent = TcpStream::connect(managed.server.addr).await.expect("open");
    let mut byte = [0];
    let early = timeout(Duration::from_secs(8), silent.read(&mut byte)).await;
    assert!(early.is_err(), "closed too early");
    let read = timeout(PATIENCE, silent.read(&mut byte)).await;
    assert_eq!(read.expect("closed").expect("an end"), 0);
}
