//! `cargo xtask bench`: measurements of the shipped programs. It builds; `benches` measures.

mod gate;
mod peers;

use crate::{
    cargo::{self, Built, Profile},
    say,
};
use anyhow::Result;
use clap::{Args, Subcommand};
use peers::Peers;
use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

#[derive(Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The hot paths one by one (criterion).
    Micro,
    /// Load on the gateway alone.
    Load(Run),
    /// The same load on the gateway, nginx, HAProxy, Envoy and Pingora, alternating. Installs the peers
    /// that are missing, where it may.
    Peers {
        #[command(flatten)]
        peers: peers::Options,
        #[command(flatten)]
        run: Run,
    },
    /// Many accounts at once: tokens due together, all revoked, not to be had; idle accounts.
    Storms(Run),
    /// Correctness under a short load, without figures (CI).
    Smoke,
    /// Instruction counts against the checked-in baseline; fails above it by more than 5 %.
    Gate(gate::Gate),
}

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
        match self.what {
            What::Micro => micro(),
            What::Load(run) => {
                let programs = Programs::build(run.profile())?;
                run.matrix(&programs, "gateway", &Peers::default())?;
                run.downstream(&programs)
            }
            What::Peers { peers, run } => {
                let peers = peers.ensure();
                run.matrix(&Programs::build(run.profile())?, "peers", &peers)
            }
            What::Storms(run) => {
                let programs = Programs::build(run.profile())?;
                let mut command = programs.load("storms");
                command.arg("--json").arg(run.file("storms", "json"));
                cargo::run(command.args(&run.options))
            }
            What::Smoke => cargo::run(&mut Programs::build(Profile::Dev)?.load("smoke")),
            What::Gate(gate) => gate.run(),
        }
    }
}

/// What CI runs of the benches: correctness under load, then instruction counts. `built` is what was
/// built of the development profile already.
pub(crate) fn ci(built: &[&str]) -> Result<()> {
    cargo::run(&mut Programs::build_as(Profile::Dev, built)?.load("smoke"))?;
    gate::Gate::default().run()
}

impl Run {
    const fn profile(&self) -> Profile {
        if self.quick {
            Profile::Quick
        } else {
            Profile::Release
        }
    }

    /// Plaintext and TLS upstream, one and two workers.
    fn matrix(&self, programs: &Programs, what: &str, peers: &Peers) -> Result<()> {
        for workers in ["1", "2"] {
            for upstream in ["plain", "tls"] {
                let name = format!("{what}-{upstream}-{workers}");
                let mut command = self.figures(programs, what, &name);
                command.args(["--workers", workers]);
                if upstream == "tls" {
                    command.arg("--tls-upstream");
                }
                if let Some(envoy) = &peers.envoy {
                    command.arg("--envoy").arg(envoy);
                }
                if let Some(pingora) = &peers.pingora {
                    command.arg("--pingora").arg(pingora);
                }
                cargo::run(command.args(&self.options))?;
            }
        }
        say::line(format!("figures and plots: {}", self.out.display()));
        Ok(())
    }

    /// The other ways in which an app may speak: HTTP/2, TLS, with credentials of its own.
    fn downstream(&self, programs: &Programs) -> Result<()> {
        let ways: [(&str, &[&str]); 5] = [
            ("h2", &["--http2"]),
            ("tls", &["--tls-downstream"]),
            ("h2-tls", &["--http2", "--tls-downstream"]),
            ("key", &["--app", "key"]),
            ("token", &["--app", "token"]),
        ];
        for (name, options) in ways {
            let mut command = self.figures(programs, "gateway", &format!("gateway-apps-{name}"));
            cargo::run(command.args(options).args(&self.options))?;
        }
        Ok(())
    }

    /// The load program, writing figures and a plot of this name.
    fn figures(&self, programs: &Programs, what: &str, name: &str) -> Command {
        let mut command = programs.load(what);
        command.arg("--json").arg(self.file(name, "json"));
        command.arg("--svg").arg(self.file(name, "svg"));
        command
    }

    fn file(&self, name: &str, kind: &str) -> PathBuf {
        cargo::root().join(&self.out).join(format!("{name}.{kind}"))
    }
}

/// What is measured, and what measures it.
const SHIPPED: [&str; 8] = [
    "-p",
    "gateway",
    "-p",
    "mock-ups",
    "-p",
    "plugins-ups-dylib",
    "-p",
    "benches",
];

/// What a measurement needs.
struct Programs {
    built: Built,
    load: PathBuf,
}

impl Programs {
    fn build(profile: Profile) -> Result<Self> {
        Self::build_as(profile, &SHIPPED)
    }

    fn build_as(profile: Profile, scope: &[&str]) -> Result<Self> {
        let (built, load) = cargo::build_with_benches(profile, scope)?;
        Ok(Self { built, load })
    }

    /// The load program with the programs that it starts.
    fn load(&self, what: &str) -> Command {
        let mut command = Command::new(&self.load);
        command.arg(what).arg("--waybill").arg(&self.built.waybill);
        command.arg("--mock-ups").arg(&self.built.mock_ups);
        command.arg("--plugin").arg(&self.built.ups_plugin);
        command
    }
}

fn micro() -> Result<()> {
    cargo::run(cargo::cargo().args(["bench", "--locked", "-p", "benches", "--bench", "micro"]))?;
    cargo::run(cargo::cargo().args(["bench", "--locked", "-p", "mock-ups", "--bench", "rating"]))
}

/// Whether a program can be started.
fn is_there(program: &Path) -> bool {
    if program.components().count() > 1 {
        return program.is_file();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    // Daemons are outside the search path of many users.
    let mut folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.any(|folder| folder.join(program).is_file())
}

/// The output of a program, its errors shown.
fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output()?;
    anyhow::ensure!(
        output.status.success(),
        "{command:?} failed ({})",
        output.status
    );
    Ok(String::from_utf8(output.stdout)?)
}
