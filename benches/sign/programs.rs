//! The programs of this bench, compiled when it starts.

use crate::signer::{Signer, Way};
use anyhow::{Context as _, Result, ensure};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tempfile::TempDir;

/// The quantiles 0.5, 0.9, 0.99 and 0.999.
pub(crate) type Quantiles = [Duration; 4];

/// Where they are.
pub(crate) struct Programs {
    folder: TempDir,
}

impl Programs {
    pub(crate) fn make() -> Result<Self> {
        let private = fs::Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().permissions(private).tempdir()?;
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let compile = |source: &str, options: &[&str], to: &str| {
            let mut command = Command::new("cc");
            command.args(["-std=gnu11", "-O2"]).args(options);
            command.arg("-I").arg(here.join("../plugins/abi/include"));
            command
                .arg("-I")
                .arg(here.join("../gateway/plugin-host/tests/plugins"));
            command.arg(here.join("sign").join(source));
            let output = command.arg("-o").arg(folder.path().join(to)).output();
            let output = output.context("there is no C compiler named cc")?;
            let messages = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "{source}: {messages}");
            Ok(())
        };
        compile("pingpong.c", &[], "pingpong")?;
        let library = ["-shared", "-fPIC", "-fvisibility=hidden"];
        compile("empty.c", &library, "empty.so")?;
        Ok(Self { folder })
    }

    /// The empty signer, and the sample signer if it was built.
    pub(crate) fn signers(&self) -> Vec<Signer> {
        let cache = self.folder.path().join("cache");
        let empty = self.folder.path().join("empty.so");
        let load = |name, file: &Path, way| Signer::load(name, file, &cache, way);
        let mut signers = vec![
            load("an empty signer", &empty, Way::SharedMemory),
            load("the same over the channel", &empty, Way::Channel),
        ];
        if let Some(sample) = self.sample() {
            let name = "HMAC-SHA256 of a 2 KB request";
            signers.push(load(name, &sample, Way::SharedMemory));
        }
        signers
    }

    /// `examples/signer`, as `cargo build --release -p examples-signer-dylib` leaves it beside this program.
    fn sample(&self) -> Option<PathBuf> {
        let program = std::env::current_exe().ok()?;
        let built = program.ancestors().nth(2)?;
        let copy = self.folder.path().join("sample.so");
        fs::copy(built.join("libwaybill_plugin_signer.so"), &copy).ok()?;
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o700)).ok()?;
        Some(copy)
    }

    /// The time of all rounds, and quantiles of one. With a period, a round begins and counts from when it is due.
    pub(crate) fn ping_pong(&self, rounds: u32, period: Duration) -> (Duration, Quantiles) {
        let program = self.folder.path().join("pingpong");
        let mut command = Command::new(program);
        command.arg(rounds.to_string());
        let output = command.arg(period.as_nanos().to_string()).output();
        let output = output.expect("it was compiled");
        let text = String::from_utf8(output.stdout).expect("it prints numbers");
        let mut numbers = text.split_whitespace().map(|number| {
            let nanos = number.parse().expect("it prints numbers");
            Duration::from_nanos(nanos)
        });
        let mut next = || numbers.next().expect("it prints five numbers");
        (next(), [next(), next(), next(), next()])
    }
}
