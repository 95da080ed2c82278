#!/usr/bin/env bash
# A proxy that answers over HTTP/2 keeps the other server's answers alive: h2's table refers to the fields in place.
#
# Packages: h2 0.4.20, http 1.5.0, bytes 1.12.1 (crates.io).
# Guess before the run: the HPACK table of a connection, which holds at most 4,096 octets by RFC 7541, has copies of the
# fields that it indexes, so no buffer outlives its response.
# Seen, with a value that is a slice of a page of 16 KB, another page for each response of one connection:
#   pages of 16 KB alive after 40 responses: 40; with copied values: 0
# `HeaderValue::from_maybe_shared` makes a field without a copy, and h2's encoder keeps that very value in its table until
# the connection ends or other fields push it out. A table of 4 KB then holds 640 KB here, since RFC 7541 counts the
# octets of the fields and not those of what they are slices of. Each server that parses heads without copies and sends
# fields on over HTTP/2 has it. Nothing is wrong while a connection has few responses, so short tests do not show it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
cat > "$work/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"
[dependencies]
bytes = "=1.12.1"
h2 = "=0.4.20"
http = "=1.5.0"
tokio = { version = "=1.54.1", features = ["rt", "io-util", "macros"] }
TOML
cat > "$work/src/main.rs" <<'RS'
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What one read of another server brought: a field and much content.
struct Page(Vec<u8>);
static ALIVE: AtomicUsize = AtomicUsize::new(0);
impl AsRef<[u8]> for Page {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
impl Drop for Page {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The value of a field as it stands in a fresh page.
fn field(number: usize) -> HeaderValue {
    let mut page = vec![b' '; 16 * 1024];
    page[..8].copy_from_slice(format!("{number:08}").as_bytes());
    ALIVE.fetch_add(1, Ordering::SeqCst);
    HeaderValue::from_maybe_shared(Bytes::from_owner(Page(page)).slice(..8)).unwrap()
}

/// Pages that are alive when this many responses are complete, each with a field of its own page.
async fn alive_after(responses: usize, copied: bool) -> usize {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    tokio::spawn(async move {
        let mut server = h2::server::handshake(theirs).await.unwrap();
        let mut number = 0;
        while let Some(Ok((_, mut respond))) = server.accept().await {
            number += 1;
            let mut value = field(number);
            if copied {
                value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            }
            let response = Response::builder().header("x-id", value).body(()).unwrap();
            respond.send_response(response, true).unwrap();
        }
    });
    let (mut client, connection) = h2::client::handshake(ours).await.unwrap();
    tokio::spawn(async { drop(connection.await) });
    for _ in 0..responses {
        client = client.ready().await.unwrap();
        let request = Request::get("https://localhost/").body(()).unwrap();
        let (response, _) = client.send_request(request, true).unwrap();
        assert!(response.await.unwrap().headers().contains_key("x-id"));
    }
    tokio::task::yield_now().await;
    ALIVE.load(Ordering::SeqCst)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let copied = alive_after(40, true).await;
    let shared = alive_after(40, false).await;
    println!("pages of 16 KB alive after 40 responses: {shared}; with copied values: {copied}");
    std::process::exit(i32::from((shared, copied) != (40, 0)));
}
RS
cd "$work"
cargo run --quiet 2> log || { tail -n 3 log >&2; echo "the behaviour has changed" >&2; exit 1; }
