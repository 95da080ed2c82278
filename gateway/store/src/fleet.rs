//! Several gateways on one database. A database that only one process can open needs none of it: there
//! every account is that process's own, without a statement.

mod budget;
pub(crate) mod changes;
mod claims;
mod key_ring;
mod leader;
mod owners;
mod replicas;
mod versions;

pub use changes::{HeardChange, StoreChanges};
pub(crate) use owners::not_a_member;
