//! The control plane with a real store, broker and plugin, against the mock of UPS.
#![expect(
    clippy::panic,
    reason = "helpers of tests fail the test that called them"
)]

mod accounts;
mod consent;
mod cost_of_changes;
mod doctor;
mod doctor_gateway;
mod fleet;
mod invitations;
mod migration;
mod migration_logins;
mod migration_rows;
mod reminders;
mod world;
