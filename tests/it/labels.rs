//! Labels of the mock, read by programs that are not ours: ZXing, a PDF renderer and a ZPL renderer.

use crate::installed::{folder, install, npm, sources};
use mock_ups::MockUps;
use std::{fs, process::Command};
use tests::{run_command, skipped};

#[tokio::test]
async fn scanners_read_the_labels_of_the_mock() {
    if !tests_kit::is_full() {
        return skipped(
            "readers of bar codes",
            "installing them belongs to `cargo xtask test --full`",
        );
    }
    let zpl = folder("zpl");
    for file in ["package.json", "package-lock.json", "render.cjs"] {
        fs::copy(sources().join("zpl").join(file), zpl.join(file)).unwrap();
    }
    let python = folder("labels");
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "."]);
    let mut pip = Command::new("bin/pip");
    pip.args(["install", "--quiet", "--no-input", "--requirement"])
        .arg(sources().join("requirements-labels.txt"));
    let installed = match install(&zpl, "zpl/package-lock.json", vec![npm()]).await {
        Ok(()) => install(&python, "requirements-labels.txt", vec![venv, pip]).await,
        Err(why) => Err(why),
    };
    if let Err(why) = installed {
        return skipped("readers of bar codes", &why);
    }
    let mock = MockUps::start().await.unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let mut read = Command::new(python.join("bin/python"));
    read.arg(sources().join("read_labels.py"))
        .arg(&zpl)
        .arg(scratch.path())
        .env("MOCK_URL", mock.base_url());
    let done = run_command(read).await;
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    let count = |word: &str| done.stdout.lines().filter(|l| l.starts_with(word)).count();
    assert_eq!(
        (count("read "), count("written ")),
        (8, 3),
        "{}",
        done.stdout
    );
}
