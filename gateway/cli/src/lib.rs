//! The command line of Waybill.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | it failed while running: a port is taken, a folder cannot be read; `doctor`: a warning |
//! | 2 | the command line or the configuration is wrong; `doctor`: something does not work |
//! | 3 | a check found a fault: a plugin was refused, a probe failed, rows of a migration cannot be used |
//! | 4 | the gateway does not run, or cannot be reached |
//! | 5 | the gateway or the carrier refused |
//! | 130 | interrupted while it waited for a sign-in |
//!
//! A command's own output goes to standard output through [`terminal::Output`], so that `--json` stays clean;
//! log lines and errors go to standard error.

//!
//! A command is a client of the admin API and knows no other part of the gateway. What needs the
//! gateway's own parts (`serve`, the store's files, plugin files) is a [`LocalCommands`], which the
//! program hands in.

mod account;
mod admin_token;
mod app;
mod backup;
mod command;
mod completions;
mod configuration;
mod dispatch;
mod error;
mod examples;
mod inspect;
mod invitation;
mod key;
mod local;
mod manual;
mod migrate;
mod plugin;
mod reload;
mod remote;
mod replicas;
mod requests;
pub mod terminal;
mod token;

pub use dispatch::run;
pub use error::{CliError, CommandOutcome};
pub use local::{
    CheckArgs, ConformArgs, Language, LocalCommands, NewPluginArgs, PluginCommand, RestoreArgs,
    SealArgs, ServeArgs, StoreCommand,
};

#[cfg(test)]
mod tests;
