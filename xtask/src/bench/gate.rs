//! Instruction counts against a baseline. Valgrind simulates one processor without AVX-512 whatever
//! the machine, so counts of one architecture differ little from machine to machine: by the C
//! library's version, above all.

use super::{
    carriers,
    programs::{Programs, is_there, output},
    reading,
};
use crate::{
    cargo::{self, Profile},
    say,
};
use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use std::{
    collections::BTreeMap,
    env::consts::ARCH,
    fs,
    num::NonZero,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
    thread,
};

/// Growth in per cent that fails.
const TOLERANCE: u64 = 5;
/// And this many instructions: hash tables have a seed of their own in each run, and a tiny loop
/// grows by a tenth with one spilled register.
const SLACK: u64 = 50;
/// How often a path is counted that seems to have grown. Which of two threads is first costs a count some instructions
/// on a busy machine and takes none away, so the least counts: growth of the path itself is in each of them.
const ATTEMPTS: u32 = 4;
/// Iterations of the short run and of the long one; the difference leaves out start and preparation.
const ITERATIONS: [u64; 2] = [100, 600];

pub(super) type Counts = BTreeMap<String, u64>;

#[derive(Args, Default)]
pub(crate) struct Gate {
    /// Write the counts as the new baseline.
    #[arg(long)]
    bless: bool,
    /// Count requests of the whole gateway as well, for people: its start costs more than many requests
    /// and never the same twice, so these counts are no gate.
    #[arg(long)]
    whole: bool,
}

impl Gate {
    pub(super) fn run(self) -> Result<()> {
        // Not an error: a developer's machine may lack it.
        if !is_there(Path::new("valgrind")) {
            say::line("skipped: valgrind is not installed (apt-get install valgrind)");
            return Ok(());
        }
        // The shipped profile takes minutes to link and counts alike.
        let program = cargo::build_hot(Profile::Quick)?;
        reading::run(&program, tempfile::tempdir()?.path())?;
        let file = baseline();
        // Counts of another architecture would compare nothing.
        let base = file.exists().then(|| read_baseline(&file)).transpose()?;
        let counts = hot(&program, &base.clone().unwrap_or_default())?;
        // An error only after the counts are shown or written, which say by how much.
        let compared = carriers::compare(&counts);
        if self.whole {
            let programs = Programs::build(Profile::Quick)?;
            say::line(output(&mut programs.load("count"))?);
        }
        if self.bless {
            fs::write(&file, serde_json::to_string_pretty(&counts)? + "\n")?;
            say::line(format!("wrote {}", file.display()));
            return compared;
        }
        let Some(base) = base else {
            say::line(format!(
                "skipped: no baseline for {ARCH} yet (--bless makes one)"
            ));
            return compared;
        };
        judge(&base, &counts)?;
        compared
    }
}

fn baseline() -> PathBuf {
    cargo::root().join(format!("benches/baselines/{ARCH}.json"))
}

fn read_baseline(file: &Path) -> Result<Counts> {
    serde_json::from_slice(&fs::read(file)?).context("the baseline")
}

/// Instructions of one iteration of each hot path. As many are counted at a time as there are processors, which a count
/// does not notice.
fn hot(program: &Path, base: &Counts) -> Result<Counts> {
    let folder = tempfile::tempdir()?;
    let list = output(&mut Command::new(program))?;
    let cases = Mutex::new(list.lines());
    let next = || cases.lock().unwrap_or_else(PoisonError::into_inner).next();
    let count_some = || {
        let mut counts = Counts::new();
        while let Some(case) = next() {
            let (number, name) = case
                .split_once(' ')
                .context("a case has a number and a name")?;
            say::step(format!("count {name}"));
            let count = || count(program, number, folder.path());
            let was = base.get(name).copied();
            counts.insert(name.to_owned(), least(was, count)?);
        }
        Ok(counts)
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let counting: Vec<_> = (0..threads).map(|_| scope.spawn(count_some)).collect();
        let mut all = Counts::new();
        for some in counting {
            let some: Result<Counts> = some.join().map_err(|_| anyhow!("a count panicked"))?;
            all.append(&mut some?);
        }
        Ok(all)
    })
}

/// The first count that has not grown, or the least of all attempts.
fn least(was: Option<u64>, mut count: impl FnMut() -> Result<u64>) -> Result<u64> {
    let mut least = count()?;
    for _ in 1..ATTEMPTS {
        if was.is_none_or(|was| !has_grown(was, least)) {
            break;
        }
        least = least.min(count()?);
    }
    Ok(least)
}

/// The instructions of one iteration of a case.
fn count(program: &Path, number: &str, folder: &Path) -> Result<u64> {
    let [short, long] = ITERATIONS;
    let count = |iterations: u64| total(program, number, iterations, folder);
    // The difference of two runs leaves out start and preparation, which cost more than the path itself.
    let spent = count(long)?.saturating_sub(count(short)?);
    Ok(spent / (long - short))
}

/// Instructions of a whole run.
pub(super) fn total(program: &Path, case: &str, iterations: u64, folder: &Path) -> Result<u64> {
    let out = folder.join(format!("callgrind-{case}.out"));
    output(
        Command::new("valgrind")
            .args(["--tool=callgrind", "-q"])
            // Threads in turn. A thread that waits for another one parks or not by who runs first, which is 2,000
            // instructions for a call of a plugin.
            .arg("--fair-sched=try")
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(program)
            .args([case, &iterations.to_string()]),
    )?;
    let text = fs::read_to_string(&out)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    Ok(total
        .context("callgrind's file has no totals")?
        .trim()
        .parse()?)
}

fn judge(base: &Counts, counts: &Counts) -> Result<()> {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_header(["hot path", "baseline", "now", ""]);
    let mut grown = Vec::new();
    for (name, now) in counts {
        let was = base.get(name).copied();
        let verdict = match was {
            None => "new",
            Some(was) if has_grown(was, *now) => {
                grown.push(name.as_str());
                "grown"
            }
            // Shown, because an old and high baseline would let the next growth pass.
            Some(was) if has_grown(*now, was) => "shrunk: --bless it",
            Some(_) => "",
        };
        let was = was.map_or_else(String::new, |was| was.to_string());
        table.add_row([name.clone(), was, now.to_string(), verdict.to_owned()]);
    }
    say::line(table);
    if grown.is_empty() {
        return Ok(());
    }
    bail!(
        "instructions grew by more than {TOLERANCE} %: {}; make it cheaper, or say in docs/performance-notes.md why not and run with --bless",
        grown.join(", ")
    )
}

const fn has_grown(was: u64, now: u64) -> bool {
    now > was + was * TOLERANCE / 100 + SLACK
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(now: u64) -> Counts {
        Counts::from([("path".to_owned(), now)])
    }

    #[test]
    fn what_seems_to_have_grown_is_counted_again() {
        let least_of = |counts: &[u64]| {
            let mut counts = counts.iter();
            let count = || counts.next().copied().context("one count too many");
            least(Some(10_000), count)
        };
        assert!(matches!(least_of(&[10_200]), Ok(10_200)), "counted once");
        assert!(matches!(least_of(&[11_000, 12_000, 10_100]), Ok(10_100)));
        assert!(matches!(
            least_of(&[11_000, 12_000, 11_500, 10_900]),
            Ok(10_900)
        ));
        assert!(matches!(least(None, || Ok(1)), Ok(1)), "a new path");
    }

    #[test]
    fn growth_beyond_tolerance_fails_and_the_rest_passes() {
        assert!(judge(&counts(10_000), &counts(10_551)).is_err());
        for now in [10_550, 10_000, 1_000] {
            assert!(judge(&counts(10_000), &counts(now)).is_ok(), "{now}");
        }
        assert!(
            judge(&counts(20), &counts(60)).is_ok(),
            "too little to matter"
        );
        assert!(judge(&Counts::new(), &counts(1)).is_ok(), "a new path");
    }
}
