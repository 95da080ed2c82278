//! A statement, as both databases and every pooler take it.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, SqlSafeStr};

/// A statement that the server keeps no plan of: behind a pooler in transaction mode, the next one may run
/// on another connection.
pub(crate) fn query<'q>(sql: impl SqlSafeStr) -> Query<'q, Any, AnyArguments> {
    sqlx::query(sql).persistent(false)
}
