//! Signatures that a worker process makes, beside what two processes need at least: a ping-pong on futexes. All of
//! it in one run, in turn, because the figures of a busy machine change from minute to minute.

mod paced;
mod programs;
mod signer;

use comfy_table::Table;
use criterion::Criterion;
use programs::Programs;
use signer::Signer;
use std::{io::Write as _, process::ExitCode, time::Duration};

/// How much is measured of what criterion does not measure.
struct Extent {
    /// Rounds in which all take turns.
    turns: usize,
    /// Signatures, or ping-pongs, of one turn.
    turn: u32,
    /// Turns at a steady rate.
    paced_turns: usize,
    /// Signatures, or ping-pongs, of one turn at a steady rate.
    paced_turn: u32,
}

impl Extent {
    const MEASURED: Self = Self {
        turns: 15,
        turn: 4_000,
        paced_turns: 5,
        paced_turn: paced::A_SECOND,
    };
    /// Whether it works.
    const TRIED: Self = Self {
        turns: 1,
        turn: 100,
        paced_turns: 1,
        paced_turn: paced::A_SECOND / 20,
    };

    /// `cargo bench` passes `--bench`, and `cargo test` does not; criterion goes by the same sign.
    fn wanted() -> Self {
        match std::env::args().any(|argument| argument == "--bench") {
            true => Self::MEASURED,
            false => Self::TRIED,
        }
    }
}

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("plugin-worker") {
        let Err(_) = gateway_plugin_host::run_worker();
        return ExitCode::FAILURE;
    }
    let mut out = std::io::stdout().lock();
    let programs = match Programs::make() {
        Ok(programs) => programs,
        Err(error) => {
            let _ = writeln!(
                out,
                "skipped: signatures in a worker process, because {error:#}"
            );
            return ExitCode::SUCCESS;
        }
    };
    let signers = programs.signers();
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    criterion.bench_function("futex ping-pong of two processes", |bencher| {
        bencher.iter_custom(|rounds| {
            programs
                .ping_pong(rounds.try_into().unwrap_or(u32::MAX), Duration::ZERO)
                .0
        });
    });
    for signer in &signers {
        let name = format!("sign in a worker process, {}", signer.name);
        criterion.bench_function(&name, |bencher| {
            bencher.iter_custom(|count| signer.times(count).iter().sum());
        });
    }
    criterion.final_summary();
    let extent = Extent::wanted();
    let _ = writeln!(out, "{}", in_turn(&programs, &signers, &extent));
    let _ = writeln!(out, "{}", paced::all(&programs, &signers, &extent));
    ExitCode::SUCCESS
}

/// The medians of each turn, and how they compare.
fn in_turn(programs: &Programs, signers: &[Signer], extent: &Extent) -> Table {
    let mut bare = Vec::new();
    let mut signed = vec![Vec::new(); signers.len()];
    for _ in 0..extent.turns {
        bare.push(programs.ping_pong(extent.turn, Duration::ZERO).1[0]);
        for (signer, medians) in signers.iter().zip(&mut signed) {
            medians.push(median(&signer.times(extent.turn.into())));
        }
    }
    let mut table = Table::new();
    table.set_header([
        "median of a turn",
        "least",
        "median",
        "most",
        "by the ping-pong",
    ]);
    let mut row = |name: &str, medians: &[Duration]| {
        let ratios: Vec<f64> = (medians.iter().zip(&bare))
            .map(|(one, bare)| one.as_secs_f64() / bare.as_secs_f64())
            .collect();
        let mut ratios = ratios;
        ratios.sort_by(f64::total_cmp);
        let ratio = format!(
            "{:.2} ({:.2} to {:.2})",
            ratios[extent.turns / 2],
            ratios[0],
            ratios[extent.turns - 1]
        );
        let micros = |time: Duration| format!("{:.2} us", time.as_secs_f64() * 1e6);
        let mut sorted = medians.to_vec();
        sorted.sort();
        let least = sorted.first().copied().unwrap_or_default();
        let most = sorted.last().copied().unwrap_or_default();
        table.add_row([
            name.to_owned(),
            micros(least),
            micros(median(medians)),
            micros(most),
            ratio,
        ]);
    };
    row("futex ping-pong of two processes", &bare);
    for (signer, medians) in signers.iter().zip(&signed) {
        row(&signer.name, medians);
    }
    table
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
