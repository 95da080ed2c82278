//! What kinds of storms to run, and how large.

use crate::options::Options;
use clap::{Args, ValueEnum};

#[derive(Args, Clone, Debug)]
pub(crate) struct StormOptions {
    #[command(flatten)]
    pub(super) options: Options,
    /// Which storms; all if none is named.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(super) only: Vec<Storm>,
    /// Accounts, each with an OAuth client (and so a mint budget) of its own.
    #[arg(long, default_value_t = 10_000)]
    pub(super) accounts: usize,
    /// Seconds from the making of the store until all its tokens fall due: room for making it, for
    /// the start, and for measuring a calm time.
    #[arg(long, default_value_t = 45)]
    pub(super) due_in: u64,
    /// Seconds of calm that the storm is compared with.
    #[arg(long, default_value_t = 10)]
    pub(super) calm: u64,
    /// Seconds for which the carrier's token endpoint is down; the full storm has 600.
    #[arg(long, default_value_t = 60)]
    pub(super) down: u64,
    /// Accounts that nobody uses.
    #[arg(long, default_value_t = 100_000)]
    pub(super) idle_accounts: usize,
}

/// One kind of storm.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storm {
    /// All tokens fall due at once; then all are revoked.
    Due,
    /// The carrier's token endpoint is down.
    Down,
    /// Accounts that nobody uses.
    Idle,
}
