//! Several gateways on one database. A database that only one process can open needs none of it: there
//! every account is that process's own, without a statement.

#![expect(
    clippy::unused_async,
    reason = "only a database that is shared is asked"
)]

mod budget;
mod changes;
mod leader;
mod owners;
mod replicas;

pub use changes::StoreChanges;
