//! Reminders: notices in good time before an account stops working.
//!
//! | File | Contents |
//! |---|---|
//! | `assessment` | whether an account needs a person; pure |
//! | `text` | the message for that person |
//! | `decide` | which notices to open and to close; pure |
//! | `channel`, `webhook`, `mail` | how notices are delivered, and when a failed delivery is repeated |
//! | `snapshot`, `task` | the state of all accounts; the background tasks |

mod assessment;
mod channel;
mod decide;
mod mail;
mod snapshot;
mod task;
mod text;
mod webhook;

pub use mail::{Mail, MailLogin, MailSecurity};
pub use webhook::Webhook;

use crate::reminders::channel::Channel;
use jiff::tz::TimeZone;
use std::sync::{Mutex, atomic::AtomicU64};
use tokio::sync::Notify;

/// Where reminders are sent, and the time zone of their dates.
#[derive(Clone, Debug)]
pub struct Reminders {
    /// The time zone of dates. It also says when a day begins.
    pub zone: TimeZone,
    /// A webhook.
    pub webhook: Option<Webhook>,
    /// Mail to people.
    pub mail: Option<Mail>,
}

impl Default for Reminders {
    /// In UTC, without webhook and mail: notices are in the log and the admin API only.
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
            webhook: None,
            mail: None,
        }
    }
}

/// The state of the reminders between two reviews.
#[derive(Debug, Default)]
pub(crate) struct ReminderState {
    /// An account changed: review now.
    pub(crate) review: Notify,
    /// A notice may be due for delivery.
    webhook_due: Notify,
    mail_due: Notify,
    /// The number of notices that were open at the last review.
    open: AtomicU64,
    webhook: Mutex<Channel>,
    mail: Mutex<Channel>,
}

#[cfg(test)]
mod tests;
