//! Verification: "exactly one token request for client X", with a failure text that says what came.

use std::fmt;
use std::sync::Arc;

use crate::mock_state::MockState;

use crate::journal::{Filter, JournalEntry};

/// Entries printed in a failure text.
// A failure text must stay readable in a test's output.
const PRINTED: usize = 40;

/// What a test expects the mock to have received. Ask with one of the counts.
#[derive(Debug)]
#[must_use = "an expectation checks nothing until it is asked for a count"]
pub struct Expectation {
    mock: Arc<MockState>,
    filter: Filter,
}

/// An expectation that did not come true. `{}` and `{:?}` both print the report, so that
/// `expect` and `unwrap` show it.
#[derive(Clone)]
pub struct Unmet(Box<Report>);

#[derive(Clone)]
struct Report {
    wanted: String,
    filter: Filter,
    found: usize,
    received: Vec<JournalEntry>,
    lost: u64,
    is_off: bool,
}

impl Expectation {
    pub(crate) fn new(mock: Arc<MockState>, filter: Filter) -> Self {
        Self { mock, filter }
    }

    /// This many requests, no more and no fewer.
    ///
    /// # Errors
    /// [`Unmet`], with what was received.
    pub fn exactly(&self, count: usize) -> Result<(), Unmet> {
        self.check(format!("exactly {count}"), |found| found == count)
    }

    /// This many requests or more.
    ///
    /// # Errors
    /// [`Unmet`], with what was received.
    pub fn at_least(&self, count: usize) -> Result<(), Unmet> {
        self.check(format!("at least {count}"), |found| found >= count)
    }

    /// This many requests or fewer.
    ///
    /// # Errors
    /// [`Unmet`], with what was received.
    pub fn at_most(&self, count: usize) -> Result<(), Unmet> {
        self.check(format!("at most {count}"), |found| found <= count)
    }

    /// No such request.
    ///
    /// # Errors
    /// [`Unmet`], with what was received.
    pub fn none(&self) -> Result<(), Unmet> {
        self.check("no".to_owned(), |found| found == 0)
    }

    fn check(&self, wanted: String, holds: impl Fn(usize) -> bool) -> Result<(), Unmet> {
        let journal = &self.mock.journal;
        // All matching entries are counted; only the printed ones are bounded.
        let found = journal.select(&self.filter, usize::MAX).len();
        // What fell out of the ring could have matched, so a lossy journal proves nothing.
        let lost = journal.lost();
        let is_off = journal.capacity() == 0;
        if holds(found) && lost == 0 && !is_off {
            return Ok(());
        }
        // Everything that came, not only what matched: the reason is usually next to it.
        let received = journal.select(&Filter::any(), PRINTED);
        Err(Unmet(Box::new(Report {
            wanted,
            filter: self.filter.clone(),
            found,
            received,
            lost,
            is_off,
        })))
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &*self.0;
        writeln!(
            f,
            "expected {} requests ({}), found {}",
            report.wanted, report.filter, report.found
        )?;
        if report.lost > 0 {
            writeln!(
                f,
                "the journal no longer holds {} older requests, so it cannot tell: keep more",
                report.lost
            )?;
        }
        if report.is_off {
            return write!(
                f,
                "the journal is off, so it cannot tell: give it a capacity"
            );
        }
        if report.received.is_empty() {
            return write!(f, "the mock received nothing");
        }
        write!(f, "the last {} requests received:", report.received.len())?;
        report
            .received
            .iter()
            .try_for_each(|entry| write!(f, "\n  {entry}"))
    }
}

impl fmt::Debug for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Unmet {}
