//! More bytes for each system call under TLS.
//!
//! rustls asks for four kilobytes at a time, so an answer of thirteen takes four reads. Here one read
//! takes what is there, and rustls gets it piece by piece. The memory is the thread's; a connection
//! has it only while something in it is left.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One record of the largest size, and what encrypting adds to it.
const BYTES: usize = 18 * 1024;
/// Buffers that a thread keeps.
const SPARE: usize = 4;

thread_local! {
    static STOCK: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

fn take() -> Box<[u8]> {
    let spare = STOCK.with_borrow_mut(Vec::pop);
    spare.unwrap_or_else(|| vec![0; BYTES].into())
}

fn give_back(bytes: Box<[u8]>) {
    STOCK.with_borrow_mut(|stock| {
        // A few are enough for one thread; more would only be kept.
        if stock.len() < SPARE {
            stock.push(bytes);
        }
    });
}

/// A stream that is read ahead; writing passes through.
#[derive(Debug)]
pub(super) struct ReadAhead<T> {
    io: T,
    left: Option<UnreadBytes>,
}

/// What was read and not asked for yet.
#[derive(Debug)]
struct UnreadBytes {
    bytes: Box<[u8]>,
    at: usize,
    end: usize,
}

impl<T> ReadAhead<T> {
    pub(super) const fn new(io: T) -> Self {
        Self { io, left: None }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for ReadAhead<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut left = match self.left.take() {
            Some(left) => left,
            // A reader with so much room needs no buffer in between.
            None if buf.remaining() >= BYTES => return Pin::new(&mut self.io).poll_read(cx, buf),
            None => ready!(poll_more(&mut self.io, cx))?,
        };
        let count = (left.end - left.at).min(buf.remaining());
        buf.put_slice(&left.bytes[left.at..left.at + count]);
        left.at += count;
        if left.at == left.end {
            give_back(left.bytes);
        } else {
            self.left = Some(left);
        }
        Poll::Ready(Ok(()))
    }
}

/// One read; nothing at the end of the stream.
fn poll_more<T: AsyncRead + Unpin>(
    io: &mut T,
    cx: &mut Context<'_>,
) -> Poll<io::Result<UnreadBytes>> {
    let mut bytes = take();
    let mut buf = ReadBuf::new(&mut bytes);
    let read = Pin::new(io).poll_read(cx, &mut buf);
    let end = buf.filled().len();
    match read {
        Poll::Ready(Ok(())) => Poll::Ready(Ok(UnreadBytes { bytes, at: 0, end })),
        Poll::Ready(Err(error)) => {
            give_back(bytes);
            Poll::Ready(Err(error))
        }
        Poll::Pending => {
            // An idle connection must not hold a buffer: thousands of them wait here.
            give_back(bytes);
            Poll::Pending
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for ReadAhead<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }
}

#[cfg(test)]
mod tests;
