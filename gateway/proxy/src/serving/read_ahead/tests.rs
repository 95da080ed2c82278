use super::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Asked for in pieces of any size, the stream is what was written, to its end.
#[tokio::test]
async fn pieces_together_are_the_stream() {
    let sent: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    for piece in [1, 5, 4096, BYTES - 1, BYTES, BYTES + 1] {
        let (mut near, far) = tokio::io::duplex(64 * 1024);
        let expected = sent[..piece * 50 % sent.len() + 1].to_vec();
        let bytes = expected.clone();
        let writing = tokio::spawn(async move { near.write_all(&bytes).await });
        let mut far = ReadAhead::new(far);
        let mut got = Vec::new();
        let mut buf = vec![0; piece];
        loop {
            let count = far.read(&mut buf).await.expect("it is open");
            if count == 0 {
                break;
            }
            got.extend_from_slice(&buf[..count]);
        }
        assert!(got == expected, "pieces of {piece}");
        writing.await.expect("no panic").expect("written");
    }
}

#[tokio::test]
async fn buffer_goes_back_when_nothing_is_left() {
    let (mut near, far) = tokio::io::duplex(64 * 1024);
    let mut far = ReadAhead::new(far);
    near.write_all(&[7; 10]).await.expect("written");
    let mut buf = [0; 4];
    for left in [true, true, false] {
        let count = far.read(&mut buf).await.expect("it is open");
        assert!(buf[..count].iter().all(|byte| *byte == 7));
        assert_eq!(far.left.is_some(), left);
    }
    // Waiting holds none either.
    let mut waiting = std::pin::pin!(far.read(&mut buf));
    let polled = std::future::poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending()));
    assert!(polled.await);
    assert_eq!(STOCK.with_borrow(Vec::len), 1);
}
