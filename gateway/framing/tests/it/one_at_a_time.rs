//! A guarded stream from which one request is taken at a time: the same requests, however the bytes come.

use crate::oracle::requests::{Seen, Taken, parts_of};
use gateway_framing::{GuardedIo, Position};
use proptest::prelude::*;
use std::future::poll_fn;
use tokio::io::{AsyncWriteExt as _, DuplexStream};

/// Takes requests until none follows. What is not read of a body ends the connection.
async fn take(io: &mut GuardedIo<DuplexStream>, ahead: bool) -> Taken {
    let mut taken = Taken {
        requests: Vec::new(),
        violation: None,
        end: 0,
        position: Position::Between,
    };
    while let Some(arrived) = poll_fn(|cx| io.poll_head(cx)).await {
        let arrival = match arrived {
            Ok(arrival) => arrival,
            Err(violation) => {
                taken.violation = Some(violation);
                break;
            }
        };
        let text = |range| String::from_utf8_lossy(&arrival.bytes[range]).into_owned();
        let mut seen = Seen {
            method: text(arrival.head.method()),
            target: text(arrival.head.target()),
            content: Vec::new(),
        };
        for span in io.spans() {
            assert_eq!(arrival.bytes[span.colon], b':');
            assert_eq!(&arrival.bytes[span.end..span.end + 2], b"\r\n");
        }
        if let Some(content) = &arrival.content {
            seen.content.extend_from_slice(content);
            assert!(io.is_content_complete(arrival.number));
        }
        loop {
            match poll_fn(|cx| io.poll_content(cx, arrival.number)).await {
                None => break,
                Some(Ok(piece)) => seen.content.extend_from_slice(&piece),
                Some(Err(violation)) => {
                    taken.violation = violation;
                    return taken;
                }
            }
        }
        taken.requests.push(seen);
        if ahead {
            // As a server does while it serves: what comes meanwhile waits.
            for _ in 0..4 {
                let _ = poll_fn(|cx| std::task::Poll::Ready(io.poll_lost(cx))).await;
                tokio::task::yield_now().await;
            }
        }
    }
    taken
}

/// Sends the pieces one by one, and takes what comes of them.
fn taken_of(pieces: &[&[u8]], ahead: bool) -> Taken {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(async {
        let (mut client, server) = tokio::io::duplex(1 << 20);
        let send = async {
            for piece in pieces {
                client.write_all(piece).await.expect("the pipe is open");
                tokio::task::yield_now().await;
            }
            client.shutdown().await.expect("the pipe is open");
        };
        let mut io = GuardedIo::new(server).one_at_a_time();
        let ((), taken) = tokio::join!(send, take(&mut io, ahead));
        taken
    })
}

fn request() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        Just(b"GET /old HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n".to_vec()),
        Just(b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec()),
        Just(b"\r\nGET /empty HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        Just(b"GET /bad HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_vec()),
        (0..40_000_usize, any::<bool>()).prop_map(|(length, expects)| {
            let expects = if expects {
                "Expect: 100-continue\r\n"
            } else {
                ""
            };
            let head = format!(
                "POST /{length} HTTP/1.1\r\nHost: a\r\n{expects}Content-Length: {length}\r\n\r\n"
            );
            [head.as_bytes(), &vec![b'x'; length]].concat()
        }),
        prop::collection::vec(1..3000_usize, 0..6).prop_map(|chunks| {
            let mut bytes =
                b"POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            for chunk in chunks {
                bytes.extend_from_slice(format!("{chunk:x};a=b\r\n").as_bytes());
                bytes.extend_from_slice(&vec![b'y'; chunk]);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\nA: b\r\n\r\n");
            bytes
        }),
    ]
}

proptest! {
    #![proptest_config(tests_kit::properties(300))]

    /// The stream yields what the check alone finds in its bytes: a violation only behind what is whole.
    #[test]
    fn requests_are_those_of_the_check_however_the_bytes_come(
        requests in prop::collection::vec(request(), 1..6),
        damage in prop::option::weighted(0.3, (any::<prop::sample::Index>(), prop::sample::select(&b"\r\n :;0a\0\xff"[..]))),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ahead in any::<bool>(),
    ) {
        let mut stream = requests.concat();
        if let Some((at, byte)) = damage {
            let at = at.index(stream.len());
            stream[at] = byte;
        }
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces: Vec<_> = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]).collect();
        let expected = parts_of(&stream, stream.len());
        let taken = taken_of(&pieces, ahead);
        prop_assert_eq!(&taken.requests, &expected.requests);
        prop_assert_eq!(taken.violation, expected.violation);
    }
}

/// What is read ahead of a request that is being served is bounded, whatever the peer sends.
#[test]
fn what_is_read_ahead_is_bounded() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(async {
        let (mut client, server) = tokio::io::duplex(64);
        let one = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
        let flood = one.repeat(100_000);
        let mut io = GuardedIo::new(server).one_at_a_time();
        let state = io.state();
        tokio::select! {
            biased;
            sent = client.write_all(flood.as_bytes()) => unreachable!("all was taken: {sent:?}"),
            () = async {
                let first = poll_fn(|cx| io.poll_head(cx)).await;
                first.expect("a request").expect("a valid one");
                let mut read = 0;
                // As long as anything is still read.
                while state.received() > read {
                    read = state.received();
                    for _ in 0..100 {
                        let lost = poll_fn(|cx| std::task::Poll::Ready(io.poll_lost(cx))).await;
                        assert!(lost.is_pending());
                        tokio::task::yield_now().await;
                    }
                }
            } => {}
        }
        let received = state.received();
        assert!(
            (8 * 1024..=17 * 1024).contains(&received),
            "{received} bytes"
        );
    });
}
