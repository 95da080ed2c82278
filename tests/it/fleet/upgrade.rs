//! From an earlier release to this one. The earlier program is built from its commit, so these tests run in their full
//! form only.

use super::world::{Fleet, share};
use std::{
    path::{Path, PathBuf},
    process::Command,
};
use tests::{Gateway, eventually, folder, serve_program, skipped};

/// The last commit whose gateway has a database to itself.
const ALONE: &str = "7432d69a4f8bd754958bb79e7d322dcd090dd9ba";

/// A gateway of the earlier release stops, a fleet starts on its store, and nothing is asked of the carrier. Neither of
/// the two starts beside the other, and the one that is refused changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn store_of_an_earlier_release_becomes_a_fleets() {
    let what = "the upgrade from the last release without fleets";
    if !tests_kit::is_full() {
        return skipped(
            what,
            "it builds an earlier program: `cargo xtask test --full` runs it",
        );
    }
    let program = earlier(ALONE);
    let Some(mut fleet) = Fleet::start(what, 0).await else {
        return;
    };
    let old = Gateway::of_program(&program, folder(&fleet.config_without_fleet()));
    let old = old.await;
    fleet.meet(&old);
    let shop = async |gateway: &Gateway| {
        super::world::shop(&tests::Client::new(gateway.apps), "main").await
    };
    shop(&old).await.assert_rates();
    let refused = folder(&fleet.config(0));
    share(&old.process.folder(), refused.path());
    let new = tests::run_command(tests::serve(refused.path())).await;
    assert_ne!(new.code, Some(0), "{}", new.stdout);
    assert!(new.stderr.contains("another gateway"), "{}", new.stderr);
    shop(&old).await.assert_rates();
    old.process.signal("TERM");
    let mut old = old;
    assert_eq!(old.process.ended().await.code(), Some(0));
    let files = old.process.folder();
    fleet.add_like(&files).await;
    fleet.add().await;
    for index in 0..2 {
        fleet.shop(index, "main").await.assert_rates();
    }
    assert_eq!(
        fleet.asked(),
        1,
        "the token of the earlier release serves on"
    );
    let again = tests::run_command(serve_program(&program, &files)).await;
    assert_ne!(again.code, Some(0), "{}", again.stdout);
    assert!(again.stderr.contains("newer"), "{}", again.stderr);
    eventually("a fleet that serves on", async || {
        fleet.shop(1, "main").await.status() == 200
    })
    .await;
}

/// Builds the gateway of an earlier commit.
fn earlier(commit: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let target = root.join("target/earlier").join(commit);
    let source = target.join("source");
    if !source.exists() {
        std::fs::create_dir_all(&source).expect("the build folder takes it");
        let files = target.join("source.tar");
        let mut archive = Command::new("git");
        archive.current_dir(root).args(["archive", "--output"]);
        succeed(archive.arg(&files).arg(commit));
        let mut unpack = Command::new("tar");
        succeed(unpack.current_dir(&source).arg("-xf").arg(&files));
    }
    let mut build = Command::new(env!("CARGO"));
    build
        .current_dir(&source)
        .args(["build", "--locked", "-p", "gateway", "--bin", "waybill"]);
    succeed(build.env("CARGO_TARGET_DIR", target.join("build")));
    target.join("build/debug/waybill")
}

fn succeed(command: &mut Command) {
    let status = command.status();
    assert!(status.is_ok_and(|status| status.success()), "{command:?}");
}
