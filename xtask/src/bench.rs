//! `cargo xtask bench`: measurements of the shipped programs. It builds; `benches` measures.

mod about;
mod carriers;
mod compare;
mod fleet;
mod forms;
mod gate;
mod micro;
mod peers;
mod process;
mod programs;
mod reading;
mod report;
mod start;
mod ui;

use crate::{
    cargo::{self, Profile},
    say, shipped,
};
use anyhow::{Result, anyhow};
use clap::{Args, Subcommand};
use forms::{Choice, Form};
use peers::Peers;
use programs::Programs;
use std::{
    fs,
    path::{Path, PathBuf},
    thread,
};

#[derive(Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    measurement: Measurement,
}

#[derive(Subcommand)]
enum Measurement {
    /// The hot paths one by one (criterion).
    Micro(micro::Micro),
    /// Load on the gateway alone.
    Load {
        #[command(flatten)]
        forms: Choice,
        #[command(flatten)]
        run: Run,
    },
    /// One load on the gateway, nginx, HAProxy, Envoy, Pingora and a relay that costs the least, alternating. Installs
    /// the peers that are missing, where it may.
    #[command(after_help = PEERS_EXAMPLES)]
    Peers {
        #[command(flatten)]
        forms: Choice,
        #[command(flatten)]
        peers: peers::Options,
        #[command(flatten)]
        run: Run,
    },
    /// The working tree against another commit, alternating in one run: processor time of a request, round by round.
    Compare(compare::Compare),
    /// Many accounts at once: tokens due together, all revoked, not to be had; idle accounts.
    Storms(Run),
    /// Correctness under a short load, without figures (CI).
    Smoke,
    /// Instruction counts against the checked-in baseline; fails above it by more than 5 %.
    Gate(gate::Gate),
    /// Memory and time that the carriers' plugins add to a start.
    Start(start::Start),
    /// Several gateways on one PostgreSQL: renewals, a killed gateway, what an idle fleet asks of its database.
    Fleet(fleet::FleetBench),
    /// Processor time of each page of the web interface with 10,000 accounts; fails above 5 ms.
    Ui(ui::Ui),
    /// The last results into docs/benchmarks.md, with plots.
    Report(report::Report),
}

const PEERS_EXAMPLES: &str = "Examples:
  cargo xtask bench peers -- --rounds 7
  cargo xtask bench peers --only get,bulk,upload
  cargo xtask bench peers --only tls,http2 --quick --no-install -- --rounds 2 --seconds 1";

#[derive(Args)]
struct Run {
    /// The quick profile instead of the shipped one: figures are not comparable.
    #[arg(long)]
    quick: bool,
    /// Where JSON and plots go.
    #[arg(long, value_name = "D", default_value = "target/bench")]
    out: PathBuf,
    /// Further options for the load program, such as `--rounds 5`; see its `--help`.
    #[arg(last = true)]
    options: Vec<String>,
}

impl Bench {
    pub(crate) fn run(self) -> Result<()> {
        match self.measurement {
            Measurement::Micro(micro) => micro.run(),
            Measurement::Load { forms, run } => {
                let session = Session::begin(run, "load", Peers::default())?;
                forms
                    .forms()
                    .try_for_each(|form| session.figures("gateway", form))
            }
            Measurement::Peers { forms, peers, run } => {
                let session = Session::begin(run, "peers", peers.ensure(forms.has_all_peers()))?;
                let mut forms = forms.forms().filter(|form| form.is_for_peers());
                forms.try_for_each(|form| session.figures("peers", form))
            }
            Measurement::Compare(compare) => compare.run(),
            Measurement::Storms(run) => Session::begin(run, "storms", Peers::default())?.storms(),
            Measurement::Smoke => cargo::run(&mut Programs::build(Profile::Dev)?.load("smoke")),
            Measurement::Gate(gate) => gate.run(),
            Measurement::Start(start) => start.run(),
            Measurement::Fleet(fleet) => fleet.run(),
            Measurement::Ui(ui) => ui.run(),
            Measurement::Report(report) => report.run(),
        }
    }
}

/// What CI runs of the benches: correctness under load, then instruction counts. `built` is what was
/// built of the development profile already.
pub(crate) fn ci(built: &[&str]) -> Result<()> {
    let mut smoke = Programs::build_as(Profile::Dev, built)?.load("smoke");
    // The smoke test waits more than it works, and a count does not notice what runs beside it.
    thread::scope(|scope| {
        let smoke = scope.spawn(|| cargo::run(&mut smoke));
        let counts = gate::Gate::default().run();
        // Correctness first: counts of a program that answers wrongly mean nothing.
        smoke
            .join()
            .map_err(|_| anyhow!("the smoke test panicked"))??;
        counts
    })
}

/// Measurements of one build.
struct Session {
    run: Run,
    programs: Programs,
    peers: Peers,
    notes: Vec<(&'static str, String)>,
}

impl Session {
    fn begin(run: Run, what: &str, peers: Peers) -> Result<Self> {
        let quick = if run.quick { " --quick" } else { "" };
        // Before the build: a build takes minutes, and the notes describe the source that goes into it.
        let mut notes = about::notes(&format!("{what}{quick}"), &run.options);
        let (programs, build) = match run.quick {
            true => (Programs::build(Profile::Quick)?, "quick".to_owned()),
            false => {
                let shipped = shipped::build(None)?;
                let build = format!("release, guided by {}", shipped.guide);
                (Programs::shipped(shipped.programs)?, build)
            }
        };
        notes.push(("build", build));
        Ok(Self {
            notes,
            programs,
            run,
            peers,
        })
    }

    fn storms(&self) -> Result<()> {
        self.load("storms", &self.file("storms", "json"), &[])
    }

    /// Measures, and draws what came of it.
    fn figures(&self, what: &str, form: &Form) -> Result<()> {
        let name = format!("{what}-{}", form.name);
        let (figures, plot) = (self.file(&name, "json"), self.file(&name, "svg"));
        self.load(what, &figures, form.options)?;
        fs::write(&plot, report::plot(&figures)?)?;
        say::line(format!(
            "figures and plot: {name}.json and .svg in {}",
            self.run.out.display()
        ));
        Ok(())
    }

    /// Runs the load program, which writes its figures to this file.
    fn load(&self, what: &str, figures: &Path, options: &[&str]) -> Result<()> {
        // The options of the caller come last below, so that they win over the defaults.
        let mut command = self.programs.load(what);
        command.arg("--json").arg(figures);
        for (key, value) in &self.notes {
            command.arg("--note").arg(format!("{key}={value}"));
        }
        if let Some(envoy) = &self.peers.envoy {
            command.arg("--envoy").arg(envoy);
        }
        if let Some(pingora) = &self.peers.pingora {
            command.arg("--pingora").arg(pingora);
        }
        cargo::run(command.args(options).args(&self.run.options))
    }

    fn file(&self, name: &str, kind: &str) -> PathBuf {
        let folder = cargo::root().join(&self.run.out);
        folder.join(format!("{name}.{kind}"))
    }
}
