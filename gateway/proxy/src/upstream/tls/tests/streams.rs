//! What is sent arrives, however it is cut.

use super::super::TlsStream;
use super::super::outgoing::AT_ONCE;
use super::peers::{VERSIONS, World};
use rustls::HandshakeKind;
use std::{
    future::poll_fn,
    io::IoSlice,
    pin::{Pin, pin},
    task::Poll,
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, duplex, split};

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

/// Sends by one side and reads by the other, in pieces.
async fn carries<A, B>(from: &mut A, to: &mut B, length: usize, piece: usize)
where
    A: AsyncWrite + Unpin,
    B: AsyncRead + Unpin,
{
    let sent = pattern(length);
    let writing = async {
        from.write_all(&sent).await.expect("written");
        from.flush().await.expect("flushed");
    };
    let reading = async {
        let mut got = Vec::new();
        let mut buf = vec![0; piece];
        while got.len() < length {
            let count = to.read(&mut buf).await.expect("it is open");
            assert!(count > 0, "ended after {} of {length}", got.len());
            got.extend_from_slice(&buf[..count]);
        }
        got
    };
    let ((), got) = tokio::join!(writing, reading);
    assert!(got == sent, "{length} in pieces of {piece}");
}

#[tokio::test]
async fn bytes_arrive_in_both_directions_whatever_the_sizes() {
    for version in VERSIONS {
        let world = World::new(version);
        for (step, length) in [(1, 3000), (5, 40_000), (4096, 100_000), (1 << 20, 300_000)] {
            for piece in [1, 8192, 50_000] {
                let length = if piece == 1 { 3000 } else { length };
                let (mut ours, mut theirs) = world.up(step).await;
                carries(&mut theirs, &mut ours, length, piece).await;
                carries(&mut ours, &mut theirs, length, piece).await;
                assert!(ours.is_bare());
            }
        }
    }
}

/// A record cut in two at every byte.
#[tokio::test]
async fn record_cut_anywhere_is_one_record() {
    let (mut ours, mut theirs) = World::new(VERSIONS[0]).up(1 << 20).await;
    let length = 300;
    for cut in 1..length + 22 {
        let (raw, session) = theirs.get_mut();
        let sent = pattern(length);
        std::io::Write::write_all(&mut session.writer(), &sent).expect("room");
        let mut record = Vec::new();
        while session.wants_write() {
            session.write_tls(&mut record).expect("into memory");
        }
        let mut got = vec![0; length];
        let reading = ours.read_exact(&mut got);
        let writing = async {
            raw.write_all(&record[..cut]).await.expect("room");
            tokio::task::yield_now().await;
            raw.write_all(&record[cut..]).await.expect("room");
        };
        let (read, ()) = tokio::join!(reading, writing);
        read.expect("a record");
        assert!(got == sent, "cut at {cut}");
        assert!(ours.is_bare());
    }
}

#[tokio::test]
async fn many_small_records_fill_one_read() {
    let (mut ours, mut theirs) = World::new(VERSIONS[0]).up(1 << 20).await;
    for _ in 0..50 {
        theirs.write_all(&[7; 100]).await.expect("room");
    }
    let mut buf = vec![0; 8192];
    // The first read may end with tickets.
    let mut got = ours.read(&mut buf).await.expect("it is open");
    while got < 5000 {
        let more = ours.read(&mut buf).await.expect("it is open");
        assert!(more > 100 || got + more == 5000, "one record at a time");
        got += more;
    }
}

/// New keys on both sides, asked for by the peer, in the middle of traffic both ways.
#[tokio::test]
async fn key_update_breaks_nothing() {
    let world = World::new(VERSIONS[0]);
    let (mut ours, mut theirs) = world.up(7).await;
    for _ in 0..10 {
        theirs.get_mut().1.refresh_traffic_keys().expect("keys");
        carries(&mut theirs, &mut ours, 30_000, 4000).await;
        carries(&mut ours, &mut theirs, 30_000, 4000).await;
    }
}

#[tokio::test]
async fn pieces_of_one_write_go_out_in_order() {
    let (mut ours, mut theirs) = World::new(VERSIONS[0]).up(1 << 20).await;
    let (head, body) = (vec![1; 2000], vec![2; AT_ONCE]);
    let pieces = [&[][..], &head, &[], &body].map(IoSlice::new);
    let mut got = vec![0; AT_ONCE];
    let writing = async {
        let write = poll_fn(|cx| Pin::new(&mut ours).poll_write_vectored(cx, &pieces));
        let written = write.await;
        ours.flush().await.expect("flushed");
        written
    };
    let (written, read) = tokio::join!(writing, theirs.read_exact(&mut got));
    assert_eq!(written.expect("written"), AT_ONCE);
    read.expect("read");
    assert!(got[..2000] == head && got[2000..] == body[2000..]);
    let nothing = poll_fn(|cx| Pin::new(&mut ours).poll_write_vectored(cx, &pieces[..1]));
    assert_eq!(nothing.await.expect("no error"), 0);
}

/// The peer does not read: little is kept, and what was accepted goes out once, cancelled or not.
#[tokio::test]
async fn blocked_writer_keeps_little_and_loses_nothing() {
    let (mut ours, mut theirs) = World::new(VERSIONS[0]).up(1000).await;
    let sent = pattern(1_000_000);
    let mut accepted = 0;
    loop {
        let mut polled = 0;
        // Each write is dropped once it has waited for a while.
        let write = poll_fn(|cx| {
            polled += 1;
            match Pin::new(&mut ours).poll_write(cx, &sent[accepted..]) {
                Poll::Ready(written) => Poll::Ready(Some(written.expect("it is open"))),
                Poll::Pending if polled > 200 => Poll::Ready(None),
                Poll::Pending => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            }
        });
        match write.await {
            Some(count) => accepted += count,
            None => break,
        }
        assert!(ours.session.outgoing.kept() < AT_ONCE + 1024);
    }
    assert!(accepted < 200_000, "bounded by what is under way");
    let mut got = vec![0; sent.len()];
    let writing = async {
        ours.write_all(&sent[accepted..]).await.expect("written");
        ours.flush().await.expect("flushed");
    };
    let ((), read) = tokio::join!(writing, theirs.read_exact(&mut got));
    read.expect("read");
    assert!(got == sent);
    assert!(ours.is_bare());
}

/// An answer begins while the request's body is still on its way.
#[tokio::test]
async fn both_directions_at_once_do_not_wait_for_each_other() {
    let (ours, theirs) = World::new(VERSIONS[0]).up(3000).await;
    let sent = pattern(2_000_000);
    let ((mut read, mut write), (mut far_read, mut far_write)) = (split(ours), split(theirs));
    let (mut near, mut far) = (vec![0; sent.len()], vec![0; sent.len()]);
    let sending = async {
        write.write_all(&sent).await.expect("written");
        write.flush().await.expect("flushed");
    };
    let echoing = async {
        far_write.write_all(&sent).await.expect("written");
        far_write.flush().await.expect("flushed");
    };
    let (first, second) = (read.read_exact(&mut near), far_read.read_exact(&mut far));
    let ((), (), first, second) = tokio::join!(sending, echoing, first, second);
    first.and(second).expect("read");
    assert!(near == sent && far == sent);
}

#[tokio::test]
async fn waiting_holds_no_buffer() {
    let (mut ours, mut theirs) = World::new(VERSIONS[0]).up(1 << 20).await;
    carries(&mut theirs, &mut ours, 100_000, 9000).await;
    carries(&mut ours, &mut theirs, 100_000, 9000).await;
    let mut buf = [0; 10];
    let mut waiting = pin!(ours.read(&mut buf));
    for _ in 0..3 {
        let polled = poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending()));
        assert!(polled.await);
    }
    assert!(ours.is_bare());
    assert!(
        super::super::incoming::spare() > 0,
        "the thread has it back"
    );
}

/// A handshake longer than any record.
#[tokio::test]
async fn large_certificate_is_read() {
    let mut names: Vec<String> = (0..800)
        .map(|n| format!("host-{n}.long.example.org"))
        .collect();
    names.push("localhost".into());
    for version in VERSIONS {
        let world = World::named(version, names.clone());
        for step in [700, 1 << 20] {
            let (mut ours, mut theirs) = world.up(step).await;
            carries(&mut theirs, &mut ours, 1000, 1000).await;
        }
    }
}

#[tokio::test]
async fn second_connection_resumes_the_session() {
    for version in VERSIONS {
        let world = World::new(version);
        let (mut ours, mut theirs) = world.up(1 << 20).await;
        // The tickets come with it.
        carries(&mut theirs, &mut ours, 10, 10).await;
        let (_, theirs) = world.up(1 << 20).await;
        assert_eq!(
            theirs.get_ref().1.handshake_kind(),
            Some(HandshakeKind::Resumed)
        );
    }
}

#[tokio::test]
async fn protocol_is_the_one_that_both_offer() {
    for (server, http2) in [("h2", true), ("http/1.1", false)] {
        let mut world = World::new(VERSIONS[0]);
        world.client.alpn_protocols = vec!["h2".into(), "http/1.1".into()];
        world.server.alpn_protocols = vec![server.into()];
        let (near, far) = duplex(64 * 1024);
        let (near, far) = tokio::join!(
            TlsStream::open(world.our_client(), near),
            world.acceptor().accept(far)
        );
        assert_eq!(near.expect("connected").is_http2(), http2);
        drop(far.expect("accepted"));
    }
}
