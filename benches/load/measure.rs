//! Rounds of measurements, the candidates alternating, so that a slow minute of the machine hits all.

use crate::{
    candidates::{Candidate, Kind},
    machine::Plan,
    options::Options,
    world::World,
};
use anyhow::{Context as _, Result};
use benches::{
    generator::{self, Load, LoadOutcome},
    process,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{thread, time::Duration};

const WARM_UP: Duration = Duration::from_secs(1);

/// The ways of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As fast as it goes.
    Closed,
    /// At a steady rate.
    Steady,
    /// One connection.
    Alone,
    /// A new connection for each request.
    Fresh,
}

impl Shape {
    /// All of them, in the order of [`Results::shapes`].
    pub(crate) const ALL: [Self; 4] = [Self::Closed, Self::Steady, Self::Alone, Self::Fresh];

    /// Those that are asked for.
    const fn measured(options: &Options) -> &'static [Self] {
        if options.closed_only {
            &[Self::Closed]
        } else {
            &Self::ALL
        }
    }

    /// For progress and JSON.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Steady => "steady",
            Self::Alone => "alone",
            Self::Fresh => "fresh",
        }
    }

    fn load(self, options: &Options, plan: &Plan, candidate: &Candidate) -> Load {
        let (target, ask) = (candidate.target.clone(), candidate.ask.clone());
        let closed = Load {
            streams: options.downstream.streams,
            spin: plan.generator_is_alone(),
            ..Load::closed(target, ask, options.connections, options.duration())
        };
        match self {
            Self::Closed => closed,
            Self::Steady => Load {
                rate: Some(options.rate),
                ..closed
            },
            Self::Alone => Load {
                connections: 1,
                ..closed
            },
            Self::Fresh => Load {
                rate: Some(options.fresh_rate()),
                new_connections: true,
                ..closed
            },
        }
    }
}

/// The figures of one measurement.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) cpu_us_per_request: f64,
    pub(crate) requests_per_second: f64,
    /// 50th, 99th and 99.9th percentile, microseconds.
    pub(crate) latency_us: [f64; 3],
}

/// Resident memory in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// Before the first request.
    pub(crate) start: u64,
    /// After the closed loop.
    pub(crate) busy: u64,
    /// With all idle keep-alive connections; `None` where the limit of open files is too low.
    pub(crate) idle: Option<u64>,
    /// For each of them, beyond what was there before; in bytes.
    pub(crate) idle_connection: Option<u64>,
}

/// All rounds of one candidate.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) kind: Kind,
    /// By [`Shape::ALL`].
    pub(crate) shapes: [Vec<Sample>; 4],
    /// Of the last round.
    pub(crate) memory: Memory,
    /// Why it could not be measured.
    pub(crate) skipped: Option<String>,
}

impl Results {
    /// The rounds of one shape.
    pub(crate) fn of(&self, shape: Shape) -> &[Sample] {
        &self.shapes[shape as usize]
    }
}

/// Measures every candidate in every round.
pub(crate) fn all(options: &Options, kinds: &[Kind]) -> Result<Vec<Results>> {
    let world = World::start(options)?;
    let mut results: Vec<_> = kinds
        .iter()
        .map(|kind| Results {
            kind: *kind,
            shapes: Default::default(),
            memory: Memory::default(),
            skipped: None,
        })
        .collect();
    let shapes = Shape::measured(options).len();
    let progress = ProgressBar::new((options.rounds * kinds.len() * shapes) as u64).with_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} ({elapsed}, {eta} to go)")?,
    );
    for _ in 0..options.rounds {
        for result in &mut results {
            if result.skipped.is_none() {
                round(options, &world, result, &progress).with_context(|| result.kind.name())?;
            }
            if result.skipped.is_some() {
                progress.inc(shapes as u64);
            }
        }
    }
    progress.finish_and_clear();
    Ok(results)
}

fn round(
    options: &Options,
    world: &World,
    result: &mut Results,
    progress: &ProgressBar,
) -> Result<()> {
    let candidate = match result.kind.start(options, world) {
        Ok(candidate) => candidate,
        // A peer that is not installed is left out and the report says so.
        Err(error) if !result.kind.is_ours() => {
            result.skipped = Some(format!("{error:#}"));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let done = shapes(options, world, &candidate, result, progress);
    done.map_err(|error| candidate.server.explain(error))
}

fn shapes(
    options: &Options,
    world: &World,
    candidate: &Candidate,
    result: &mut Results,
    progress: &ProgressBar,
) -> Result<()> {
    let memory =
        || Ok::<_, anyhow::Error>(process::usage_of_all(&candidate.server.pids())?.rss_kib);
    result.memory.start = memory()?;
    let warm_up = Load {
        duration: WARM_UP,
        ..Shape::Closed.load(options, &world.plan, candidate)
    };
    sample(world, candidate, warm_up).context("warming up")?;
    for (shape, samples) in Shape::measured(options).iter().zip(&mut result.shapes) {
        progress.set_message(format!("{}: {}", result.kind.name(), shape.name()));
        let load = shape.load(options, &world.plan, candidate);
        samples.push(sample(world, candidate, load).context(shape.name())?);
        progress.inc(1);
        if *shape == Shape::Closed {
            result.memory.busy = memory()?;
        }
    }
    if !options.closed_only {
        progress.set_message(format!("{}: idle connections", result.kind.name()));
        idle(options, candidate, &mut result.memory).context("idle connections")?;
    }
    Ok(())
}

/// Memory with idle connections; left out where the limit of open files is too low.
fn idle(options: &Options, candidate: &Candidate, memory: &mut Memory) -> Result<()> {
    if !process::raise_open_files(options.idle as u64 + 500) {
        return Ok(());
    }
    let pids = candidate.server.pids();
    let before = process::usage_of_all(&pids)?.rss_kib;
    let held = generator::hold(&candidate.target, &candidate.ask, options.idle)?;
    let after = process::usage_of_all(&pids)?.rss_kib;
    drop(held);
    memory.idle = Some(after);
    let each = after.saturating_sub(before) * 1024 / options.idle.max(1) as u64;
    memory.idle_connection = Some(each);
    Ok(())
}

/// Runs one load and reads the candidate's usage before and after.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn sample(world: &World, candidate: &Candidate, load: Load) -> Result<Sample> {
    let pids = candidate.server.pids();
    let before = process::usage_of_all(&pids)?;
    let outcome = generate(&world.plan, load)?;
    let after = process::usage_of_all(&pids)?;
    outcome.all_good()?;
    let cpu = (after.cpu - before.cpu).as_secs_f64() * 1e6;
    Ok(Sample {
        cpu_us_per_request: cpu / outcome.good as f64,
        requests_per_second: outcome.rate(),
        latency_us: [0.5, 0.99, 0.999].map(|q| outcome.latency_us.value_at_quantile(q) as f64),
    })
}

/// Runs a load on the generator's processors.
pub(crate) fn generate(plan: &Plan, load: Load) -> Result<LoadOutcome> {
    begin(plan, load)
        .join()
        .ok()
        .context("the generator failed")?
}

/// Begins a load on the generator's processors.
pub(crate) fn begin(plan: &Plan, load: Load) -> thread::JoinHandle<Result<LoadOutcome>> {
    let processors = plan.generator.clone();
    thread::spawn(move || {
        process::pin_current_thread(&processors)?;
        generator::run(load)
    })
}
