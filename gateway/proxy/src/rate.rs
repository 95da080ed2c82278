//! How often an app may ask for a token of ours: a bucket per app, over all workers, without a lock.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// One bucket per app and one for callers that are none. Each is a single number: the time at which
/// it would be full again, in milliseconds since the start.
#[derive(Debug)]
pub(crate) struct TokenRates {
    start: Instant,
    per_minute: u64,
    full_at: Box<[AtomicU64]>,
}

impl TokenRates {
    pub(crate) fn new(apps: usize, per_minute: u32, start: Instant) -> Self {
        Self {
            start,
            per_minute: u64::from(per_minute.max(1)),
            full_at: (0..=apps).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Takes one token request out of the app's bucket, or says how long to wait for one.
    pub(crate) fn take(&self, app: Option<usize>, now: Instant) -> Result<(), Duration> {
        let bucket = &self.full_at[app.unwrap_or(self.full_at.len() - 1)];
        let since = now.saturating_duration_since(self.start).as_millis();
        let now = u64::try_from(since).unwrap_or(u64::MAX / 2);
        let each = 60_000 / self.per_minute.min(60_000);
        let mut wait = 0;
        let taken = bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            let next = full_at.max(now) + each;
            wait = (next - now).saturating_sub(60_000);
            (wait == 0).then_some(next)
        });
        taken.map(|_| ()).map_err(|_| Duration::from_millis(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_empties_refills_and_is_one_per_app() {
        #[expect(
            clippy::disallowed_methods,
            reason = "an instant has no other constructor"
        )]
        let start = Instant::now();
        let rates = TokenRates::new(1, 3, start);
        for _ in 0..3 {
            assert_eq!(rates.take(Some(0), start), Ok(()));
        }
        let wait = rates.take(Some(0), start).expect_err("the bucket is empty");
        assert_eq!(
            rates.take(None, start),
            Ok(()),
            "another caller's bucket is full"
        );
        assert!(
            rates
                .take(Some(0), start + wait - Duration::from_millis(1))
                .is_err()
        );
        assert_eq!(rates.take(Some(0), start + wait), Ok(()));
    }
}
