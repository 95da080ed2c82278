//! rustls between what came in and what goes out.

use super::{
    incoming::Incoming,
    outgoing::{self, Outgoing},
};
use gateway_framing::ReadBuffer;
use rustls::{
    client::{ClientConnectionData, UnbufferedClientConnection},
    unbuffered::{ConnectionState, ReadTraffic, WriteTraffic},
};
use std::io;
use tokio::io::ReadBuf;

/// Room for the alert that ends a connection, with a cipher's overhead and a key update before it.
const GOODBYE: usize = 256;

/// A TLS session without I/O.
pub(super) struct Session {
    client: UnbufferedClientConnection,
    pub(super) incoming: Incoming,
    /// Decrypted and not asked for yet.
    pub(super) plaintext: ReadBuffer,
    pub(super) outgoing: Outgoing,
    /// The peer said that it sends nothing more.
    pub(super) peer_closed: bool,
    /// It must not be asked again after an error.
    failed: Option<rustls::Error>,
}

/// How far the bytes that came have brought the session.
#[derive(Debug)]
pub(super) enum Progress<R> {
    /// Plaintext came.
    Data,
    /// Every byte was used; after the handshake with what the caller did with that.
    Waits(R),
    /// Both sides said that they send nothing more.
    Closed,
}

impl Session {
    pub(super) fn new(client: UnbufferedClientConnection) -> Self {
        Self {
            client,
            incoming: Incoming::default(),
            plaintext: ReadBuffer::default(),
            outgoing: Outgoing::default(),
            peer_closed: false,
            failed: None,
        }
    }

    pub(super) fn alpn(&self) -> Option<&[u8]> {
        self.client.alpn_protocol()
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.client.is_handshaking()
    }

    /// Works on what came until one record's plaintext is there (in `buf`; what has no room is
    /// kept), or nothing is left to do; then `idle` may write.
    pub(super) fn advance<R: Default>(
        &mut self,
        buf: &mut ReadBuf<'_>,
        mut idle: impl FnMut(WriteTraffic<'_, ClientConnectionData>) -> R,
    ) -> Result<Progress<R>, rustls::Error> {
        // rustls must not be asked again, and the same error must not turn into another.
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        loop {
            let status = self.client.process_tls_records(self.incoming.filled());
            let mut used = status.discard;
            let progress = match status.state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    let taken = take(&mut traffic, &mut self.plaintext, buf);
                    taken.map(|more| {
                        used += more;
                        Some(Progress::Data)
                    })
                }
                Ok(ConnectionState::EncodeTlsData(message)) => {
                    self.outgoing.encode(message);
                    Ok(None)
                }
                Ok(ConnectionState::TransmitTlsData(message)) => {
                    // It is on its way, in order with everything else.
                    message.done();
                    Ok(None)
                }
                Ok(ConnectionState::BlockedHandshake) => Ok(Some(Progress::Waits(R::default()))),
                Ok(ConnectionState::WriteTraffic(traffic)) => {
                    Ok(Some(Progress::Waits(idle(traffic))))
                }
                Ok(ConnectionState::PeerClosed) => {
                    self.peer_closed = true;
                    Ok(None)
                }
                Ok(ConnectionState::Closed) => Ok(Some(Progress::Closed)),
                // Nobody is offered to send early data.
                Ok(_) => Err(rustls::Error::General("unexpected early data".into())),
                Err(error) => Err(error),
            };
            match progress {
                Ok(progress) => {
                    self.incoming.discard(used);
                    if self.peer_closed {
                        // Whatever follows is not the peer's word (RFC 8446 section 6.1).
                        self.incoming.clear();
                    }
                    if let Some(progress) = progress {
                        return Ok(progress);
                    }
                }
                Err(error) => {
                    self.fail(&error);
                    return Err(error);
                }
            }
        }
    }

    /// Encrypts `plain` into `sealed`; how much of that is used.
    pub(super) fn seal(&mut self, plain: &[u8], sealed: &mut Vec<u8>) -> io::Result<usize> {
        loop {
            let mut nowhere = ReadBuf::new(&mut []);
            let done = self.advance(&mut nowhere, |mut traffic| {
                Some(outgoing::seal(&mut traffic, plain, sealed))
            });
            match done.map_err(invalid)? {
                // Kept for the reader. It ends: nothing more is read from the peer meanwhile.
                Progress::Data => {}
                Progress::Waits(Some(length)) => return length.map_err(io::Error::other),
                Progress::Waits(None) => return Err(io::ErrorKind::NotConnected.into()),
                Progress::Closed => return Err(io::ErrorKind::BrokenPipe.into()),
            }
        }
    }

    /// Tells the peer that nothing more comes from here, unless an error said so already.
    pub(super) fn say_goodbye(&mut self) {
        loop {
            let mut nowhere = ReadBuf::new(&mut []);
            let mut goodbye = [0; GOODBYE];
            let done = self.advance(&mut nowhere, |mut traffic| {
                traffic.queue_close_notify(&mut goodbye).ok()
            });
            match done {
                Ok(Progress::Data) => {}
                Ok(Progress::Waits(Some(length))) => return self.outgoing.keep(&goodbye[..length]),
                Ok(Progress::Waits(None) | Progress::Closed) | Err(_) => return,
            }
        }
    }

    /// From now on there is this error, and an alert about it for the peer.
    fn fail(&mut self, error: &rustls::Error) {
        self.failed = Some(error.clone());
        self.incoming.clear();
        while self.client.wants_write() {
            match self.client.process_tls_records(&mut []).state {
                Ok(ConnectionState::EncodeTlsData(message)) => self.outgoing.encode(message),
                Ok(_) | Err(_) => return,
            }
        }
    }
}

/// The error kind that rustls' buffered interface reports.
pub(super) fn invalid(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Hands on the plaintext of a record; how many more bytes than were said are used up by that.
fn take(
    traffic: &mut ReadTraffic<'_, '_, ClientConnectionData>,
    kept: &mut ReadBuffer,
    buf: &mut ReadBuf<'_>,
) -> Result<usize, rustls::Error> {
    let mut used = 0;
    while let Some(record) = traffic.next_record() {
        let record = record?;
        used += record.discard;
        // What is kept goes first.
        let room = if kept.is_empty() { buf.remaining() } else { 0 };
        let (now, later) = record.payload.split_at(record.payload.len().min(room));
        buf.put_slice(now);
        kept.extend(later);
        kept.approve_all();
    }
    Ok(used)
}
