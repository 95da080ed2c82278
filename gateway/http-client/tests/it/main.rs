//! The client against local servers.

mod hyper_client;
