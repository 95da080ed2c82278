//! One HTTP/1.1 keep-alive connection, as cheap as a client can be: the request is bytes that were made
//! once, and of the response only status and length are read.

use anyhow::{Context as _, Result, bail, ensure};
use memchr::memmem;
use std::fmt;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// A connection to the server under load.
pub struct Connection {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
    filled: usize,
}

/// Whatever bytes go through.
pub trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({} bytes read)", self.filled)
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// How long the content was; chunked content counts with its sizes.
    pub length: usize,
    /// The beginning of the content, unless the status is 200: an error says what is wrong.
    pub said: Option<String>,
}

impl Reply {
    /// Keeps of the content what is needed.
    #[must_use]
    pub fn new(status: u16, content: &[u8]) -> Self {
        let said = (status != 200).then(|| {
            let begin = &content[..content.len().min(300)];
            String::from_utf8_lossy(begin).into_owned()
        });
        Self {
            status,
            length: content.len(),
            said,
        }
    }
}

/// Room for a response; of a longer one this much of the beginning is kept.
const BUFFER: usize = 64 * 1024;
const KEPT: usize = 8 * 1024;

/// How the content of a response ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Length(usize),
    Chunked,
}

impl Connection {
    /// Speaks over a stream that is connected.
    #[must_use]
    pub fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream,
            buffer: vec![0; BUFFER],
            filled: 0,
        }
    }

    /// Sends the request and reads the whole response.
    ///
    /// # Errors
    /// When the connection ends early or the response is not HTTP/1.1 that this client knows.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Reply> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        let head_end = loop {
            if let Some(end) = memmem::find(&self.buffer[..self.filled], b"\r\n\r\n") {
                break end + 4;
            }
            self.read().await?;
        };
        let (status, content) = parse_head(&self.buffer[..head_end])?;
        let length = match content {
            Content::Length(length) => {
                self.skip_to(head_end + length).await?;
                length
            }
            Content::Chunked => loop {
                if let Some(length) = chunked_end(&self.buffer[head_end..self.filled])? {
                    ensure!(head_end + length == self.filled, "bytes after the response");
                    break length;
                }
                self.read().await?;
            },
        };
        let begin = &self.buffer[head_end..self.filled];
        let reply = Reply {
            length,
            ..Reply::new(status, begin)
        };
        self.filled = 0;
        Ok(reply)
    }

    /// Reads until a response of this length is there. What the buffer has no room for is counted and forgotten: to
    /// keep a megabyte for each connection would cost the generator more than to read it.
    async fn skip_to(&mut self, end: usize) -> Result<()> {
        let mut seen = self.filled;
        while seen < end {
            if self.filled < self.buffer.len() {
                let before = self.filled;
                self.read().await?;
                seen += self.filled - before;
            } else {
                let read = self.stream.read(&mut self.buffer[KEPT..]).await?;
                ensure!(read > 0, "the server closed the connection");
                seen += read;
            }
        }
        ensure!(seen == end, "bytes after the response");
        Ok(())
    }

    async fn read(&mut self) -> Result<()> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let read = self.stream.read(&mut self.buffer[self.filled..]).await?;
        ensure!(read > 0, "the server closed the connection");
        self.filled += read;
        Ok(())
    }
}

fn parse_head(head: &[u8]) -> Result<(u16, Content)> {
    let head = std::str::from_utf8(head).context("the head is not text")?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok());
    let status = status.context("no status line")?;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            return Ok((status, Content::Length(value.trim().parse()?)));
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Ok((status, Content::Chunked));
        }
    }
    bail!("a response without length")
}

/// Where chunked content ends, if all of it is there.
fn chunked_end(mut rest: &[u8]) -> Result<Option<usize>> {
    let mut end = 0;
    loop {
        let Some(line) = memmem::find(rest, b"\r\n") else {
            return Ok(None);
        };
        let size = std::str::from_utf8(&rest[..line])?
            .split(';')
            .next()
            .unwrap_or_default();
        let size = usize::from_str_radix(size.trim(), 16).context("a chunk size")?;
        let chunk = line + 2 + size + 2;
        if rest.len() < chunk {
            return Ok(None);
        }
        end += chunk;
        if size == 0 {
            return Ok(Some(end));
        }
        rest = &rest[chunk..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunked_content_ends_after_its_last_chunk() {
        let whole = b"3\r\nabc\r\n0\r\n\r\n";
        assert_eq!(chunked_end(whole).unwrap(), Some(whole.len()));
        assert_eq!(chunked_end(&whole[..whole.len() - 1]).unwrap(), None);
    }

    #[test]
    fn head_without_length_is_refused() {
        assert!(parse_head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        let head = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 7\r\n\r\n";
        assert_eq!(parse_head(head).unwrap(), (401, Content::Length(7)));
    }
}
