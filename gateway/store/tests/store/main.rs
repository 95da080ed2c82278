//! The store, on both of its databases.

mod records;
mod smoke;
