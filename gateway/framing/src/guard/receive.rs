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
    // Whether the peer or the gateway is waited for decides whether a slow body counts.
    state.read_blocked.set(poll.is_pending());
    // Also known to the sweep, which must be able to wake a task that waits for a silent peer.
    if poll.is_pending() {
        state.wake_later(cx.waker());
    }
    ready!(poll)?;
    let count = buf.filled().len() - before;
    state.received.set(state.received.get() + count as u64);
    Poll::Ready(Ok(()))
}
