//! Bytes as they are, for what no HTTP library would send.

use crate::{soon, wait::PATIENCE};
use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A connection that is spoken to in bytes.
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Raw {
    /// Connects.
    ///
    /// # Errors
    /// When no program listens there.
    pub async fn connect(addr: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        Ok(Self {
            stream,
            received: Vec::new(),
        })
    }

    /// Sends; a peer that has closed already is seen when reading.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        // The gateway may have closed already; what it answered before that is what the test looks at.
        let _ = soon("the write", self.stream.write_all(bytes.as_ref())).await;
        self
    }

    /// Reads until the text was received, and gives everything received so far.
    ///
    /// # Panics
    /// When the peer ends before.
    pub async fn until(&mut self, text: &str) -> String {
        while !self.text().contains(text) {
            let read = soon(text, self.stream.read_buf(&mut self.received)).await;
            let more = read.is_ok_and(|length| length > 0);
            assert!(more, "ended without {text:?}: {}", self.text());
        }
        self.text()
    }

    /// Reads until the peer closes, and gives everything received.
    ///
    /// # Panics
    /// When the peer does not close in time.
    pub async fn until_closed(mut self, what: &str) -> String {
        let read = self.stream.read_to_end(&mut self.received);
        // A reset is an end as well; what was received before it counts.
        let end = tokio::time::timeout(PATIENCE, read).await;
        assert!(end.is_ok(), "{what}: not closed after {}", self.text());
        self.text()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }
}
