//! Messages of HTTP/1.1 on a connection. Of a head only what is needed is looked for: its end, its lines, and the length
//! of the content.

use anyhow::{Context as _, Result, bail, ensure};
use benches::wire::Stream;
use memchr::{memchr, memmem};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Room for a head, and for each piece of content.
const BUFFER: usize = 64 * 1024;

/// A connection, with what was read from it and not used yet.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
    filled: usize,
}

/// Where the parts of a message are.
#[derive(Clone, Copy)]
pub(super) struct Head {
    /// The length of the head with the empty line at its end.
    pub(super) end: usize,
    /// Bytes of content that were not read yet.
    pub(super) rest: usize,
    /// Bytes of content.
    pub(super) content: usize,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream,
            buffer: vec![0; BUFFER],
            filled: 0,
        }
    }

    /// Reads a head; `None` if the peer closes the connection instead.
    pub(super) async fn head(&mut self) -> Result<Option<Head>> {
        self.filled = 0;
        let end = loop {
            ensure!(self.filled < self.buffer.len(), "a head that is too long");
            let read = self.stream.read(&mut self.buffer[self.filled..]).await?;
            if read == 0 {
                ensure!(self.filled == 0, "the peer closed the connection");
                return Ok(None);
            }
            self.filled += read;
            if let Some(end) = memmem::find(&self.buffer[..self.filled], b"\r\n\r\n") {
                break end + 4;
            }
        };
        let content = content_length(&self.buffer[..end])?;
        let rest = (end + content).checked_sub(self.filled);
        Ok(Some(Head {
            end,
            content,
            rest: rest.context("bytes after a message")?,
        }))
    }

    /// What was read of the message: its head, and perhaps the beginning of its content.
    pub(super) fn read(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await?;
        // TLS may hold a part back until then.
        Ok(self.stream.flush().await?)
    }

    /// Reads the rest of a message's content, and hands it on if somebody wants it.
    pub(super) async fn pass(&mut self, mut rest: usize, mut to: Option<&mut Self>) -> Result<()> {
        while rest > 0 {
            let room = rest.min(self.buffer.len());
            let read = self.stream.read(&mut self.buffer[..room]).await?;
            ensure!(read > 0, "the peer closed the connection within a message");
            rest -= read;
            if let Some(to) = &mut to {
                to.write(&self.buffer[..read]).await?;
            }
        }
        Ok(())
    }
}

/// The lines of a head, the first one and the fields, each with its end.
pub(super) fn lines(mut head: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (line, rest) = head.split_at_checked(memchr(b'\n', head)? + 1)?;
        head = rest;
        Some(line)
    })
}

/// The value of a line, if it is a field of this name.
pub(super) fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (said, value) = line.split_at_checked(name.len())?;
    let value = value.strip_prefix(b":")?;
    said.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

fn content_length(head: &[u8]) -> Result<usize> {
    let mut content = 0;
    for line in lines(head) {
        if let Some(length) = field(line, b"content-length") {
            content = std::str::from_utf8(length)?.parse()?;
        } else if field(line, b"transfer-encoding").is_some() {
            bail!("a message without a length");
        }
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_whatever_their_case() {
        let head = b"GET / HTTP/1.1\r\nContent-LENGTH: 12 \r\nx: content-length: 9\r\n\r\n";
        assert_eq!(lines(head).count(), 4);
        assert_eq!(content_length(head).unwrap(), 12);
        assert_eq!(field(b"Content-Lengths: 1\r\n", b"content-length"), None);
        assert!(content_length(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }
}
