//! What a change rests on: what a person has seen before it.

use gateway_store::AuditId;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// What a change rests on: what a person has seen of its subjects.
#[derive(Debug)]
pub struct Basis {
    /// The subjects, as the audit trail names them: `account:main`.
    pub subjects: Vec<String>,
    /// The beginnings of the actions that count: `account.`.
    pub actions: &'static [&'static str],
    /// The newest entry of the audit trail when the page was made.
    pub seen: AuditId,
    overtaken: AtomicBool,
}

impl Basis {
    /// What a page has shown of these subjects.
    pub const fn new(
        subjects: Vec<String>,
        actions: &'static [&'static str],
        seen: AuditId,
    ) -> Self {
        Self {
            subjects,
            actions,
            seen,
            overtaken: AtomicBool::new(false),
        }
    }

    /// Whether a change was refused because of somebody else's.
    pub fn was_overtaken(&self) -> bool {
        self.overtaken.load(Ordering::Relaxed)
    }

    /// Notes that a change was refused because of somebody else's.
    pub(crate) fn overtake(&self) {
        self.overtaken.store(true, Ordering::Relaxed);
    }

    /// Whether an action is one of those that count.
    pub(crate) fn counts(&self, action: &str) -> bool {
        self.actions.iter().any(|wanted| action.starts_with(wanted))
    }
}

/// The basis of the changes that are made by one control plane.
#[derive(Clone, Default)]
pub(crate) struct Based(pub(crate) Option<Arc<Basis>>);

impl fmt::Debug for Based {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Based")
    }
}
