//! The data plane against a scripted upstream: raw sockets on both sides, so that every byte counts.

mod apps;
mod credentials;
mod forwarding;
mod harness;
mod hygiene;
mod life;
