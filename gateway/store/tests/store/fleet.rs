//! Several gateways on one PostgreSQL. Each store of a test is a gateway.

mod claims;
mod histories;
mod messages;
mod neighbours;
mod pair;
mod pooled;
mod shared;
mod statements;
