//! What the carriers' plugins add to a start: the gateway with the UPS plugin alone and with all of them, in turns.

use super::process::{memory, processor_time};
use crate::{
    cargo::{self, Profile},
    programs::Programs,
    say,
    server::Server,
};
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

/// Memory that all plugins together may add. It hardly depends on the machine, so more of it fails.
const MOST_MEMORY_KB: u64 = 8 * 1024;
/// Processor time that they are to add at most. Shown beside the figure: a busy machine takes longer.
const AIM: Duration = Duration::from_millis(60);

#[derive(Args)]
pub(super) struct Start {
    /// The quick profile instead of the release profile.
    #[arg(long)]
    quick: bool,
    /// Starts of each kind; the medians are compared.
    #[arg(long, default_value_t = 11)]
    rounds: usize,
}

/// One start.
#[derive(Clone, Copy, Default)]
struct Figures {
    /// Until the gateway says where it listens.
    ready: Duration,
    /// User and system time until then.
    processor: Duration,
    /// Proportional set size: shared pages count in parts.
    memory_kb: u64,
}

impl Start {
    pub(super) fn run(self) -> Result<()> {
        let profile = Profile::measured(self.quick);
        let programs = Programs::build(|packages| cargo::build_command(profile, packages))?;
        let [few, all] = [true, false].map(|ups_alone| Installation::new(&programs, ups_alone));
        let (few, all) = (few?, all?);
        let mut figures = [Vec::new(), Vec::new()];
        // The first start of each writes its private copies of the plugins.
        for installation in [&few, &all] {
            installation.start(&programs.waybill)?;
        }
        for _ in 0..self.rounds {
            // In turns, so that what else the machine does falls on both.
            for (of, installation) in figures.iter_mut().zip([&few, &all]) {
                of.push(installation.start(&programs.waybill)?);
            }
        }
        let [few, all] = figures.map(median);
        report(few, all, programs.plugins.len() - 1)
    }
}

/// A folder with a configuration and plugins.
struct Installation {
    folder: tempfile::TempDir,
    config: PathBuf,
}

impl Installation {
    fn new(programs: &Programs, ups_alone: bool) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let plugins = folder.path().join("plugins");
        fs::create_dir(&plugins)?;
        for (name, library) in &programs.plugins {
            if !ups_alone || name == "ups.so" {
                fs::copy(library, plugins.join(name)).context("cannot install a plugin")?;
            }
        }
        let config = folder.path().join("waybill.toml");
        // In the gateway's process, as a locked plugin runs: a worker process is another process's memory.
        let text = "[listen]\napps = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\
                    [plugins]\nisolation = \"in_process\"\ncache = \"cache\"\n\
                    [[route]]\ncarrier = \"ups\"\nenvironment = \"test\"\n";
        fs::write(&config, text)?;
        Ok(Self { folder, config })
    }

    fn start(&self, waybill: &Path) -> Result<Figures> {
        let began = now();
        let mut gateway = Server::start(
            Command::new(waybill)
                .args(["serve", "--config"])
                .arg(&self.config)
                .current_dir(self.folder.path())
                .env("WAYBILL_LOG", "error"),
        )?;
        gateway.address("apps listening on ")?;
        let ready = now() - began;
        let process = PathBuf::from(format!("/proc/{}", gateway.id()));
        Ok(Figures {
            ready,
            processor: processor_time(&process)?,
            memory_kb: memory(&process)?,
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement takes real time")]
fn now() -> Instant {
    Instant::now()
}

/// The median of each figure for itself.
fn median(mut of: Vec<Figures>) -> Figures {
    let middle = of.len() / 2;
    let mut each = |key: fn(&Figures) -> u128| {
        of.sort_by_key(key);
        of.get(middle).copied().unwrap_or_default()
    };
    Figures {
        ready: each(|it| it.ready.as_nanos()).ready,
        processor: each(|it| it.processor.as_nanos()).processor,
        memory_kb: each(|it| it.memory_kb.into()).memory_kb,
    }
}

fn report(few: Figures, all: Figures, more: usize) -> Result<()> {
    let milliseconds = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
    let mut table = Table::new();
    let with = format!("with {more} more");
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_header(["a start", "with UPS alone", &with, "added"]);
    let times = [
        ("until it listens", few.ready, all.ready),
        ("processor time", few.processor, all.processor),
    ];
    for (name, few, all) in times {
        let added = milliseconds(all.saturating_sub(few));
        table.add_row([name.to_owned(), milliseconds(few), milliseconds(all), added]);
    }
    let added = all.memory_kb.saturating_sub(few.memory_kb);
    let kb = |figure: u64| format!("{figure} KB");
    table.add_row([
        "memory".to_owned(),
        kb(few.memory_kb),
        kb(all.memory_kb),
        kb(added),
    ]);
    say::line(table);
    say::line(format!(
        "the aim: at most {} and {} KB",
        milliseconds(AIM),
        MOST_MEMORY_KB
    ));
    ensure!(
        added <= MOST_MEMORY_KB,
        "{more} plugins add {added} KB to a start, more than {MOST_MEMORY_KB} KB"
    );
    Ok(())
}
