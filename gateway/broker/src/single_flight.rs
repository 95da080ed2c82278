//! Those who wait for a flight: whatever their number, one token request.

use gateway_model::{Generation, Unavailable};
use tokio::sync::oneshot;

/// What a waiter learns when the flight has landed.
pub(crate) type Landing = Result<(), Unavailable>;

/// One who waits.
#[derive(Debug)]
pub(crate) struct Waiter {
    /// The token it must be newer than; [`Generation::NONE`]: any will do.
    pub(crate) newer_than: Generation,
    reply: oneshot::Sender<Landing>,
}

/// All who wait for one account's flight.
#[derive(Debug, Default)]
pub(crate) struct Waiters(Vec<Waiter>);

impl Waiters {
    /// Joins, unless `limit` others wait already.
    pub(crate) fn join(
        &mut self,
        newer_than: Generation,
        limit: usize,
    ) -> Option<oneshot::Receiver<Landing>> {
        if self.0.len() >= limit {
            // Those who gave up make room.
            self.0.retain(|waiter| !waiter.reply.is_closed());
        }
        if self.0.len() >= limit {
            return None;
        }
        let (reply, receiver) = oneshot::channel();
        self.0.push(Waiter { newer_than, reply });
        Some(receiver)
    }

    /// Tells everybody; `outcome` is asked once per waiter.
    pub(crate) fn land(&mut self, outcome: impl Fn(&Waiter) -> Landing) {
        for waiter in self.0.drain(..) {
            let landing = outcome(&waiter);
            // A waiter that gave up does not care.
            drop(waiter.reply.send(landing));
        }
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
