//! Reminders: whoever must sign in again hears of it before the parcels wait.
//!
//! | file | what |
//! |---|---|
//! | `standing` | whether a person is needed for one account; pure |
//! | `text` | what that person reads |
//! | `decide` | which notices open and close now; pure |
//! | `way`, `webhook`, `mail` | how notices leave, and what happens when they cannot |
//! | `task` | one look, and looking until the gateway ends |

mod decide;
mod mail;
mod standing;
mod task;
mod text;
mod way;
mod webhook;

pub use mail::{Mail, MailLogin, MailSecurity};
pub use webhook::Webhook;

use crate::reminders::way::Way;
use jiff::tz::TimeZone;
use std::sync::{Mutex, atomic::AtomicU64};
use tokio::sync::Notify;

/// Who is told, and in which zone dates are written.
#[derive(Clone, Debug)]
pub struct Reminders {
    /// The zone of dates, and of what a day is.
    pub zone: TimeZone,
    /// A program that is told.
    pub webhook: Option<Webhook>,
    /// People who are told.
    pub mail: Option<Mail>,
}

impl Default for Reminders {
    /// In UTC, and only where everybody looks anyway.
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
            webhook: None,
            mail: None,
        }
    }
}

/// What reminding remembers between two looks.
#[derive(Debug, Default)]
pub(crate) struct Reminding {
    /// An account changed: look now.
    pub(crate) look: Notify,
    /// Something may be due to leave.
    webhook_due: Notify,
    mail_due: Notify,
    /// How many notices were open at the last look.
    open: AtomicU64,
    webhook: Mutex<Way>,
    mail: Mutex<Way>,
}

#[cfg(test)]
mod tests;
