//! Many accounts at once: tokens that fall due together, that are all revoked, that cannot be had; and
//! accounts that nobody uses.

mod down;
mod due;
mod findings;
mod fleet;
mod idle;

use crate::{
    Options,
    about::About,
    candidates::Candidate,
    machine::{self, Plan},
    measure, write,
};
use anyhow::Result;
use benches::{
    generator::{Load, Outcome},
    process,
};
use clap::{Args, ValueEnum};
use findings::Findings;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Connections of the ordinary load.
const CONNECTIONS: usize = 16;
/// Connections of those who ask all accounts in turn: twice as many as authorizations run at a time,
/// because each account is asked twice in a row.
const VISITORS: usize = 128;

#[derive(Args, Clone, Debug)]
pub(crate) struct Storms {
    #[command(flatten)]
    options: Options,
    /// Which storms; all if none is named.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Storm>,
    /// Accounts, each with an OAuth client (and so a mint budget) of its own.
    #[arg(long, default_value_t = 10_000)]
    accounts: usize,
    /// Seconds from the making of the store until all its tokens fall due: room for making it, for
    /// the start, and for measuring a calm time.
    #[arg(long, default_value_t = 45)]
    due_in: u64,
    /// Seconds of calm that the storm is compared with.
    #[arg(long, default_value_t = 10)]
    calm: u64,
    /// Seconds for which the carrier's token endpoint is down; the full storm has 600.
    #[arg(long, default_value_t = 60)]
    down: u64,
    /// Accounts that nobody uses.
    #[arg(long, default_value_t = 100_000)]
    idle_accounts: usize,
}

/// One kind of storm.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Storm {
    /// All tokens fall due at once; then all are revoked.
    Due,
    /// The carrier's token endpoint is down.
    Down,
    /// Accounts that nobody uses.
    Idle,
}

/// Runs the storms, and says what came of them.
pub(crate) fn run(storms: &Storms) -> Result<()> {
    let about = About::now(&storms.options.notes);
    let findings = all(storms)?;
    crate::say(&findings.table())?;
    if let Some(path) = &storms.options.json {
        let mut json = findings.json();
        json["about"] = serde_json::to_value(about)?;
        write(path, &serde_json::to_vec_pretty(&json)?)?;
    }
    Ok(())
}

/// All of them, small: whether everything is right, no figures.
pub(crate) fn smoke(options: &Options) -> Result<String> {
    let storms = Storms {
        options: Options {
            rate: 400,
            ..options.clone()
        },
        only: Vec::new(),
        accounts: 40,
        due_in: 8,
        calm: 1,
        down: 12,
        idle_accounts: 200,
    };
    all(&storms)?;
    Ok(format!(
        "storms of {} accounts: one renewal for each when all are due and when all are revoked; with \
         the token endpoint down every valid token served to its end; nothing failed",
        storms.accounts
    ))
}

fn all(storms: &Storms) -> Result<Findings> {
    let plan = Plan::storm(storms.options.workers);
    let mut findings = Findings::new(machine::description(), plan.to_string());
    let wanted = |storm| storms.only.is_empty() || storms.only.contains(&storm);
    if wanted(Storm::Due) {
        due::run(storms, &mut findings)?;
    }
    if wanted(Storm::Down) {
        down::run(storms, &mut findings)?;
    }
    if wanted(Storm::Idle) {
        idle::run(storms, &mut findings)?;
    }
    Ok(findings)
}

fn rss(gateway: &Candidate) -> Result<u64> {
    Ok(process::usage_of_all(&gateway.server.pids())?.rss_kib)
}

/// Ordinary requests of one account at a steady rate, beside whatever else goes on.
struct Beside {
    stop: Arc<AtomicBool>,
    load: JoinHandle<Result<Outcome>>,
    stolen: Duration,
}

/// What came of them.
struct Ordinary {
    outcome: Outcome,
    /// Processor time that the machine's host took meanwhile.
    stolen: Duration,
}

impl Beside {
    /// Begins them; they go on until [`Beside::end`].
    fn begin(options: &Options, plan: &Plan, gateway: &Candidate) -> Self {
        let (target, ask) = (gateway.target.clone(), gateway.ask.clone());
        let load = Load {
            rate: Some((options.rate / 8).max(1)),
            ..Load::closed(target, ask, CONNECTIONS, Duration::from_secs(24 * 3600))
        };
        Self {
            stop: Arc::clone(&load.stop),
            load: measure::begin(plan, load),
            stolen: process::stolen(),
        }
    }

    /// Ends them; none may have failed.
    fn end(self) -> Result<Ordinary> {
        let stolen = process::stolen().saturating_sub(self.stolen);
        self.stop.store(true, Ordering::Relaxed);
        let outcome = self.load.join();
        let outcome = outcome.map_err(|_| anyhow::anyhow!("the generator failed"))??;
        outcome.all_good()?;
        Ok(Ordinary { outcome, stolen })
    }
}

/// Waits, a little at a time, until it is so; `false` when the patience was over.
fn eventually(patience: Duration, mut so: impl FnMut() -> Result<bool>) -> Result<bool> {
    let end = benches::now() + patience;
    while !so()? {
        if benches::now() >= end {
            return Ok(false);
        }
        // Not often: with ten thousand accounts the gateway's figures are six megabytes, and asking for
        // them twenty times a second cost the control plane more than all renewals.
        thread::sleep(Duration::from_secs(1));
    }
    Ok(true)
}
