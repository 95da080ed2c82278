//! What a full run did and how long it took, for docs/testing.md.

use crate::{cargo::root, say, source};
use anyhow::{Context as _, Result};
use std::{
    fmt::Write as _,
    fs, thread,
    time::{Duration, Instant},
};

/// Everything behind this heading is written anew.
const HEADING: &str = "## The last full run\n";

pub(crate) struct Record {
    began: Instant,
    steps: Vec<(&'static str, Duration)>,
}

impl Record {
    pub(crate) fn begin() -> Self {
        Self {
            began: now(),
            steps: Vec::new(),
        }
    }

    /// Runs a step and keeps how long it took.
    pub(crate) fn step(
        &mut self,
        name: &'static str,
        run: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let began = now();
        run()?;
        self.steps.push((name, began.elapsed()));
        Ok(())
    }

    /// Replaces the last section of docs/testing.md.
    pub(crate) fn write(&self) -> Result<()> {
        let file = root().join("docs/testing.md");
        let text = fs::read_to_string(&file).context("docs/testing.md")?;
        let (before, _) = text
            .split_once(HEADING)
            .with_context(|| format!("docs/testing.md has no heading {HEADING:?}"))?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let mut section = format!(
            "\nPassed on {}, commit {}, {} on {cores} cores.\n\n| Step | Time |\n|---|---|\n",
            source::date().unwrap_or_default(),
            source::revision().unwrap_or_default(),
            minutes(self.began.elapsed()),
        );
        for (name, time) in &self.steps {
            writeln!(section, "| {name} | {} |", minutes(*time))?;
        }
        fs::write(&file, format!("{before}{HEADING}{section}"))?;
        say::step("the result is noted in docs/testing.md");
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long the machine takes is what is noted"
)]
fn now() -> Instant {
    Instant::now()
}

fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}
