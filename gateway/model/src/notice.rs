//! What an operator is notified of.

use serde::{Deserialize, Serialize};

/// Why an operator is notified about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// The grant ends soon.
    Ending,
    /// The grant has ended.
    Ended,
    /// The carrier revoked or refused the grant.
    Refused,
    /// It is not known whether the grant is still valid.
    InDoubt,
    /// The account's configuration cannot work.
    Misconfigured,
}
