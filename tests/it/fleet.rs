//! Several gateways on one PostgreSQL, as processes, with one mock UPS.

mod changes;
mod failures;
mod grants;
mod renewal;
mod sessions;
mod upgrade;
mod world;
