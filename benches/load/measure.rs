//! Rounds of measurements, the candidates alternating, so that a slow minute of the machine hits all.

use crate::{
    Options,
    candidates::{self, Candidate},
    world::World,
};
use anyhow::{Context as _, Result, ensure};
use benches::{
    generator::{self, Load, Outcome},
    process,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{thread, time::Duration};

const WARM_UP: Duration = Duration::from_secs(1);

/// The figures of one measurement.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) cpu_us_per_request: f64,
    pub(crate) requests_per_second: f64,
    /// 50th, 99th and 99.9th percentile, microseconds.
    pub(crate) latency_us: [u64; 3],
    pub(crate) rss_kib: u64,
}

/// All rounds of one candidate.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) name: String,
    /// As fast as it goes.
    pub(crate) closed: Vec<Sample>,
    /// At a steady rate.
    pub(crate) open: Vec<Sample>,
    /// One connection.
    pub(crate) single: Vec<Sample>,
    /// Why it could not be measured.
    pub(crate) skipped: Option<String>,
}

/// Measures every candidate in every round.
pub(crate) fn all(options: &Options, names: &[&str]) -> Result<Vec<Results>> {
    let world = World::start(options)?;
    let mut results: Vec<_> = names
        .iter()
        .map(|name| Results {
            name: (*name).to_owned(),
            closed: Vec::new(),
            open: Vec::new(),
            single: Vec::new(),
            skipped: None,
        })
        .collect();
    let progress = ProgressBar::new((options.rounds * names.len()) as u64).with_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} (eta {eta})")?,
    );
    for _ in 0..options.rounds {
        for result in &mut results {
            progress.set_message(result.name.clone());
            if result.skipped.is_none() {
                round(options, &world, result)?;
            }
            progress.inc(1);
        }
    }
    progress.finish_and_clear();
    Ok(results)
}

fn round(options: &Options, world: &World, result: &mut Results) -> Result<()> {
    let candidate = match candidates::start(&result.name, options, world) {
        Ok(candidate) => candidate,
        // Ours must run; a peer that is not installed is left out and the report says so.
        Err(error) if result.name != "waybill" => {
            result.skipped = Some(format!("{error:#}"));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let load = Load {
        addr: candidate.addr,
        request: world.request.clone(),
        connections: options.connections,
        rate: None,
        duration: options.duration(),
        new_connections: false,
    };
    let open = Load {
        rate: Some(options.rate),
        ..load.clone()
    };
    let single = Load {
        connections: 1,
        ..load.clone()
    };
    sample(
        world,
        &candidate,
        Load {
            duration: WARM_UP,
            ..load.clone()
        },
    )?;
    result
        .closed
        .push(sample(world, &candidate, load).with_context(|| result.name.clone())?);
    result
        .open
        .push(sample(world, &candidate, open).with_context(|| result.name.clone())?);
    result
        .single
        .push(sample(world, &candidate, single).with_context(|| result.name.clone())?);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn sample(world: &World, candidate: &Candidate, load: Load) -> Result<Sample> {
    let pids = candidate.server.pids();
    let before = process::usage_of_all(&pids)?;
    let processors = world.plan.generator.clone();
    let generator = thread::spawn(move || {
        process::pin_current_thread(&processors)?;
        generator::run(load)
    });
    let outcome: Outcome = generator.join().ok().context("the generator failed")??;
    let after = process::usage_of_all(&pids)?;
    ensure!(
        outcome.bad == 0,
        "{} bad answers beside {} good ones: the run does not count",
        outcome.bad,
        outcome.good
    );
    ensure!(outcome.good > 0, "no answer at all");
    let cpu = (after.cpu - before.cpu).as_secs_f64() * 1e6;
    Ok(Sample {
        cpu_us_per_request: cpu / outcome.good as f64,
        requests_per_second: outcome.rate(),
        latency_us: [0.5, 0.99, 0.999].map(|q| outcome.latency_us.value_at_quantile(q)),
        rss_kib: after.rss_kib,
    })
}
