//! What the gateway remembers: accounts, grants, apps, audit trail; in SQLite or PostgreSQL.

mod record;
mod time;

pub use record::*;
pub use time::Timestamp;
