//! Single requests beside the load: commands, documents, figures.

use anyhow::{Result, ensure};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use std::{net::SocketAddr, time::Duration};
use tokio::net::TcpStream;

/// A server that was not asked much must answer by then.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks for a document, or has something done.
pub(crate) fn get(
    addr: SocketAddr,
    request: http::request::Builder,
    body: &str,
) -> Result<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let body = Full::new(bytes::Bytes::copy_from_slice(body.as_bytes()));
    let exchange = async {
        let stream = TcpStream::connect(addr).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let request = request.header("host", "127.0.0.1").body(body)?;
        let exchange = async {
            let response = sender.send_request(request).await?;
            let status = response.status();
            let content = response.into_body().collect().await?.to_bytes();
            ensure!(
                status.is_success(),
                "{addr} answered {status}: {}",
                String::from_utf8_lossy(&content[..content.len().min(300)])
            );
            Ok(content.to_vec())
        };
        tokio::select! {
            done = exchange => done,
            Err(error) = connection => Err(error.into()),
        }
    };
    runtime.block_on(async { tokio::time::timeout(PATIENCE, exchange).await })?
}
