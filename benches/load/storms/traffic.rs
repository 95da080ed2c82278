//! Ordinary requests beside a storm, and waiting for the storm to pass.

use crate::{candidates::Candidate, machine::Plan, measure, options::Options};
use anyhow::Result;
use benches::{
    generator::{Load, LoadOutcome},
    process,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Connections of the ordinary load.
pub(super) const CONNECTIONS: usize = 16;
/// Connections that ask all accounts in turn: twice as many as authorizations run at a time, because each
/// account is asked twice in a row.
pub(super) const SWEEP_CONNECTIONS: usize = 128;

/// Memory of the gateway's processes, KiB.
pub(super) fn rss(gateway: &Candidate) -> Result<u64> {
    Ok(process::usage_of_all(&gateway.server.pids())?.rss_kib)
}

/// BackgroundResult requests of one account at a steady rate, while a storm goes on.
pub(super) struct BackgroundLoad {
    stop: Arc<AtomicBool>,
    load: JoinHandle<Result<LoadOutcome>>,
    stolen: Duration,
}

/// What the ordinary requests came to.
pub(super) struct BackgroundResult {
    pub(super) outcome: LoadOutcome,
    /// Processor time that the machine's host took meanwhile.
    pub(super) stolen: Duration,
}

impl BackgroundLoad {
    /// Begins the requests; they go on until [`BackgroundLoad::end`].
    pub(super) fn begin(options: &Options, plan: &Plan, gateway: &Candidate) -> Self {
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

    /// Ends the requests; none may have failed.
    pub(super) fn end(self) -> Result<BackgroundResult> {
        let stolen = process::stolen().saturating_sub(self.stolen);
        self.stop.store(true, Ordering::Relaxed);
        let outcome = self.load.join();
        let outcome = outcome.map_err(|_| anyhow::anyhow!("the generator failed"))??;
        // A failed request makes the latencies worthless: errors are answered faster than rates.
        outcome.all_good()?;
        Ok(BackgroundResult { outcome, stolen })
    }
}

/// Polls `so` until it is true; false if `patience` ran out first.
pub(super) fn eventually(patience: Duration, mut so: impl FnMut() -> Result<bool>) -> Result<bool> {
    let end = benches::now() + patience;
    while !so()? {
        if benches::now() >= end {
            return Ok(false);
        }
        // Once a second: with ten thousand accounts the gateway's figures are six megabytes, and asking for
        // them twenty times a second cost the control plane more than all renewals.
        thread::sleep(Duration::from_secs(1));
    }
    Ok(true)
}
