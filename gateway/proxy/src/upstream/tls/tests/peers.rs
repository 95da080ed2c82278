//! Both ends, ours and theirs, and an unkind wire between them.

use super::super::TlsStream;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
    client::UnbufferedClientConnection,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio_rustls::{TlsAcceptor, TlsConnector, server};

pub(super) type Version = &'static SupportedProtocolVersion;

pub(super) const VERSIONS: [Version; 2] = [&rustls::version::TLS13, &rustls::version::TLS12];

/// A certificate that its client trusts, and both sides' settings.
pub(super) struct World {
    pub(super) client: ClientConfig,
    pub(super) server: ServerConfig,
}

impl World {
    pub(super) fn new(version: Version) -> Self {
        Self::named(version, vec!["localhost".into()])
    }

    pub(super) fn named(version: Version, names: Vec<String>) -> Self {
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let certificate: CertificateDer<'static> = made.cert.der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).expect("a root");
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let versions = [version];
        Self {
            client: ClientConfig::builder_with_protocol_versions(&versions)
                .with_root_certificates(roots)
                .with_no_client_auth(),
            server: ServerConfig::builder_with_protocol_versions(&versions)
                .with_no_client_auth()
                .with_single_cert(vec![certificate], key.into())
                .expect("a key that fits"),
        }
    }

    pub(super) fn our_client(&self) -> UnbufferedClientConnection {
        UnbufferedClientConnection::new(Arc::new(self.client.clone()), localhost())
            .expect("settings")
    }

    pub(super) fn connector(&self) -> TlsConnector {
        Arc::new(self.client.clone()).into()
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        Arc::new(self.server.clone()).into()
    }

    /// Our client, their server.
    pub(super) async fn up(
        &self,
        step: usize,
    ) -> (TlsStream<Wire>, server::TlsStream<DuplexStream>) {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let near = Wire::new(near, step);
        let (near, far) = tokio::join!(
            TlsStream::open(self.our_client(), near),
            self.acceptor().accept(far)
        );
        (near.expect("connected"), far.expect("accepted"))
    }
}

pub(super) fn localhost() -> ServerName<'static> {
    "localhost".try_into().expect("a name")
}

/// Lets so many bytes through at a time, and makes everybody wait in between.
pub(super) struct Wire {
    pub(super) io: DuplexStream,
    step: usize,
    waited: [bool; 2],
    /// Flip a bit of the next read.
    pub(super) spoil: bool,
}

impl Wire {
    pub(super) const fn new(io: DuplexStream, step: usize) -> Self {
        Self {
            io,
            step,
            waited: [false; 2],
            spoil: false,
        }
    }

    fn waits(&mut self, at: usize, cx: &Context<'_>) -> bool {
        self.waited[at] = !self.waited[at];
        if self.waited[at] {
            cx.waker().wake_by_ref();
        }
        self.waited[at]
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.waits(0, cx) {
            return Poll::Pending;
        }
        let mut bytes = vec![0; self.step.min(buf.remaining())];
        let mut few = ReadBuf::new(&mut bytes);
        let read = Pin::new(&mut self.io).poll_read(cx, &mut few);
        let filled = few.filled_mut();
        if self.spoil
            && let Some(last) = filled.last_mut()
        {
            *last ^= 1;
            self.spoil = false;
        }
        buf.put_slice(few.filled());
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.waits(1, cx) {
            return Poll::Pending;
        }
        let count = buf.len().min(self.step);
        Pin::new(&mut self.io).poll_write(cx, &buf[..count])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl<T> TlsStream<T> {
    /// Whether it has no buffer.
    pub(super) fn is_bare(&self) -> bool {
        self.session.incoming.is_empty()
            && self.session.outgoing.is_empty()
            && self.session.plaintext.is_empty()
    }
}
