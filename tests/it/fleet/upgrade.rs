//! From an earlier release to this one. The earlier program is built from its commit, so these tests run in their full
//! form only.

use super::world::{Fleet, Options, share};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tests::{Gateway, folder, serve_program, skipped};

/// The last commit whose gateway has a database to itself.
const ALONE: &str = "7432d69a4f8bd754958bb79e7d322dcd090dd9ba";
/// The first commit whose gateways make a fleet.
const FIRST_FLEET: &str = "7cdf30208c094d24362441e5a7633a17d744a8dd";

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
    let files = folder(&fleet.config_without_fleet());
    let old = Gateway::of_command(&mut serve_program(&program, files.path()), files).await;
    fleet.meet(&old);
    let shop = async |gateway: &Gateway| {
        super::world::shop(&tests::Client::new(gateway.apps), "main").await
    };
    shop(&old).await.assert_rates();
    let refused = folder(&fleet.config(0));
    share(&old.process.folder(), refused.path());
    let new = tests::run_command(tests::serve(refused.path())).await;
    assert_ne!(new.code, Some(0), "{}", new.stdout);
    assert!(new.stderr.contains("in use by"), "{}", new.stderr);
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
    let refused = async |why: &str| {
        let again = tests::run_command(serve_program(&program, &files)).await;
        assert_ne!(again.code, Some(0), "{}", again.stdout);
        assert!(again.stderr.contains(why), "{}", again.stderr);
    };
    refused("in use by").await;
    fleet.shop(1, "main").await.assert_rates();
    for mut gateway in fleet.gateways.drain(..).flatten() {
        gateway.process.signal("TERM");
        assert_eq!(gateway.process.ended().await.code(), Some(0));
    }
    refused("newer").await;
}

/// Gateways of the earlier fleet release and of this one serve side by side, while one after the other is replaced. Tokens
/// are renewed all the while, by whichever of them owns the account, and no request fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fleet_is_upgraded_one_gateway_after_the_other() {
    let what = "the upgrade of a fleet";
    if !tests_kit::is_full() {
        return skipped(
            what,
            "it builds an earlier program: `cargo xtask test --full` runs it",
        );
    }
    let program = earlier(FIRST_FLEET);
    let options = |_: &_| Options {
        token_lifetime: Duration::from_secs(8),
        lease: Duration::from_secs(2),
        ..Options::default()
    };
    let Some(mut fleet) = Fleet::start_with(what, 0, options).await else {
        return;
    };
    for index in 0..3 {
        let folder = folder(&fleet.config(index));
        if let Some(first) = fleet.gateways.iter().flatten().next() {
            share(&first.process.folder(), folder.path());
        }
        let mut command = serve_program(&program, folder.path());
        let old = Gateway::of_command(&mut command, folder).await;
        fleet.meet(&old);
        fleet.gateways.push(Some(old));
    }
    renewed(&fleet).await;
    for index in 0..3 {
        let mut old = fleet.gateways[index].take().expect("it runs");
        let files = old.process.folder();
        old.process.signal("TERM");
        assert_eq!(old.process.ended().await.code(), Some(0));
        let config = fleet.config(index);
        let new = Gateway::start_with(&config, |folder| share(&files, folder)).await;
        fleet.meet(&new);
        fleet.gateways[index] = Some(new);
        renewed(&fleet).await;
    }
    let replicas = fleet.operator(0).get("replicas").await;
    let live = |replica: &&serde_json::Value| replica["live"] == true;
    let live = replicas.as_array().into_iter().flatten().filter(live);
    assert_eq!(live.count(), 3, "{replicas}");
}

/// Serves at every gateway until tokens were renewed twice more, and once for each due time.
async fn renewed(fleet: &Fleet) {
    let before = fleet.asked();
    while fleet.asked() < before + 2 {
        for index in 0..fleet.gateways.len() {
            fleet.shop(index, "main").await.assert_rates();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Builds the gateway of an earlier commit.
fn earlier(commit: &str) -> PathBuf {
    // One after the other: the builds share what both depend on.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let folder = root.join("target/earlier");
    let source = folder.join(commit);
    if !source.exists() {
        std::fs::create_dir_all(&source).expect("the build folder takes it");
        let files = folder.join("source.tar");
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
    succeed(build.env("CARGO_TARGET_DIR", folder.join("build")));
    let program = folder.join(format!("waybill-{commit}"));
    let copied = std::fs::copy(folder.join("build/debug/waybill"), &program);
    copied.expect("the build folder takes it");
    program
}

fn succeed(command: &mut Command) {
    let status = command.status();
    assert!(status.is_ok_and(|status| status.success()), "{command:?}");
}
