//! Runs one hot path ITERATIONS times, to be counted by callgrind: `hot CASE ITERATIONS`.
//!
//! The difference of two runs leaves out start and preparation. `hot` alone lists the cases. `hot reading N`
//! reads a configuration of N accounts once.

use anyhow::{Context as _, Result};
use benches::{cases, reading};
use std::{env, io::Write as _, process::ExitCode};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed; the exit code still says that the run failed.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let Some(number) = arguments.next() else {
        let mut out = std::io::stdout().lock();
        for (number, case) in cases::all().iter().enumerate() {
            writeln!(out, "{number} {}", case().name)?;
        }
        return Ok(());
    };
    if number == "reading" {
        return reading::read(arguments.next().context("how many accounts?")?.parse()?);
    }
    let cases = cases::all();
    let case = cases
        .get(number.parse::<usize>()?)
        .context("no such case")?;
    let iterations: u64 = arguments.next().context("how often?")?.parse()?;
    let mut case = case();
    for _ in 0..iterations {
        (case.run)();
    }
    Ok(())
}
