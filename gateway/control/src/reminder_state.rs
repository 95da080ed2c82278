//! What reminders remember between two reviews. The tasks in `reminders` act on it.

mod channel_state;

pub(crate) use channel_state::ChannelState;

use std::sync::{Mutex, atomic::AtomicU64};
use tokio::sync::Notify;

/// The state of the reminders between two reviews.
#[derive(Debug, Default)]
pub(crate) struct ReminderState {
    /// An account changed: review now.
    pub(crate) review: Notify,
    /// A notice may be due for delivery.
    pub(crate) webhook_due: Notify,
    pub(crate) mail_due: Notify,
    /// The number of notices that were open at the last review.
    pub(crate) open: AtomicU64,
    pub(crate) webhook: Mutex<ChannelState>,
    pub(crate) mail: Mutex<ChannelState>,
}
