//! HTTP/1 over TLS with several requests at once, whichever server reads them.

use std::sync::Arc;

use gateway_proxy::{Http1Server, Limits};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::carrier::{Act, Carrier};
use crate::world::{Gateway, Identity, Wants, tls};

const HTTP1: &[&str] = &["http/1.1"];

/// Bodies that come with their head, in several records, and not at all.
const SIZES: [usize; 6] = [10, 300_000, 0, 70_000, 15_000, 5];

fn requests() -> Vec<u8> {
    let mut bytes = Vec::new();
    for size in SIZES {
        let head =
            format!("POST /{size} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n");
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(&vec![b'x'; size]);
    }
    bytes
}

/// The lengths of the bodies in a row of answers.
fn lengths(mut bytes: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    while !bytes.is_empty() {
        let head = memchr::memmem::find(bytes, b"\r\n\r\n").expect("a head") + 4;
        let text = str::from_utf8(&bytes[..head]).expect("ASCII");
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        let mut fields = text.lines().filter_map(|line| line.split_once(": "));
        let length = fields.find(|(name, _)| *name == "content-length");
        let length: usize = length.expect("a length").1.parse().expect("a number");
        assert!(bytes[head..head + length].iter().all(|byte| *byte == b'x'));
        lengths.push(length);
        bytes = &bytes[head + length..];
    }
    lengths
}

/// The app reads slowly, so that the gateway's writes stop again and again, and has closed for writing
/// meanwhile.
#[tokio::test]
async fn app_that_pipelines_and_reads_slowly_gets_every_answer() {
    for http1_server in [Http1Server::Own, Http1Server::Hyper] {
        let identity = Identity::new("localhost", HTTP1);
        let carrier = Carrier::start(&identity, 100, |_, _| Act::Echo(200)).await;
        let gateway = Gateway::start(Wants {
            origin: carrier.origin(),
            trust: Arc::clone(&identity.trust),
            upstream_http2: false,
            tls: Some(Arc::clone(&identity.server)),
            trust_loopback: true,
            limits: Limits {
                http1_server,
                ..Limits::default()
            },
        });
        let stream = TcpStream::connect(gateway.addr).await.expect("it listens");
        let stream = tls(stream, &identity, HTTP1).await.expect("TLS");
        let (mut read, mut write) = tokio::io::split(stream);
        let send = async {
            write.write_all(&requests()).await.expect("taken");
            write.shutdown().await.expect("open");
        };
        let receive = async {
            let (mut answers, mut piece) = (Vec::new(), [0; 3000]);
            loop {
                let count = read.read(&mut piece).await.expect("a whole answer");
                if count == 0 {
                    return answers;
                }
                answers.extend_from_slice(&piece[..count]);
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
            }
        };
        let ((), answers) = tokio::join!(send, receive);
        assert_eq!(lengths(&answers), SIZES, "{http1_server:?}");
        assert_eq!(carrier.seen().len(), SIZES.len());
    }
}
