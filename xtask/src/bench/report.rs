//! `cargo xtask bench report`: the last results into the documentation, as tables and plots.
//!
//! Each section of the page stands between two markers of its own; one whose results are not there
//! stays as it is. The same results give the same text and the same plots.

mod plot;
pub(super) mod results;
mod tables;
#[cfg(test)]
mod tests;

use super::{forms::FORMS, micro};
use crate::{cargo, say};
use anyhow::{Context as _, Result};
use clap::Args;
use plot::{Bar, Panel, Plot};
use results::{Figure, Run};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

#[derive(Args)]
pub(super) struct Report {
    /// Where the results are.
    #[arg(long, value_name = "D", default_value = "target/bench")]
    from: PathBuf,
    /// The page that shows them; plots go to the folder of the same name beside it.
    #[arg(long, value_name = "FILE", default_value = "docs/benchmarks.md")]
    page: PathBuf,
}

/// A section of the page: text and plots by file name.
struct Section {
    text: String,
    plots: Vec<(&'static str, String)>,
}

impl Report {
    pub(super) fn run(self) -> Result<()> {
        let from = cargo::root().join(&self.from);
        let page = cargo::root().join(&self.page);
        let plots = page.with_extension("");
        let mut text = fs::read_to_string(&page).with_context(|| page.display().to_string())?;
        for (name, section) in sections(&from)? {
            // A section without results keeps its text, so that measuring one thing does not empty the page.
            let Some(section) = section else {
                say::step(format!(
                    "{name}: no results there, so the page keeps its own"
                ));
                continue;
            };
            text = put(&text, name, &section.text)?;
            fs::create_dir_all(&plots)?;
            for (file, svg) in section.plots {
                fs::write(plots.join(file), svg)?;
            }
            say::step(format!("{name}: written"));
        }
        fs::write(&page, text)?;
        Ok(())
    }
}

/// What the results in a folder come to; `None` where there are none.
fn sections(from: &Path) -> Result<[(&'static str, Option<Section>); 4]> {
    let (small, large) = (runs(from, "peers", false)?, runs(from, "peers", true)?);
    let peers = !small.is_empty() || !large.is_empty();
    let mut gateway = runs(from, "gateway", false)?;
    gateway.extend(runs(from, "gateway", true)?);
    let storms = read(&from.join("storms.json"))?;
    let micro = read(&micro::file(from))?;
    Ok([
        ("peers", peers.then(|| beside_peers(small, large))),
        ("gateway", (!gateway.is_empty()).then(|| alone(&gateway))),
        ("storms", storms.map(|found| plain(tables::storms(&found)))),
        ("micro", micro.map(|found| plain(tables::micro(&found)))),
    ])
}

fn plain(text: String) -> Section {
    Section {
        text,
        plots: Vec::new(),
    }
}

/// The runs that are there, in the order of the page.
fn runs(from: &Path, what: &str, large: bool) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    for form in FORMS.iter().filter(|form| form.is_large() == large) {
        let file = from.join(format!("{what}-{}.json", form.name));
        if file.exists() {
            runs.push(Run::read(&file)?);
        }
    }
    Ok(runs)
}

fn read(file: &Path) -> Result<Option<Value>> {
    if !file.exists() {
        return Ok(None);
    }
    let json = serde_json::from_slice(&fs::read(file)?);
    Ok(Some(json.with_context(|| file.display().to_string())?))
}

/// The plot of one run, which stands beside its figures.
pub(super) fn plot(figures: &Path) -> Result<String> {
    let run = Run::read(figures).context("the load program wrote no figures")?;
    let panels = vec![peers_panel(&run, closed_cpu)];
    Ok(cpu_plot(run.downstream(), panels, run.rounds()).svg())
}

/// Runs whose work is mostly content have a plot of their own: beside them the others would look alike.
fn beside_peers(mut runs: Vec<Run>, large: Vec<Run>) -> Section {
    let small = runs.len();
    runs.extend(large);
    // All runs of one session have the same number of rounds.
    let rounds = runs.first().map_or(0, Run::rounds);
    let panels = |runs: &[Run], figure: fn(&Run, &str) -> Option<Figure>| {
        runs.iter().map(|run| peers_panel(run, figure)).collect()
    };
    let closed = |runs: &[Run]| {
        let of = "64 connections in a closed loop";
        cpu_plot(of, panels(runs, closed_cpu), rounds).svg()
    };
    let latency = Plot {
        title:
            "99th percentile of the latency at a steady rate (without those that cannot keep up)"
                .to_owned(),
        axis: "microseconds, from when a request was due to its last byte; shorter is better",
        unit: "us",
        panels: panels(&runs[..small], steady_p99),
        rounds,
    };
    let mut text = tables::circumstances(&runs);
    let mut plots = Vec::new();
    if small > 0 {
        text += "![CPU per request](benchmarks/peers-cpu.svg)\n\n";
        text += "![p99 at a steady rate](benchmarks/peers-p99.svg)\n";
        plots.push(("peers-cpu.svg", closed(&runs[..small])));
        plots.push(("peers-p99.svg", latency.svg()));
    }
    if small < runs.len() {
        text += "\n![CPU per request with much content](benchmarks/peers-content-cpu.svg)\n";
        plots.push(("peers-content-cpu.svg", closed(&runs[small..])));
    }
    for run in &runs {
        text += &tables::peers(run);
    }
    Section { text, plots }
}

fn alone(runs: &[Run]) -> Section {
    let bars = runs.iter().filter_map(|run| {
        let first = run.candidates().next()?;
        Some(Bar {
            label: run.way(),
            ours: true,
            figure: first.cpu("closed")?,
        })
    });
    let panel = Panel {
        title: String::new(),
        bars: bars.collect(),
    };
    let rounds = runs.first().map_or(0, Run::rounds);
    let cpu = cpu_plot("the gateway in every way of asking", vec![panel], rounds);
    let mut text = tables::circumstances(runs);
    text += "![CPU per request](benchmarks/gateway-cpu.svg)\n";
    text += &tables::alone(runs);
    Section {
        text,
        plots: vec![("gateway-cpu.svg", cpu.svg())],
    }
}

fn cpu_plot(of: &str, panels: Vec<Panel>, rounds: usize) -> Plot {
    Plot {
        title: format!("Processor time per request: {of}"),
        axis: "microseconds of processor time (user and system) per request; shorter is better",
        unit: "us",
        panels,
        rounds,
    }
}

fn peers_panel(run: &Run, figure: fn(&Run, &str) -> Option<Figure>) -> Panel {
    let bars = run.candidates().filter_map(|candidate| {
        Some(Bar {
            label: candidate.name().to_owned(),
            ours: candidate.name().starts_with("waybill"),
            figure: figure(run, candidate.name())?,
        })
    });
    Panel {
        title: run.title(),
        bars: bars.collect(),
    }
}

fn closed_cpu(run: &Run, name: &str) -> Option<Figure> {
    run.candidate(name)?.cpu("closed")
}

/// Not of those that are overloaded: beside them nothing else could be seen.
fn steady_p99(run: &Run, name: &str) -> Option<Figure> {
    let candidate = run.candidate(name)?;
    run.keeps_up(candidate)
        .then(|| candidate.latency("steady", 1))?
}

/// The page with a section's text between its markers.
fn put(page: &str, section: &str, text: &str) -> Result<String> {
    let begin = format!("<!-- {section}: written by `cargo xtask bench report` -->\n");
    let end = format!("<!-- end of {section} -->");
    let missing = || format!("the page has no place for {section}: {begin}{end}");
    // A missing marker is an error: text that lands in the wrong place would be published.
    let (before, rest) = page.split_once(&begin).with_context(missing)?;
    let (_, after) = rest.split_once(&end).with_context(missing)?;
    Ok(format!("{before}{begin}\n{}\n\n{end}{after}", text.trim()))
}
