//! What people are told about a grant that comes from an older state of the store.

use gateway_store::RestoredFrom;
use std::time::SystemTime;

/// Why a grant is in doubt, as a clause. Without `restored`, an answer was lost.
pub(crate) fn cause_of_doubt(
    restored: Option<RestoredFrom>,
    date: impl FnOnce(SystemTime) -> String,
) -> String {
    match restored {
        Some(from) => format!(
            "{}, and the sign-in may have been renewed since",
            older_state(from, date)
        ),
        None => "the carrier's response to the last renewal was lost".to_owned(),
    }
}

/// Which older state the store was put back to, as a clause.
pub(crate) fn older_state(from: RestoredFrom, date: impl FnOnce(SystemTime) -> String) -> String {
    match from {
        RestoredFrom::Backup(made_at) => format!(
            "the store was restored from the backup of {}",
            date(made_at.to_system_time())
        ),
        RestoredFrom::OlderCopy => "an older copy of the store was put back".to_owned(),
    }
}
