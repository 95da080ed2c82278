//! How a stream ends, and how it fails: as with the buffered interface.

use super::super::TlsStream;
use super::peers::{VERSIONS, World, localhost};
use std::io;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

fn reason(error: &io::Error) -> &rustls::Error {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref())
        .expect("an error of TLS")
}

/// An answer that was cut off never looks whole.
#[tokio::test]
async fn end_without_goodbye_is_an_error_every_time() {
    for version in VERSIONS {
        let (mut ours, mut theirs) = World::new(version).up(1 << 20).await;
        theirs.write_all(b"cut").await.expect("room");
        theirs.flush().await.expect("room");
        drop(theirs);
        let mut got = [0; 3];
        ours.read_exact(&mut got).await.expect("what came before");
        for _ in 0..3 {
            let error = ours.read(&mut got).await.expect_err("it was cut off");
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
    }
}

#[tokio::test]
async fn goodbye_ends_reading_but_not_writing() {
    for version in VERSIONS {
        let (mut ours, mut theirs) = World::new(version).up(1 << 20).await;
        theirs.write_all(b"last").await.expect("room");
        theirs.shutdown().await.expect("room");
        let mut got = Vec::new();
        ours.read_to_end(&mut got).await.expect("a good end");
        assert_eq!(got, b"last");
        ours.write_all(b"still here").await.expect("half open");
        ours.shutdown().await.expect("closed");
        let mut got = Vec::new();
        theirs.read_to_end(&mut got).await.expect("a good end");
        assert_eq!(got, b"still here");
        assert!(ours.write_all(b"too late").await.is_err());
        assert_eq!(ours.read(&mut [0; 9]).await.expect("still over"), 0);
    }
}

/// What follows a goodbye on the wire is nobody's word.
#[tokio::test]
async fn bytes_after_goodbye_are_not_read() {
    let (mut ours, mut theirs) = World::new(VERSIONS[0]).up(1 << 20).await;
    let (raw, session) = theirs.get_mut();
    session.send_close_notify();
    let mut bytes = Vec::new();
    while session.wants_write() {
        session.write_tls(&mut bytes).expect("into memory");
    }
    bytes.extend_from_slice(&[23; 600]);
    raw.write_all(&bytes).await.expect("room");
    let mut got = Vec::new();
    ours.read_to_end(&mut got).await.expect("a good end");
    assert!(got.is_empty() && ours.is_bare());
}

#[tokio::test]
async fn changed_byte_fails_what_follows_and_the_peer_is_told() {
    for version in VERSIONS {
        let (mut ours, mut theirs) = World::new(version).up(1 << 20).await;
        theirs.write_all(b"fine").await.expect("room");
        theirs.flush().await.expect("room");
        let mut got = [0; 4];
        ours.read_exact(&mut got).await.expect("not changed");
        ours.io.spoil = true;
        theirs.write_all(b"changed").await.expect("room");
        theirs.flush().await.expect("room");
        for _ in 0..3 {
            let error = ours.read(&mut got).await.expect_err("it was changed");
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert_eq!(*reason(&error), rustls::Error::DecryptError);
        }
        assert!(ours.write_all(b"no").await.is_err());
        let told = theirs.read(&mut got).await.expect_err("an alert");
        let expected = rustls::Error::AlertReceived(rustls::AlertDescription::BadRecordMac);
        assert_eq!(*reason(&told), expected);
    }
}

#[tokio::test]
async fn alert_in_the_middle_is_an_error() {
    for version in VERSIONS {
        let (mut ours, theirs) = World::new(version).up(1 << 20).await;
        let (mut raw, mut session) = theirs.into_inner();
        ours.write_all(b"will be changed").await.expect("room");
        ours.flush().await.expect("room");
        let mut bytes = vec![0; 4096];
        let count = raw.read(&mut bytes).await.expect("our bytes");
        bytes[count - 1] ^= 1;
        session.read_tls(&mut &bytes[..count]).expect("room");
        session.process_new_packets().expect_err("changed");
        let mut alert = Vec::new();
        session.write_tls(&mut alert).expect("into memory");
        raw.write_all(&alert).await.expect("room");
        let error = ours.read(&mut [0; 4]).await.expect_err("an alert");
        let expected = rustls::Error::AlertReceived(rustls::AlertDescription::BadRecordMac);
        assert_eq!(*reason(&error), expected);
    }
}

/// Everything that can be wrong with a handshake is reported in the same words by both interfaces.
#[tokio::test]
async fn failed_handshake_is_the_error_that_it_always_was() {
    let fine = World::new(VERSIONS[0]);
    let stranger = World::new(VERSIONS[0]);
    let elsewhere = World::named(VERSIONS[0], vec!["elsewhere".into()]);
    let old = World::new(VERSIONS[1]);
    let mut other_protocol = World::new(VERSIONS[0]);
    other_protocol.server.alpn_protocols = vec!["other".into()];
    other_protocol.client.alpn_protocols = vec!["http/1.1".into()];
    let cases = [
        (&fine, &stranger),
        (&elsewhere, &elsewhere),
        (&fine, &old),
        (&other_protocol, &other_protocol),
    ];
    for (client, server) in cases {
        let mut errors = Vec::new();
        for ours in [true, false] {
            let (near, far) = duplex(64 * 1024);
            let accepting = server.acceptor().accept(far);
            let error = if ours {
                let opening = TlsStream::open(client.our_client(), near);
                let (opened, accepted) = tokio::join!(opening, accepting);
                let accepted = accepted.expect_err("refused").to_string();
                (opened.err().expect("refused"), accepted)
            } else {
                let opening = client.connector().connect(localhost(), near);
                let (opened, accepted) = tokio::join!(opening, accepting);
                let accepted = accepted.expect_err("refused").to_string();
                (opened.expect_err("refused"), accepted)
            };
            errors.push((error.0.kind(), error.0.to_string(), error.1));
        }
        assert_eq!(errors[0], errors[1]);
    }
}

#[tokio::test]
async fn peer_that_does_not_speak_tls_is_the_error_that_it_always_was() {
    let world = World::new(VERSIONS[0]);
    for said in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"",
        &[22, 3, 3, 255, 255, 0],
    ] {
        let mut errors = Vec::new();
        for ours in [true, false] {
            let (near, mut far) = duplex(64 * 1024);
            far.write_all(said).await.expect("room");
            far.shutdown().await.expect("closed");
            let error = if ours {
                TlsStream::open(world.our_client(), near).await.err()
            } else {
                world.connector().connect(localhost(), near).await.err()
            };
            let error = error.expect("no handshake");
            errors.push((error.kind(), error.to_string()));
        }
        assert_eq!(errors[0], errors[1]);
    }
}

/// A message of the handshake that never ends does not take memory without end.
#[tokio::test]
async fn endless_handshake_message_is_refused() {
    let world = World::new(VERSIONS[1]);
    let (near, mut far) = duplex(64 * 1024);
    // A server's hello that claims sixteen megabytes, in records of the largest size.
    let mut record = vec![22, 3, 3, 0x40, 0];
    record.extend_from_slice(&[0; 0x4000]);
    let mut first = record.clone();
    first[5..9].copy_from_slice(&[2, 255, 255, 255]);
    let sending = async {
        far.write_all(&first).await.expect("open");
        while far.write_all(&record).await.is_ok() {}
    };
    let opening = async {
        let opened = TlsStream::open(world.our_client(), near).await;
        opened.err().expect("refused")
    };
    let ((), error) = tokio::join!(sending, opening);
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}
