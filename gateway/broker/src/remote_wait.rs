//! A flight that waits for another gateway: what ends the wait.

use gateway_model::Failure;
use gateway_store::ReplicaId;
use gateway_token::FlightId;
use tokio::sync::oneshot;

/// A flight's place in its account while it waits. Dropping it ends the wait: the flight is no longer wanted.
#[derive(Debug)]
pub(crate) struct RemoteWait {
    pub(crate) flight: FlightId,
    /// The gateway that was asked; `None`: an earlier owner's request is waited for.
    owner: Option<ReplicaId>,
    signal: oneshot::Sender<RemoteSignal>,
}

/// What another gateway made of the wait.
#[derive(Debug)]
pub(crate) enum RemoteSignal {
    /// The owner got no token.
    Failed(Failure),
    /// The owner's lease has ended, or it has left.
    OwnerEnded,
}

impl RemoteWait {
    pub(crate) fn new(
        flight: FlightId,
        owner: Option<ReplicaId>,
    ) -> (Self, oneshot::Receiver<RemoteSignal>) {
        let (signal, receiver) = oneshot::channel();
        let wait = Self {
            flight,
            owner,
            signal,
        };
        (wait, receiver)
    }

    /// Whether its owner is none of these.
    pub(crate) fn outlives(&self, live: &[ReplicaId]) -> bool {
        self.owner
            .as_ref()
            .is_some_and(|owner| !live.contains(owner))
    }

    pub(crate) const fn asks_an_owner(&self) -> bool {
        self.owner.is_some()
    }

    pub(crate) fn end(self, signal: RemoteSignal) {
        // An error means that the flight has just given up by itself.
        drop(self.signal.send(signal));
    }
}
