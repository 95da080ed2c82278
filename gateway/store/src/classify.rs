//! What an error of the database means.

use sqlx::Error;
use sqlx::error::{DatabaseError, ErrorKind};

/// What a database error means to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A unique value is taken.
    Conflict,
    /// No room.
    Full,
    /// No right to write.
    ReadOnly,
    /// The disk failed.
    Disk,
    /// The file is damaged.
    Corrupt,
    /// The database is away or busy.
    Away,
    /// A defect of this program.
    Ours,
}

/// The meaning of an error, and words for people. The words come from the database and name tables
/// and settings, never values: every value goes in as a bound parameter.
pub(crate) fn classify(error: &Error) -> (Fault, String) {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the enum is open, and what is left are misuses by us"
    )]
    let fault = match error {
        Error::Database(error) => database(error.as_ref()),
        // A pool that timed out is a database that is busy; the caller may repeat.
        Error::Io(_) | Error::Tls(_) | Error::PoolTimedOut | Error::PoolClosed => Fault::Away,
        Error::WorkerCrashed | Error::BeginFailed | Error::Protocol(_) => Fault::Away,
        // A cell holds a value that this program never writes.
        Error::ColumnDecode { .. } | Error::Decode(_) | Error::AnyDriverError(_) => Fault::Corrupt,
        _ => Fault::Ours,
    };
    (fault, error.to_string())
}

fn database(error: &dyn DatabaseError) -> Fault {
    // Both databases have it under codes of their own; sqlx knows them.
    if error.kind() == ErrorKind::UniqueViolation {
        return Fault::Conflict;
    }
    let code = error.code().unwrap_or_default();
    match code.parse::<i32>() {
        // PostgreSQL's codes have five characters, SQLite's fewer.
        Ok(code) if code < 10_000 => sqlite(code),
        _ => postgres(&code),
    }
}

/// The low byte is the primary result code <https://www.sqlite.org/rescode.html>.
fn sqlite(code: i32) -> Fault {
    match code & 0xff {
        13 => Fault::Full,
        3 | 8 => Fault::ReadOnly,
        10 => Fault::Disk,
        11 | 26 => Fault::Corrupt,
        // Busy, locked, out of memory, interrupted, cannot open, locking protocol: all may pass.
        5 | 6 | 7 | 9 | 14 | 15 => Fault::Away,
        _ => Fault::Ours,
    }
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn postgres(code: &str) -> Fault {
    match code {
        "53100" => Fault::Full,
        "25006" | "42501" => Fault::ReadOnly,
        "58030" => Fault::Disk,
        "XX001" | "XX002" => Fault::Corrupt,
        // Whole classes: connection, authorization, transaction rollback, resources, operator intervention.
        _ if ["08", "28", "3D", "40", "53", "55", "57", "58"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            Fault::Away
        }
        _ => Fault::Ours,
    }
}
