//! The data plane against a scripted upstream: raw sockets on both sides, so that every byte counts.

mod accounts;
mod apps;
mod authorization_server;
mod carrier_connections;
mod credential;
mod directory;
mod dropped_connections;
mod environment;
mod forwarding;
mod half_close;
mod hand_on;
mod harness;
mod history;
mod hygiene;
mod legacy_keys;
mod life;
mod rates;
mod reconfigure;
mod servers;
mod signature;
mod slots;
