//! A running gateway lets another process go on in its place, or goes on itself if that process fails.

use super::{
    Gateway, LAST_EXPORTS, ShutdownReport, broker_credentials::Tokens, data_plane,
    error::StartError, store_owner::OpenStore,
};
use gateway_broker::Shutdown;
use gateway_proxy::{Drain, KeptSocket};
use std::{net::TcpListener, time::Duration};

impl Gateway {
    /// Finishes what works on the store and closes it, so that another process can open it. Requests are
    /// served with the tokens in memory from then on; one that needs another token waits.
    pub(crate) async fn release(&mut self) {
        let Some(owner) = self.owner.take() else {
            return;
        };
        // Before the broker stops: a demand that it refused would fail its request.
        self.data_plane.broker.send_replace(Tokens::Undecided);
        // A token request ends within its own time limit, and one that was cut off in the middle would leave
        // its grant in doubt. Twice, since it may have to wait for its turn.
        let grace = self.environment.config().tokens.request_timeout * 2;
        if let Shutdown::CutOff { calls } = owner.end(grace).await {
            tracing::warn!(calls, "token requests were cut off to hand the store over");
        }
    }

    /// Whether another process has the store, or may open it.
    pub(crate) const fn has_released(&self) -> bool {
        self.owner.is_none()
    }

    /// Opens the store again, after the process that should have gone on has failed.
    ///
    /// # Errors
    /// When the store cannot be used, for example because that process still has it.
    pub(crate) async fn resume(&mut self) -> Result<(), StartError> {
        let environment = &self.environment;
        let (opened, served) = OpenStore::open(environment, Duration::ZERO, None).await?;
        let routes = self.data_plane.routes.present();
        let directory = data_plane::directory(&routes, &served);
        let broker = opened.broker.handle();
        let replaced = self.data_plane.running.directory().replace(directory);
        self.data_plane.attach(&opened.control);
        let parts = self.data_plane.parts();
        let socket = self.admin_socket.try_clone()?;
        let (owner, _) = opened.run(environment, parts, Some(socket)).await?;
        // The directory was served before, so it can be served now.
        if let Err(error) = replaced {
            tracing::error!(%error, "the data plane serves accounts as they were before");
        }
        let broker = Tokens::Broker(broker);
        self.data_plane.broker.send_replace(broker);
        owner.control.warm();
        self.owner = Some(owner);
        Ok(())
    }

    /// The listening sockets of apps, and that of the admin listener, for the process that goes on.
    pub(crate) fn sockets(&self) -> (&[KeptSocket], &TcpListener) {
        (self.data_plane.running.sockets(), &self.admin_socket)
    }

    /// Ends with the last connection, while another process accepts new ones.
    pub(crate) async fn end_behind_successor(self, drain: Drain) -> ShutdownReport {
        // An app that tries again reaches the process that has tokens.
        self.data_plane.broker.send_replace(Tokens::Elsewhere);
        let requests = self.data_plane.running.shutdown(drain).await;
        self.environment.exports.end(LAST_EXPORTS).await;
        ShutdownReport {
            requests,
            tokens: Shutdown::Clean,
        }
    }
}
