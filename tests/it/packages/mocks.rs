//! The Python and the npm package of mock-ups, each with its own tests in an empty environment.

use super::{find, has, packages};
use crate::installed;
use std::{path::Path, process::Command};
use tests::{root, run_command, skipped};

fn tests_of(language: &str) -> std::path::PathBuf {
    root().join("packaging").join(language).join("tests")
}

async fn succeed(mut command: Command, folder: &Path) -> String {
    let shown = format!("{command:?}");
    command.current_dir(folder);
    let done = run_command(command).await;
    assert_eq!(
        done.code,
        Some(0),
        "{shown}: {}{}",
        done.stdout,
        done.stderr
    );
    done.stdout
}

#[tokio::test]
async fn python_package_passes_its_tests_where_it_is_installed() {
    let folder = installed::folder("mock-ups-python");
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "."]);
    let mut pip = Command::new("bin/pip");
    pip.args(["install", "--quiet", "--no-input", "--requirement"]);
    pip.arg(installed::sources().join("requirements-mock-ups.txt"));
    if let Err(why) =
        installed::install(&folder, "requirements-mock-ups.txt", vec![venv, pip]).await
    {
        return skipped("the Python package", &why);
    }
    let mut install = Command::new("bin/pip");
    install.args([
        "install",
        "--quiet",
        "--no-input",
        "--no-index",
        "--force-reinstall",
    ]);
    install.arg(find(packages().await, "mock_ups-", ".whl"));
    succeed(install, &folder).await;
    let mut pytest = Command::new("bin/python");
    pytest
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
        .arg(tests_of("python"));
    let said = succeed(pytest, &folder).await;
    assert!(said.contains("8 passed"), "{said}");
    let mut help = Command::new("bin/mock-ups");
    help.arg("--version");
    assert!(succeed(help, &folder).await.starts_with("mock-ups "));
}

/// An empty project with the packages.
async fn project() -> Option<tempfile::TempDir> {
    if !has("npm") {
        skipped("the npm package", "npm is not installed");
        return None;
    }
    let folder = tempfile::tempdir().expect("the test owns the folder");
    let packages = packages().await;
    let mut install = Command::new("npm");
    install.args(["install", "--offline", "--no-audit", "--no-fund"]);
    install.arg(find(packages, "mock-ups-linux-", ".tgz"));
    install.arg(packages.join(format!("mock-ups-{}.tgz", env!("CARGO_PKG_VERSION"))));
    succeed(install, folder.path()).await;
    Some(folder)
}

/// Runs a test file of the package in the project, since a module is looked for from where its importer is.
async fn run_tests(project: &Path, file: &str, runner: &[&str]) -> String {
    std::fs::copy(tests_of("node").join(file), project.join(file))
        .expect("the test owns the folder");
    let mut tests = Command::new(runner[0]);
    tests.args(&runner[1..]).arg(file);
    succeed(tests, project).await
}

#[tokio::test]
async fn npm_package_passes_its_tests_where_it_is_installed() {
    let Some(project) = project().await else {
        return;
    };
    std::fs::write(project.path().join("package.json"), r#"{"type": "module"}"#)
        .expect("the test owns the folder");
    let said = run_tests(project.path(), "mock-ups.test.js", &["node", "--test"]).await;
    assert!(said.contains("pass 7") && said.contains("fail 0"), "{said}");
    let mut help = Command::new("node_modules/.bin/mock-ups");
    help.arg("--version");
    assert!(succeed(help, project.path()).await.starts_with("mock-ups "));
}

#[tokio::test]
async fn npm_package_works_with_vitest_and_typescript() {
    if !tests_kit::is_full() {
        return skipped(
            "Vitest and TypeScript",
            "installing them belongs to `cargo xtask test --full`",
        );
    }
    let Some(project) = project().await else {
        return;
    };
    let mut install = Command::new("npm");
    install.args([
        "install",
        "--no-audit",
        "--no-fund",
        "vitest@3",
        "typescript@5",
        "@types/node@20",
    ]);
    install.current_dir(project.path());
    let done = tests::run_download(install).await;
    if done.code != Some(0) {
        return skipped("Vitest and TypeScript", &done.stderr);
    }
    run_tests(
        project.path(),
        "vitest.test.js",
        &["node_modules/.bin/vitest", "run"],
    )
    .await;
    let check = [
        "node_modules/.bin/tsc",
        "--noEmit",
        "--strict",
        "--module",
        "nodenext",
        "--lib",
        "esnext,dom",
    ];
    run_tests(project.path(), "types.ts", &check).await;
}
