//! What an author of a plugin does, with nothing but an installed package: a new plugin in C and in Rust, and the
//! sample in C under AddressSanitizer.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;
use tests::{Done, lay_out_package, programs, root, run, run_command, skipped};

/// Whether this machine has a tool; says so if it has not.
fn has(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok();
    if !found {
        skipped("a new plugin", &format!("there is no {tool}"));
    }
    found
}

struct Package {
    folder: TempDir,
}

impl Package {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        lay_out_package(&folder.path().join("package"));
        Self { folder }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    async fn waybill(&self, args: &[&str]) -> Done {
        run(self.at("package/bin/waybill"), args, self.folder.path()).await
    }

    async fn succeeds(&self, args: &[&str]) -> String {
        let done = self.waybill(args).await;
        assert_eq!(
            done.code,
            Some(0),
            "{args:?}: {}{}",
            done.stdout,
            done.stderr
        );
        done.stdout
    }
}

fn finishes(command: &mut Command) -> String {
    let done = command.output().expect("it starts");
    let said = [done.stdout, done.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(done.status.success(), "{command:?}: {said}");
    said
}

#[tokio::test]
async fn new_plugin_in_c_builds_and_passes_with_the_package_alone() {
    if !has("make") || !has("cc") {
        return;
    }
    let package = Package::new();
    let next = package
        .succeeds(&["plugin", "new", "north-post", "--lang", "c"])
        .await;
    assert!(
        next.contains("waybill plugin check north-post/north-post.so"),
        "{next}"
    );
    let folder = package.at("north-post");
    // A warning in somebody's first minute is a bad beginning.
    let strict = "CFLAGS=-O1 -Wall -Wextra -Wpedantic -Werror";
    let said = finishes(
        Command::new("make")
            .arg("-C")
            .arg(&folder)
            .args(["test", strict]),
    );
    assert!(said.contains("all tests passed"), "{said}");
    finishes(Command::new("make").arg("-C").arg(&folder).arg(strict));
    let report = package
        .succeeds(&["plugin", "check", "--strict", "north-post/north-post.so"])
        .await;
    assert!(report.contains("keeps its contract"), "{report}");
    let listed = package
        .succeeds(&["plugin", "list", "--dir", "north-post", "--json"])
        .await;
    assert!(listed.contains("\"north-post\""), "{listed}");
}

#[tokio::test]
async fn new_plugin_in_rust_builds_and_passes_with_the_package_alone() {
    let package = Package::new();
    package.succeeds(&["plugin", "new", "north-post"]).await;
    let folder = package.at("north-post");
    // Kept between runs, because the SDK's dependencies are many; offline, so that no network is needed.
    let target = programs()
        .waybill
        .ancestors()
        .nth(2)
        .unwrap()
        .join("plugin-author");
    for command in ["test", "build"] {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args([
            command,
            "--offline",
            "--quiet",
            "--workspace",
            "--target-dir",
        ]);
        finishes(cargo.arg(&target).current_dir(&folder));
    }
    let library = target.join("debug/libwaybill_plugin_north_post.so");
    let report = package
        .succeeds(&["plugin", "check", library.to_str().unwrap()])
        .await;
    assert!(report.contains("keeps its contract"), "{report}");
}

#[tokio::test]
async fn new_plugin_never_writes_over_files_and_says_where_the_sdk_is_missing() {
    let package = Package::new();
    fs::create_dir(package.at("acme")).unwrap();
    let done = package.waybill(&["plugin", "new", "acme"]).await;
    assert_eq!(done.code, Some(2), "{}", done.stdout);
    assert!(done.stderr.contains("exists"), "{}", done.stderr);
    let done = package.waybill(&["plugin", "new", "Acme!"]).await;
    assert_eq!(done.code, Some(2), "{}", done.stdout);
    let done = run(
        &programs().waybill,
        &["plugin", "new", "other"],
        package.folder.path(),
    )
    .await;
    assert_eq!(done.code, Some(2), "{}", done.stdout);
    assert!(done.stderr.contains("--sdk"), "{}", done.stderr);
    assert!(!package.at("other").exists());
}

/// Builds the sample with AddressSanitizer from this text of `plugin.c`.
fn sanitized(folder: &Path, source: &str) -> PathBuf {
    let sample = root().join("examples/acme-c");
    let (text, library) = (folder.join("plugin.c"), folder.join("acme.so"));
    fs::write(&text, source).expect("the folder is ours");
    finishes(
        Command::new("cc")
            .args([
                "-std=c99",
                "-g",
                "-O1",
                "-fsanitize=address",
                "-fno-omit-frame-pointer",
            ])
            .args(["-fPIC", "-fvisibility=hidden", "-shared", "-I"])
            .arg(root().join("plugins/abi/include"))
            .arg("-I")
            .arg(sample)
            .arg("-o")
            .args([&library, &text]),
    );
    library
}

async fn check_sanitized(folder: &Path, library: &Path, runtime: &Path) -> Done {
    let mut command = Command::new(&programs().waybill);
    command
        .args(["plugin", "check"])
        .arg(library)
        .current_dir(folder);
    command.env("LD_PRELOAD", runtime);
    // Without the search for leaks: a loaded plugin and the tables lent to it are never given back. `make asan` of
    // the sample searches for those of the plugin itself.
    command.env("ASAN_OPTIONS", "detect_leaks=0");
    run_command(command).await
}

/// The suite drives the sample in the real host, whose memory functions are the sanitizer's as well.
#[tokio::test]
async fn c_sample_is_clean_under_address_sanitizer() {
    if !has("cc") || !has("make") {
        return;
    }
    let runtime = finishes(Command::new("cc").arg("-print-file-name=libasan.so"));
    let runtime = PathBuf::from(runtime.trim());
    if !runtime.is_absolute() {
        return skipped("AddressSanitizer", "the C compiler has no libasan");
    }
    let folder = tempfile::tempdir().unwrap();
    let source = fs::read_to_string(root().join("examples/acme-c/plugin.c")).unwrap();
    let library = sanitized(folder.path(), &source);
    let done = check_sanitized(folder.path(), &library, &runtime).await;
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    assert!(!done.stderr.contains("AddressSanitizer"), "{}", done.stderr);
    // It finds something where there is something to find.
    let broken = source.replace("calloc(1, sizeof *self)", "calloc(1, 16)");
    assert_ne!(broken, source);
    let library = sanitized(folder.path(), &broken);
    let done = check_sanitized(folder.path(), &library, &runtime).await;
    assert_eq!(done.code, Some(3), "{}", done.stdout);
    assert!(
        done.stderr.contains("heap-buffer-overflow"),
        "{}",
        done.stderr
    );
    assert!(done.stdout.contains("FAILED"), "{}", done.stdout);
    // The sample's own tests, with the search for leaks.
    let copy = folder.path().join("sample");
    fs::create_dir(&copy).unwrap();
    for file in ["plugin.c", "json.h", "test.c", "Makefile"] {
        fs::copy(root().join("examples/acme-c").join(file), copy.join(file)).unwrap();
    }
    let include = format!("INCLUDE={}", root().join("plugins/abi/include").display());
    finishes(
        Command::new("make")
            .arg("-C")
            .arg(&copy)
            .args(["asan", &include]),
    );
}
