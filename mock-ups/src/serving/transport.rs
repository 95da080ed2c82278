//! A connection's socket, and how it ends: as usual, with a reset, or only after the client has had
//! the time to read the answer to a request that it is still sending.

use std::future::Future as _;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;

use super::refusal::Refusal;

/// A switch that handlers hold: how the socket ends. The last one to turn it wins, except that
/// nothing undoes a reset.
#[derive(Debug, Clone, Default)]
pub(crate) struct CloseMode(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    ending: AtomicU8,
    /// Whether the last write left something over.
    has_unsent: AtomicBool,
    /// Whether the end has begun.
    is_closing: AtomicBool,
}

const USUAL: u8 = 0;
const LINGER: u8 = 1;
const RESET: u8 = 2;

impl CloseMode {
    /// RST instead of FIN.
    pub(crate) fn reset(&self) {
        // Relaxed: the flag is alone, and the socket ends after the handler in any case.
        self.0.ending.store(RESET, Ordering::Relaxed);
    }

    /// FIN, then what the client still sends is read and dropped for a while. A socket that is
    /// closed with unread bytes in it resets, and a reset can overtake the answer.
    pub(crate) fn linger(&self) {
        // If it is another one already, that one stays.
        let _ = self
            .0
            .ending
            .compare_exchange(USUAL, LINGER, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether nothing is left to do on the socket. Otherwise a client reads slower than the mock writes, so that the
    /// rest of an answer is not on its way yet, or the socket is ending.
    pub(crate) fn is_settled(&self) -> bool {
        let set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        !set(&self.0.has_unsent) && !set(&self.0.is_closing)
    }

    fn note_write(&self, offered: usize, written: &Poll<io::Result<usize>>) {
        let all = matches!(written, Poll::Ready(Ok(length)) if *length == offered);
        self.0.has_unsent.store(!all, Ordering::Relaxed);
    }

    fn is(&self, ending: u8) -> bool {
        self.0.ending.load(Ordering::Relaxed) == ending
    }
}

/// Time for the last bytes to leave the machine before a reset.
const FAREWELL: Duration = Duration::from_millis(20);
/// What is read and dropped of a client that goes on sending, at most.
pub(crate) const LINGER_BYTES: usize = 16 * 1024 * 1024;
/// How long that may take.
pub(crate) const LINGER_TIME: Duration = Duration::from_secs(3);

/// The socket, plain or TLS.
#[derive(Debug)]
pub(crate) struct Transport {
    stream: Stream,
    ending: CloseMode,
    /// Runs between the last byte and the reset, or for as long as the socket lingers.
    timer: Option<Pin<Box<Sleep>>>,
    /// Bytes that may still be dropped.
    linger_left: usize,
    /// Goes out in place of an answer of hyper's own.
    refusal: Option<Refusal>,
    /// Was read before the connection was parked.
    read_before: Bytes,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Transport {
    pub(crate) fn plain(stream: TcpStream) -> Self {
        Self::new(Stream::Plain(stream))
    }

    pub(crate) fn tls(stream: TlsStream<TcpStream>) -> Self {
        Self::new(Stream::Tls(Box::new(stream)))
    }

    fn new(stream: Stream) -> Self {
        Self {
            stream,
            ending: CloseMode::default(),
            timer: None,
            linger_left: LINGER_BYTES,
            refusal: None,
            read_before: Bytes::new(),
        }
    }

    /// Whether nothing is kept of a TLS session's buffers: a plain socket has none.
    pub(crate) fn can_park(&self) -> bool {
        matches!(self.stream, Stream::Plain(_))
    }

    /// The same socket, with what was read of the next request already.
    pub(crate) fn parked(mut self, read_before: &[u8]) -> Self {
        // Copied: even an empty slice of hyper's buffer would keep all of it.
        self.read_before = Bytes::copy_from_slice(read_before);
        self
    }

    /// Waits until the client sends something, or ends.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        self.tcp().readable().await
    }

    pub(crate) fn ending(&self) -> CloseMode {
        self.ending.clone()
    }

    fn tcp(&self) -> &TcpStream {
        match &self.stream {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(tls) => tls.get_ref().0,
        }
    }

    /// Sends the replacement of hyper's own answer; `None` if this is not one.
    fn poll_refusal(
        &mut self,
        cx: &mut Context<'_>,
        own: &[u8],
    ) -> Option<Poll<io::Result<usize>>> {
        if self.refusal.is_none() {
            self.refusal = Some(Refusal::of(own)?);
        }
        while let Some(refusal) = &mut self.refusal {
            if refusal.rest().is_empty() {
                break;
            }
            let written = match &mut self.stream {
                Stream::Plain(tcp) => Pin::new(tcp).poll_write(cx, refusal.rest()),
                Stream::Tls(tls) => Pin::new(tls.as_mut()).poll_write(cx, refusal.rest()),
            };
            match written {
                Poll::Ready(Ok(length)) => refusal.sent += length,
                // hyper offers the same bytes again, and this goes on where it stopped.
                Poll::Ready(Err(_)) | Poll::Pending => return Some(written),
            }
        }
        self.refusal = None;
        Some(Poll::Ready(Ok(own.len())))
    }

    fn poll_fin(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls.as_mut()).poll_shutdown(cx),
        }
    }

    /// Drops what arrives until the client ends, or bytes or time run out.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER_TIME)));
        // Time first: a client that always has bytes ready must not keep the socket.
        if timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // On the stack and not initialised: what is read here is thrown away.
        let mut dropped = [MaybeUninit::uninit(); 8 * 1024];
        loop {
            let mut buffer = ReadBuf::uninit(&mut dropped);
            let read = ready!(Pin::new(&mut *self).poll_read(cx, &mut buffer));
            let length = buffer.filled().len();
            self.linger_left = self.linger_left.saturating_sub(length);
            // An error or the client's end is what it lingered for.
            if read.is_err() || length == 0 || self.linger_left == 0 {
                return Poll::Ready(());
            }
        }
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        if self.ending.is(RESET) {
            // A failure leaves an ordinary close, which is all that can be done about it here.
            let _ = SockRef::from(self.tcp()).set_linger(Some(Duration::ZERO));
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.read_before.is_empty() {
            let length = self.read_before.len().min(buf.remaining());
            buf.put_slice(&self.read_before.split_to(length));
            return Poll::Ready(Ok(()));
        }
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Stream::Tls(tls) => Pin::new(tls.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(sent) = self.poll_refusal(cx, buf) {
            return sent;
        }
        let written = match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Stream::Tls(tls) => Pin::new(tls.as_mut()).poll_write(cx, buf),
        };
        self.ending.note_write(buf.len(), &written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // An answer of hyper's own has no body, so it is one piece.
        if let [own] = bufs
            && let Some(sent) = self.poll_refusal(cx, own)
        {
            return sent;
        }
        let written = match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, bufs),
            Stream::Tls(tls) => Pin::new(tls.as_mut()).poll_write_vectored(cx, bufs),
        };
        let offered = bufs.iter().map(|buf| buf.len()).sum();
        self.ending.note_write(offered, &written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        // Passed on, or hyper would copy head and body into one buffer.
        match &self.stream {
            Stream::Plain(tcp) => tcp.is_write_vectored(),
            Stream::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(tls.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.ending.0.is_closing.store(true, Ordering::Relaxed);
        if self.ending.is(RESET) {
            // What was written must leave before the reset, which would discard it; and the end is
            // that reset, not a FIN before it.
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(FAREWELL)));
            return timer.as_mut().poll(cx).map(Ok);
        }
        // The FIN comes before lingering: the client must see the end to stop sending.
        if self.timer.is_none() {
            ready!(self.poll_fin(cx))?;
        }
        if self.ending.is(LINGER) {
            return self.poll_linger(cx).map(Ok);
        }
        Poll::Ready(Ok(()))
    }
}
