//! Several gateways on one database. A database that only one process can open needs none of it: there
//! every account is that process's own, without a statement.

mod budget;
mod changes;
mod leader;
mod owners;
mod replicas;

pub use changes::StoreChanges;
