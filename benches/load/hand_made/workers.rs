//! One thread for each worker, as in the gateway: each has a runtime of its own and takes connections from the listeners.

use anyhow::{Context as _, Result};
use benches::wire::Stream;
use clap::Args;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use std::{
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
    thread,
};
use tokio::{net::TcpStream, task::LocalSet};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

/// What both programs are told.
#[derive(Args, Clone, Debug)]
pub(super) struct Workers {
    /// Threads.
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// The certificate of a TLS listener.
    #[arg(long, requires = "key")]
    cert: Option<PathBuf>,
    /// The certificate's key.
    #[arg(long, requires = "cert")]
    key: Option<PathBuf>,
}

/// What a worker does with connections. Each worker has one.
pub(super) trait Service: 'static {
    async fn serve(self: Rc<Self>, stream: Box<dyn Stream>) -> Result<()>;
}

/// A port that connections come to.
pub(super) struct Entry {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Workers {
    /// A listener in plaintext.
    pub(super) fn plain() -> Result<Entry> {
        Entry::new(None)
    }

    /// A listener with TLS, if there is a certificate.
    pub(super) fn tls(&self) -> Result<Option<Entry>> {
        let files = self.cert.as_deref().zip(self.key.as_deref());
        let tls = files.map(|(cert, key)| acceptor(cert, key)).transpose()?;
        tls.map(|tls| Entry::new(Some(tls))).transpose()
    }

    /// Serves until the process is ended.
    pub(super) fn run<S: Service>(
        &self,
        entries: &[Entry],
        service: impl Fn() -> Result<S> + Sync,
    ) -> Result<()> {
        thread::scope(|scope| {
            let workers: Vec<_> = (0..self.workers)
                .map(|_| scope.spawn(|| worker(entries, Rc::new(service()?))))
                .collect();
            for worker in workers {
                worker.join().ok().context("a worker panicked")??;
            }
            Ok(())
        })
    }
}

impl Entry {
    fn new(tls: Option<TlsAcceptor>) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let (scheme, addr) = (
            if tls.is_some() { "https" } else { "http" },
            listener.local_addr()?,
        );
        crate::output::say(&format!("listening on {scheme}://{addr}"))?;
        Ok(Self { listener, tls })
    }
}

fn worker<S: Service>(entries: &[Entry], service: Rc<S>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    LocalSet::new().block_on(&runtime, async {
        let mut accepting = Vec::new();
        for entry in entries {
            let listener = tokio::net::TcpListener::from_std(entry.listener.try_clone()?)?;
            let accept = accept(listener, entry.tls.clone(), Rc::clone(&service));
            accepting.push(tokio::task::spawn_local(accept));
        }
        for task in accepting {
            task.await??;
        }
        Ok(())
    })
}

async fn accept<S: Service>(
    listener: tokio::net::TcpListener,
    tls: Option<TlsAcceptor>,
    service: Rc<S>,
) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let connection = connection(stream, tls.clone(), Rc::clone(&service));
        tokio::task::spawn_local(async {
            if let Err(error) = connection.await {
                // The load program quotes it if the run fails; a closed output ends nothing.
                let _ = writeln!(std::io::stderr(), "{error:#}");
            }
        });
    }
}

async fn connection<S: Service>(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    service: Rc<S>,
) -> Result<()> {
    stream.set_nodelay(true)?;
    let stream: Box<dyn Stream> = match tls {
        Some(tls) => Box::new(
            tls.accept(stream)
                .await
                .context("the TLS handshake failed")?,
        ),
        None => Box::new(stream),
    };
    service.serve(stream).await
}

fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(cert)?.collect::<Result<_, _>>()?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
