//! What is encrypted and not written yet.

use rustls::client::ClientConnectionData;
use rustls::unbuffered::{EncodeError, EncodeTlsData, EncryptError, WriteTraffic};
use std::{
    cell::RefCell,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::AsyncWrite;

/// Plaintext that one write takes: two records.
pub(super) const AT_ONCE: usize = 32 * 1024;
/// More than encrypting adds to [`AT_ONCE`].
const OVERHEAD: usize = 256;

/// The thread's buffers for a write; neither is kept beyond it.
#[derive(Default)]
pub(super) struct Scratch {
    /// Plaintext in one piece.
    pub(super) joined: Vec<u8>,
    /// That plaintext, encrypted.
    pub(super) sealed: Vec<u8>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Lends the thread's buffers. `write` must not come back here.
pub(super) fn with<R>(write: impl FnOnce(&mut Scratch) -> R) -> R {
    SCRATCH.with_borrow_mut(write)
}

/// As much of it as one write takes.
pub(super) fn part(plain: &[u8]) -> &[u8] {
    &plain[..plain.len().min(AT_ONCE)]
}

/// Copies several pieces into one, as far as one write takes them.
pub(super) fn join(pieces: &[IoSlice<'_>], joined: &mut Vec<u8>) {
    joined.clear();
    for piece in pieces {
        let room = AT_ONCE - joined.len();
        joined.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}

/// Encrypts `plain` into `sealed`, which grows as it must; how much of it is used.
pub(super) fn seal(
    traffic: &mut WriteTraffic<'_, ClientConnectionData>,
    plain: &[u8],
    sealed: &mut Vec<u8>,
) -> Result<usize, EncryptError> {
    let likely = plain.len() + OVERHEAD;
    // Kept at its size, so that it is cleared once and not for each write.
    if sealed.len() < likely {
        sealed.resize(likely, 0);
    }
    match traffic.encrypt(plain, sealed) {
        Err(EncryptError::InsufficientSize(needed)) => {
            sealed.resize(needed.required_size, 0);
            traffic.encrypt(plain, sealed)
        }
        done => done,
    }
}

/// Encrypted bytes that are to be written. Holds no buffer while it is empty.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    bytes: Vec<u8>,
    at: usize,
}

impl Outgoing {
    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Appends what could not be written.
    pub(super) fn keep(&mut self, sealed: &[u8]) {
        self.bytes.extend_from_slice(sealed);
    }

    /// Appends a message of rustls' own.
    pub(super) fn encode(&mut self, mut message: EncodeTlsData<'_, ClientConnectionData>) {
        let from = self.bytes.len();
        let length = match message.encode(&mut []) {
            Err(EncodeError::InsufficientSize(needed)) => {
                self.bytes.resize(from + needed.required_size, 0);
                message.encode(&mut self.bytes[from..]).unwrap_or(0)
            }
            Ok(_) | Err(EncodeError::AlreadyEncoded) => 0,
        };
        self.bytes.truncate(from + length);
    }

    /// Writes all of it.
    pub(super) fn poll_send<T: AsyncWrite + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.at < self.bytes.len() {
            let sent = ready!(Pin::new(&mut *io).poll_write(cx, &self.bytes[self.at..]))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.at += sent;
        }
        // Given back as soon as it is empty: an idle connection holds no buffer.
        if self.at > 0 {
            *self = Self::default();
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
impl Outgoing {
    pub(super) const fn kept(&self) -> usize {
        self.bytes.len()
    }
}
