//! The store. Every case of the suite runs on SQLite and on PostgreSQL; faults are each database's
//! own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "every function here is a test or a part of one"
)]

mod accounts;
mod away;
mod backups;
mod clock;
mod faults;
mod fleet;
mod full_disk;
mod grants;
mod keys;
mod large;
mod lookups;
mod lost;
mod opening;
mod people;
mod place;
mod records;
mod sessions;
mod threads;
mod trail;

/// Runs every case on both databases.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case(crate::place::Place::sqlite()).await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if let Some(place) = crate::place::Place::postgres(stringify!($case)).await {
                        super::$case(place).await;
                    }
                }
            )*
        }
    };
}
pub(crate) use on_both;
