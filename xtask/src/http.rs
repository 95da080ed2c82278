//! Just enough of an HTTP client to talk to our own servers on loopback.

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, time::timeout};

const DEADLINE: Duration = Duration::from_secs(30);

/// Sends one request on a connection of its own and reads the whole response.
pub(crate) async fn send(
    addr: SocketAddr,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>> {
    timeout(DEADLINE, exchange(addr, request))
        .await
        .with_context(|| format!("no answer from {addr} within {DEADLINE:?}"))?
}

async fn exchange(addr: SocketAddr, request: Request<Full<Bytes>>) -> Result<Response<Bytes>> {
    let stream = TcpStream::connect(addr)
        .await
        .with_context(|| format!("cannot connect to {addr}"))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async {
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Response::from_parts(parts, body))
    };
    tokio::select! {
        done = exchange => done,
        Err(error) = connection => Err(error.into()),
    }
}
