//! The least that a gateway of this design can cost: a relay with one thread for each worker and kept connections, which
//! replaces one field and looks for the end of each message.
//!
//! It checks nothing, has no limit, no deadline, no metric and no retry, and it speaks HTTP/1.1 only. So no gateway can
//! stand in its place. What a candidate costs above it is what its checks and features cost, and its design.

use super::{
    message::{Wire, field, lines},
    workers::{Service, Workers},
};
use anyhow::{Context as _, Result};
use benches::{client, wire::Stream};
use clap::Args;
use rustls_pki_types::ServerName;
use std::{cell::RefCell, fs, net::SocketAddr, path::PathBuf, rc::Rc};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    workers: Workers,
    /// The carrier.
    #[arg(long)]
    upstream: SocketAddr,
    /// The authority of the carrier's certificate; with it TLS goes to the carrier.
    #[arg(long)]
    ca_file: Option<PathBuf>,
    /// The file with the token, because every user of the machine can read arguments.
    #[arg(long)]
    token_file: PathBuf,
}

/// Serves until the process is ended.
pub(crate) fn run(options: &Options) -> Result<()> {
    let token = fs::read_to_string(&options.token_file).context("no token")?;
    let tls = options.ca_file.as_deref();
    let tls = tls.map(|ca| client::tls(ca, false)).transpose()?;
    let entry = match options.workers.tls()? {
        Some(tls) => tls,
        None => Workers::plain()?,
    };
    options.workers.run(&[entry], || {
        Ok(Relay {
            upstream: options.upstream,
            tls: tls.clone().map(TlsConnector::from),
            bearer: format!("authorization: Bearer {token}\r\n\r\n"),
            idle: RefCell::default(),
        })
    })
}

/// One worker.
struct Relay {
    upstream: SocketAddr,
    tls: Option<TlsConnector>,
    /// The field, and the end of the head.
    bearer: String,
    /// Connections to the carrier that wait for a request.
    idle: RefCell<Vec<Wire>>,
}

impl Relay {
    async fn connect(&self) -> Result<Wire> {
        if let Some(idle) = self.idle.borrow_mut().pop() {
            return Ok(idle);
        }
        let stream = TcpStream::connect(self.upstream).await?;
        stream.set_nodelay(true)?;
        Ok(Wire::new(match &self.tls {
            Some(tls) => {
                let name = ServerName::try_from("localhost").context("a name")?;
                Box::new(tls.connect(name, stream).await?)
            }
            None => Box::new(stream),
        }))
    }

    /// The head with the right token, and what was read of the content.
    fn complete(&self, read: &[u8], end: usize, request: &mut Vec<u8>) {
        request.clear();
        let (head, content) = read.split_at(end);
        // Without the empty line: the field comes before it.
        for line in lines(&head[..end - 2]) {
            if field(line, b"authorization").is_none() {
                request.extend_from_slice(line);
            }
        }
        request.extend_from_slice(self.bearer.as_bytes());
        request.extend_from_slice(content);
    }
}

impl Service for Relay {
    async fn serve(self: Rc<Self>, stream: Box<dyn Stream>) -> Result<()> {
        let mut app = Wire::new(stream);
        let mut request = Vec::new();
        while let Some(head) = app.head().await? {
            let mut carrier = self.connect().await?;
            self.complete(app.read(), head.end, &mut request);
            carrier.write(&request).await?;
            app.pass(head.rest, Some(&mut carrier)).await?;
            let answer = carrier.head().await?;
            let answer = answer.context("the carrier closed the connection")?;
            app.write(carrier.read()).await?;
            carrier.pass(answer.rest, Some(&mut app)).await?;
            self.idle.borrow_mut().push(carrier);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_of_the_app_is_replaced_and_the_rest_stays() {
        let relay = Relay {
            upstream: SocketAddr::from(([127, 0, 0, 1], 1)),
            tls: None,
            bearer: "authorization: Bearer right\r\n\r\n".to_owned(),
            idle: RefCell::default(),
        };
        let head = "POST / HTTP/1.1\r\nAuthorization: Bearer wrong\r\ncontent-length: 4\r\n\r\n";
        let mut request = Vec::new();
        relay.complete(format!("{head}body").as_bytes(), head.len(), &mut request);
        let expected =
            "POST / HTTP/1.1\r\ncontent-length: 4\r\nauthorization: Bearer right\r\n\r\nbody";
        assert_eq!(String::from_utf8(request).unwrap(), expected);
    }
}
