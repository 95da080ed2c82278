//! The hot paths one by one, by criterion; what it found goes to one file.

use super::about;
use crate::{cargo, say};
use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

#[derive(Args)]
pub(super) struct Micro {
    /// Where the results go.
    #[arg(long, value_name = "D", default_value = "target/bench")]
    out: PathBuf,
    /// Options for criterion, such as `--measurement-time 10`.
    #[arg(last = true)]
    options: Vec<String>,
}

/// Programs of benches: package and name.
const BENCHES: [(&str, &str); 3] = [
    ("benches", "micro"),
    ("benches", "sign"),
    ("mock-ups", "rating"),
];

/// The results, in a folder of results.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("micro.json")
}

impl Micro {
    pub(super) fn run(self) -> Result<()> {
        let about = about::now("micro", &self.options);
        let out = cargo::root().join(&self.out);
        let found = out.join("criterion");
        // What other paths took at other times is not of this run.
        if found.exists() {
            fs::remove_dir_all(&found)?;
        }
        // The bench `sign` loads it.
        let mut signer = cargo::cargo();
        cargo::run(signer.args([
            "build",
            "--locked",
            "--release",
            "-p",
            "examples-signer-dylib",
        ]))?;
        for (package, bench) in BENCHES {
            let mut command = cargo::cargo();
            command
                .args(["bench", "--locked", "-p", package, "--bench", bench, "--"])
                .args(&self.options)
                // A folder of this run alone, because criterion keeps and compares what it finds.
                .env("CRITERION_HOME", &found);
            cargo::run(&mut command)?;
        }
        let mut paths = Vec::new();
        collect(&found, &mut paths)?;
        // By name, so that two reports can be compared line by line.
        paths.sort_by_key(|path| path["name"].to_string());
        let json = json!({"about": about, "paths": paths});
        fs::write(file(&out), serde_json::to_vec_pretty(&json)?)?;
        say::line(format!("figures: {}", file(&out).display()));
        Ok(())
    }
}

/// Each path has a folder, `new`, with what it is and what it took.
fn collect(folder: &Path, paths: &mut Vec<Value>) -> Result<()> {
    let read = |name: &str| -> Result<Value> {
        let file = folder.join(name);
        serde_json::from_slice(&fs::read(&file)?).with_context(|| file.display().to_string())
    };
    // `new` and not `base`: criterion keeps the previous run beside it.
    if folder.ends_with("new") {
        let (what, took) = (read("benchmark.json")?, read("estimates.json")?);
        let median = &took["median"];
        let interval = &median["confidence_interval"];
        paths.push(json!({
            "name": what["full_id"], "median_ns": median["point_estimate"],
            "least_ns": interval["lower_bound"], "most_ns": interval["upper_bound"],
        }));
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), paths)?;
        }
    }
    Ok(())
}
