//! Reminders: notices in good time before an account stops working.
//!
//! | File | Contents |
//! |---|---|
//! | `assessment` | whether an account needs a person; pure |
//! | `text` | the message for that person |
//! | `decide` | which notices to open and to close; pure |
//! | `webhook`, `mail` | how notices are delivered |
//! | `snapshot`, `task` | the state of all accounts; the background tasks |

mod assessment;
mod decide;
mod mail;
mod snapshot;
mod task;
mod text;
mod webhook;

#[cfg(test)]
mod tests;
