//! The packages, made by `cargo xtask package` of the development build, and each used where nothing else is installed.

mod debian;
mod images;
mod mocks;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tests::{package, run_command, run_download};
use tokio::sync::OnceCell;

/// A commit's time, so that a change of the tree does not matter.
const TIME: &str = "1700000000";

/// Makes packages in a folder.
pub(crate) async fn make(kinds: &[&str], out: &Path) {
    let mut command = package();
    command.args(kinds).arg("--out").arg(out);
    command.env("SOURCE_DATE_EPOCH", TIME);
    let done = run_download(command).await;
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
}

/// All packages, made once.
pub(crate) async fn packages() -> &'static Path {
    static PACKAGES: OnceCell<PathBuf> = OnceCell::const_new();
    let make_them = async || {
        let programs = &tests::programs().waybill;
        let out = programs
            .parent()
            .expect("target/<profile>")
            .join("packages");
        // Of an earlier run, perhaps with other names.
        let _ = fs::remove_dir_all(&out);
        make(&[], &out).await;
        out
    };
    PACKAGES.get_or_init(make_them).await
}

/// The only file whose name begins and ends so.
pub(crate) fn find(folder: &Path, begin: &str, end: &str) -> PathBuf {
    let entries = fs::read_dir(folder).expect("the packages were made");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.into_string().expect("text"));
    let fit: Vec<String> = names
        .filter(|name| name.starts_with(begin) && name.ends_with(end))
        .collect();
    assert_eq!(fit.len(), 1, "{begin}…{end}: {fit:?}");
    folder.join(&fit[0])
}

/// Whether this machine has a program.
pub(crate) fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("the packages were made");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .map(|path| {
            let content = fs::read(&path).expect("a file of ours");
            (path.file_name().expect("a file").into(), content)
        })
        .collect()
}

#[tokio::test]
async fn packages_made_twice_have_the_same_bytes() {
    let again = tempfile::tempdir().unwrap();
    make(&[], again.path()).await;
    let (one, other) = (contents(packages().await), contents(again.path()));
    let names =
        |packages: &BTreeMap<PathBuf, Vec<u8>>| packages.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other));
    for (name, content) in &one {
        assert!(*content == other[name], "{} differs", name.display());
    }
    let mut check = Command::new("sha256sum");
    check.args(["--check", "--strict", "SHA256SUMS"]);
    let done = run_command({
        check.current_dir(again.path());
        check
    })
    .await;
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    // Every package, and both bills of materials.
    assert_eq!(done.stdout.lines().count(), one.len() - 1);
}

#[tokio::test]
async fn bill_of_materials_names_crates_and_no_path() {
    let bill = fs::read_to_string(find(packages().await, "waybill-", ".cdx.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&bill).unwrap();
    assert_eq!(json["bomFormat"], "CycloneDX");
    let components = json["components"].as_array().unwrap();
    let names: Vec<&str> = components
        .iter()
        .filter_map(|part| part["name"].as_str())
        .collect();
    assert!(
        names.contains(&"hyper") && names.contains(&"gateway-proxy"),
        "{names:?}"
    );
    // Of the tests only.
    assert!(
        !names.contains(&"proptest") && !names.contains(&"mock-ups"),
        "{names:?}"
    );
    assert!(
        !bill.contains(&tests::root().display().to_string()),
        "it has a path of this machine"
    );
}
