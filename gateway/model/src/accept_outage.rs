//! When the machine gives no more connections (no descriptors, no memory), and what is logged about it.
//!
//! All acceptors of a listener meet the same shortage some twenty times a second. One line says that it
//! began, one each minute that it lasts, and one that it ended.

use std::{
    io,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::Duration,
};

/// Between two lines about a shortage that lasts.
const REPEAT: Duration = Duration::from_secs(60);

/// What all acceptors of a listener know about a shortage. Touched only while there is one.
#[derive(Debug, Default)]
pub struct AcceptOutage {
    /// Acceptors that cannot accept.
    acceptors: AtomicUsize,
    failures: AtomicU64,
    /// When a line was last due, in milliseconds.
    reported: AtomicU64,
}

/// One acceptor's part in it: when its last accept failed.
#[derive(Debug, Default)]
pub struct AcceptFailure(Option<Duration>);

/// The line that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptReport {
    /// The shortage began.
    Began,
    /// It lasts; the number of accepts that failed since it began.
    Lasts(u64),
    /// It ended; the number of accepts that failed.
    Ended(u64),
}

/// Whether an accept failed because its connection ended before it was accepted.
pub fn ended_before_accept(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

impl AcceptOutage {
    /// The shortage is over when no accept has failed for this time: while it lasts, connections that end
    /// make room for single ones.
    pub const QUIET: Duration = Duration::from_secs(5);

    /// An accept failed. `now` is a time with an origin that all acceptors share.
    pub fn fail(&self, mine: &mut AcceptFailure, now: Duration) -> Option<AcceptReport> {
        let is_first = mine.0.replace(now).is_none();
        let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        if is_first && self.acceptors.fetch_add(1, Ordering::AcqRel) == 0 {
            self.failures.store(1, Ordering::Relaxed);
            self.reported.store(millis, Ordering::Release);
            return Some(AcceptReport::Began);
        }
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        let reported = self.reported.load(Ordering::Acquire);
        let is_due = u128::from(millis.saturating_sub(reported)) >= REPEAT.as_millis();
        // Exchanged: of the acceptors that find the line due, one writes it.
        let is_mine = is_due
            && self
                .reported
                .compare_exchange(reported, millis, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok();
        is_mine.then_some(AcceptReport::Lasts(failures))
    }

    /// Nothing failed just now: ends this acceptor's part, if it has been quiet for long enough.
    pub fn pass(&self, mine: &mut AcceptFailure, now: Duration) -> Option<AcceptReport> {
        mine.0
            .take_if(|failed| now.saturating_sub(*failed) >= Self::QUIET)?;
        let was_last = self.acceptors.fetch_sub(1, Ordering::AcqRel) == 1;
        was_last.then(|| AcceptReport::Ended(self.failures.load(Ordering::Relaxed)))
    }
}

impl AcceptFailure {
    /// Whether this acceptor has met a shortage that has not ended for it.
    pub const fn is_current(&self) -> bool {
        self.0.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    /// Two workers, each with a failure every 50 ms between `from` and `to` seconds.
    fn lines(shortages: &[(u64, u64)], until: u64) -> Vec<(u64, AcceptReport)> {
        let outage = AcceptOutage::default();
        let mut workers = [AcceptFailure::default(), AcceptFailure::default()];
        let mut lines = Vec::new();
        for at in (0..until * 1000).step_by(50) {
            for mine in &mut workers {
                let fails = shortages
                    .iter()
                    .any(|(from, to)| (from * 1000..to * 1000).contains(&at));
                let report = match fails {
                    // One in ten succeeds, because another connection has ended.
                    true if at % 500 == 0 && mine.is_current() => outage.pass(mine, MS(at)),
                    true => outage.fail(mine, MS(at)),
                    false => outage.pass(mine, MS(at)),
                };
                lines.extend(report.map(|report| (at / 1000, report)));
            }
        }
        lines
    }

    #[test]
    fn shortage_is_one_line_at_its_begin_one_a_minute_and_one_at_its_end() {
        let kinds = |shortages: &[(u64, u64)], until| {
            let lines = lines(shortages, until);
            let kinds = lines.into_iter().map(|(at, report)| match report {
                AcceptReport::Began => (at, "began"),
                AcceptReport::Lasts(_) => (at, "lasts"),
                AcceptReport::Ended(_) => (at, "ended"),
            });
            kinds.collect::<Vec<_>>()
        };
        assert_eq!(kinds(&[], 10), []);
        assert_eq!(kinds(&[(1, 2)], 60), [(1, "began"), (6, "ended")]);
        assert_eq!(
            kinds(&[(0, 150)], 200),
            [(0, "began"), (60, "lasts"), (120, "lasts"), (154, "ended")]
        );
        // Two with a pause that is shorter than what counts as an end, and one after it.
        assert_eq!(
            kinds(&[(0, 1), (3, 4), (20, 21)], 60),
            [(0, "began"), (8, "ended"), (20, "began"), (25, "ended")]
        );
    }

    #[test]
    fn lines_count_the_failures_of_all_workers() {
        let lines = lines(&[(0, 2)], 20);
        // Forty moments; two workers; every tenth moment but the first passes.
        assert_eq!(lines[1].1, AcceptReport::Ended(2 * (40 - 3)));
    }
}
