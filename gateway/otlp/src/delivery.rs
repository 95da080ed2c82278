//! One batch: sent until the collector takes it, refuses it, or time is up.

use crate::{answer::Answer, client::Client, signal::Signal};
use std::time::Duration;
use tokio::time::sleep;

/// How often a batch is sent at most.
const ATTEMPTS: u32 = 5;
/// The pause after the first attempt; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause, whatever the collector asks for. The queue drops meanwhile what it has no room for.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl Client {
    /// Sends a batch, and counts what became of it.
    pub(crate) async fn deliver<T: Signal>(&self, batch: &[T]) {
        let body = T::request(&self.settings.resource, batch);
        for attempt in 0..ATTEMPTS {
            let answer = self.send(body.clone()).await;
            let Answer::Later(after, _) = answer else {
                return self.count(&answer, batch.len());
            };
            let pause = after.unwrap_or_else(|| FIRST_PAUSE * 2_u32.pow(attempt));
            if attempt + 1 < ATTEMPTS {
                sleep(pause.min(LONGEST_PAUSE)).await;
            }
        }
        self.counts.unreachable.add(batch.len());
    }

    /// Counts what became of so many.
    pub(crate) fn count(&self, answer: &Answer, sent: usize) {
        match answer {
            Answer::Taken(but) => {
                self.counts.refused.add((*but).min(sent));
                self.counts.exported.add(sent.saturating_sub(*but));
            }
            Answer::Refused(_) => self.counts.refused.add(sent),
            Answer::Later(..) => self.counts.unreachable.add(sent),
        }
    }
}
