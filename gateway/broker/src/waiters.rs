//! The callers that wait for one flight: however many they are, there is one token request.

use gateway_model::{Demanded, Generation, SpanContext, Unavailable};
use tokio::sync::oneshot;

/// What a waiter learns when the flight has ended.
pub(crate) type WaitResult = Result<(), Unavailable>;

/// A caller that waits.
#[derive(Debug)]
pub(crate) struct Waiter {
    /// The token must be newer than this one; [`Generation::NONE`]: any token will do.
    pub(crate) newer_than: Generation,
    reply: oneshot::Sender<Demanded<()>>,
}

/// All callers that wait for one account's flight.
#[derive(Debug, Default)]
pub(crate) struct Waiters(Vec<Waiter>);

impl Waiters {
    /// Joins, unless `limit` others wait already.
    pub(crate) fn join(
        &mut self,
        newer_than: Generation,
        limit: usize,
    ) -> Option<oneshot::Receiver<Demanded<()>>> {
        if self.0.len() >= limit {
            // Only now: looking through thousands of waiters at every join would be quadratic.
            self.0.retain(|waiter| !waiter.reply.is_closed());
        }
        if self.0.len() >= limit {
            return None;
        }
        let (reply, receiver) = oneshot::channel();
        self.0.push(Waiter { newer_than, reply });
        Some(receiver)
    }

    /// Answers every waiter and forgets them; `result` is called once for each.
    pub(crate) fn release(
        &mut self,
        token_request: Option<SpanContext>,
        result: impl Fn(&Waiter) -> WaitResult,
    ) {
        for waiter in self.0.drain(..) {
            let demanded = Demanded {
                result: result(&waiter),
                token_request,
            };
            // An error means that the waiter gave up.
            drop(waiter.reply.send(demanded));
        }
    }

    /// Whether anybody still waits.
    pub(crate) fn any(&self) -> bool {
        self.0.iter().any(|waiter| !waiter.reply.is_closed())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
