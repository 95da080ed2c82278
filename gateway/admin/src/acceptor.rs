//! Accepts connections, and says in the log when the machine gives none.

use gateway_model::{AcceptFailure, AcceptOutage, AcceptReport, Clock, ended_before_accept};
use std::{
    io,
    net::SocketAddr,
    os::fd::AsFd as _,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};

/// The pause after a failed accept. The process may be out of file descriptors; accepting again at
/// once would fail again.
const PAUSE: Duration = Duration::from_millis(100);

/// The listening socket, and what is known of a shortage of connections.
pub(crate) struct Acceptor {
    listener: TcpListener,
    clock: Arc<dyn Clock>,
    began: Instant,
    outage: AcceptOutage,
    failure: AcceptFailure,
}

impl Acceptor {
    pub(crate) fn new(listener: TcpListener, clock: Arc<dyn Clock>) -> Self {
        Self {
            listener,
            began: clock.now(),
            clock,
            outage: AcceptOutage::default(),
            failure: AcceptFailure::default(),
        }
    }

    pub(crate) fn socket(&self) -> io::Result<std::net::TcpListener> {
        Ok(self.listener.as_fd().try_clone_to_owned()?.into())
    }

    /// The next connection.
    pub(crate) async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => Some(accepted),
                () = sleep(AcceptOutage::QUIET), if self.failure.is_current() => None,
            };
            match accepted {
                Some(Ok(connection)) => {
                    self.pass();
                    return connection;
                }
                Some(Err(error)) if ended_before_accept(&error) => {}
                Some(Err(error)) => {
                    self.fail(&error);
                    sleep(PAUSE).await;
                }
                None => self.pass(),
            }
        }
    }

    fn elapsed(&self) -> Duration {
        self.clock.now().saturating_duration_since(self.began)
    }

    fn fail(&mut self, error: &io::Error) {
        let now = self.elapsed();
        match self.outage.fail(&mut self.failure, now) {
            Some(AcceptReport::Lasts(failures)) => {
                tracing::warn!(%error, failures, "the admin listener still cannot accept a connection");
            }
            Some(AcceptReport::Began | AcceptReport::Ended(_)) => {
                tracing::warn!(
                    %error,
                    "the admin listener cannot accept a connection, and keeps trying: if the limit of \
                     open files is the cause, raise it (LimitNOFILE, ulimit -n)"
                );
            }
            None => {}
        }
    }

    fn pass(&mut self) {
        let now = self.elapsed();
        if let Some(AcceptReport::Ended(failures)) = self.outage.pass(&mut self.failure, now) {
            tracing::warn!(failures, "the admin listener accepts connections again");
        }
    }
}
