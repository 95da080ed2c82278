//! The PROXY protocol header that a load balancer sends before anything else, version 1 or 2
//! (<https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt>).
//!
//! The bytes are trusted like the balancer itself: read a header only from one that the operator named.
//! Nothing behind the header is read. A deadline is the caller's.

use ppp::{v1, v2};
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Bytes that tell the versions apart. No header is shorter.
const FIRST: usize = 12;
/// Bytes of a whole header of version 1.
const MAX_TEXT: usize = 107;
/// Bytes of version 2 behind the first twelve, up to its length.
const LENGTH: usize = 4;
/// Bytes behind the length. Addresses take 216 at most; what a balancer tells beside them is short.
const MAX_BINARY: usize = 2048;

/// Why a connection has no client.
#[derive(Debug, thiserror::Error)]
pub enum ProxyHeaderError {
    /// The connection begins with something else.
    #[error("the connection does not begin with a PROXY protocol header")]
    Missing,
    /// The header breaks the protocol's rules.
    #[error("the PROXY protocol header is malformed")]
    Malformed,
    /// The header is longer than any useful one.
    #[error("the PROXY protocol header is too long")]
    TooLong,
    /// The connection ended or failed before the header did.
    #[error("the connection ended within its PROXY protocol header")]
    Cut(#[from] io::Error),
}

/// Reads the header. `None` means that the balancer speaks for itself (`LOCAL`) or does not know the
/// client (`UNKNOWN`, a Unix socket).
///
/// # Errors
/// If there is no header, or an invalid one.
pub async fn read_proxy_header<T: AsyncRead + Unpin>(
    io: &mut T,
) -> Result<Option<SocketAddr>, ProxyHeaderError> {
    let mut header = vec![0; FIRST];
    io.read_exact(&mut header).await?;
    if header == v2::PROTOCOL_PREFIX {
        read_binary(io, header).await
    } else if header.starts_with(b"PROXY ") {
        read_text(io, header).await
    } else {
        Err(ProxyHeaderError::Missing)
    }
}

async fn read_text<T: AsyncRead + Unpin>(
    io: &mut T,
    mut header: Vec<u8>,
) -> Result<Option<SocketAddr>, ProxyHeaderError> {
    // Byte by byte, because what follows the line is not the header's.
    while !header.ends_with(b"\n") {
        if header.len() == MAX_TEXT {
            return Err(ProxyHeaderError::TooLong);
        }
        header.push(io.read_u8().await?);
    }
    let parsed = v1::Header::try_from(&header[..]).map_err(|_| ProxyHeaderError::Malformed)?;
    let client = match parsed.addresses {
        v1::Addresses::Unknown => return Ok(None),
        v1::Addresses::Tcp4(of) => SocketAddr::from((of.source_address, of.source_port)),
        v1::Addresses::Tcp6(of) => SocketAddr::from((of.source_address, of.source_port)),
    };
    // The parser takes a port with a sign.
    if header.contains(&b'+') {
        return Err(ProxyHeaderError::Malformed);
    }
    Ok(Some(canonical(client)))
}

async fn read_binary<T: AsyncRead + Unpin>(
    io: &mut T,
    mut header: Vec<u8>,
) -> Result<Option<SocketAddr>, ProxyHeaderError> {
    let mut fixed = [0; LENGTH];
    io.read_exact(&mut fixed).await?;
    let [.., a, b] = fixed;
    let length = usize::from(u16::from_be_bytes([a, b]));
    if length > MAX_BINARY {
        return Err(ProxyHeaderError::TooLong);
    }
    header.extend(fixed);
    header.resize(FIRST + LENGTH + length, 0);
    io.read_exact(&mut header[FIRST + LENGTH..]).await?;
    let parsed = v2::Header::try_from(&header[..]).map_err(|_| ProxyHeaderError::Malformed)?;
    if parsed.command == v2::Command::Local {
        return Ok(None);
    }
    let client = match parsed.addresses {
        v2::Addresses::Unspecified | v2::Addresses::Unix(_) => return Ok(None),
        v2::Addresses::IPv4(of) => SocketAddr::from((of.source_address, of.source_port)),
        v2::Addresses::IPv6(of) => SocketAddr::from((of.source_address, of.source_port)),
    };
    // This is TCP: a balancer that says otherwise speaks of another connection.
    if parsed.protocol != v2::Protocol::Stream {
        return Err(ProxyHeaderError::Malformed);
    }
    Ok(Some(canonical(client)))
}

fn canonical(client: SocketAddr) -> SocketAddr {
    SocketAddr::new(client.ip().to_canonical(), client.port())
}
