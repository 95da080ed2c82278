//! Reads from the peer, counted for the sweep.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use crate::connection_state::ConnectionState;

/// Reads once from the peer into `scratch`.
pub(super) fn poll_receive<'buf, T: AsyncRead + Unpin>(
    io: &mut T,
    state: &ConnectionState,
    cx: &mut Context<'_>,
    scratch: &'buf mut [u8],
) -> Poll<io::Result<&'buf [u8]>> {
    let mut buf = ReadBuf::new(scratch);
    ready!(poll_fill(io, state, cx, &mut buf))?;
    let count = buf.filled().len();
    Poll::Ready(Ok(&scratch[..count]))
}

/// Reads once from the peer into `buf`.
pub(super) fn poll_fill<T: AsyncRead + Unpin>(
    io: &mut T,
    state: &ConnectionState,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    let before = buf.filled().len();
    let poll = Pin::new(io).poll_read(cx, buf);
    let count = buf.filled().len() - before;
    note(state, cx, poll.map_ok(|()| count)).map_ok(|_| ())
}

/// Tells the sweep how a read ended.
pub(super) fn note(
    state: &ConnectionState,
    cx: &Context<'_>,
    read: Poll<io::Result<usize>>,
) -> Poll<io::Result<usize>> {
    // Whether the peer or the gateway is waited for decides whether a slow body counts.
    state.read_blocked.set(read.is_pending());
    match &read {
        Poll::Ready(Ok(count)) => state.received.set(state.received.get() + *count as u64),
        Poll::Ready(Err(_)) => {}
        // Also known to the sweep, which must be able to wake a task that waits for a silent peer.
        Poll::Pending => state.wake_later(cx.waker()),
    }
    read
}
