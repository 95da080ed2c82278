//! Real UPS clients, unmodified but for their base URL, through the gateway.
//!
//! They come from npm and PyPI, pinned in `tests/clients`, into the target folder, so that only the
//! first run needs a network. What cannot be installed is skipped, and said so.

use crate::installed::{folder, install, npm, sources};
use mock_ups::{Endpoint, Filter};
use std::{fs, process::Command};
use tests::{Done, World, run_command, skipped};

const APP: &str = r#"
[[app]]
name = "client"
client_id = "their-id"
client_secret = { value = "their-secret-0123456789" }
accounts = ["main"]
"#;

/// A world whose app is who the client believes to be at UPS.
async fn world() -> World {
    World::builder()
        .config(|config| config.trust_loopback = false)
        .more(APP)
        .start()
        .await
}

async fn drive(world: &World, mut command: Command) -> Done {
    command
        .env("WAYBILL_URL", format!("http://{}", world.gateway.apps))
        .env("CLIENT_ID", "their-id")
        .env("CLIENT_SECRET", "their-secret-0123456789");
    run_command(command).await
}

fn assert_only_our_token(world: &World) {
    world
        .mock
        .token_requests_of("their-id")
        .none()
        .expect("none");
    world
        .mock
        .exactly_one_token_request("mock-client")
        .expect("one");
}

/// A parcel from its label to its cancellation. The client forgets `transId`, without which UPS does
/// not track.
#[tokio::test]
async fn ups_api_of_npm_ships_tracks_and_cancels() {
    let folder = folder("npm");
    for file in ["package.json", "package-lock.json", "ups_api.cjs"] {
        fs::copy(sources().join(file), folder.join(file)).unwrap();
    }
    if let Err(why) = install(&folder, "package-lock.json", vec![npm()]).await {
        skipped("npm's ups-api", &why);
        return;
    }
    let world = world().await;
    let mut node = Command::new("node");
    node.arg(folder.join("ups_api.cjs")).current_dir(&folder);
    let done = drive(&world, node).await;
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    for text in ["shipment 1Z", "tracked 1Z", "label true", "cancelled "] {
        assert!(done.stdout.contains(text), "{text}: {}", done.stdout);
    }
    assert_only_our_token(&world);
}

/// Rates with transit times, asked for by query.
#[tokio::test]
async fn karrio_of_pypi_shops_rates() {
    if !tests_kit::is_full() {
        return skipped(
            "karrio",
            "installing it belongs to `cargo xtask test --full`",
        );
    }
    let folder = folder("pypi");
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "."]);
    let mut pip = Command::new("bin/pip");
    pip.args(["install", "--quiet", "--no-input", "--requirement"])
        .arg(sources().join("requirements.txt"));
    if let Err(why) = install(&folder, "requirements.txt", vec![venv, pip]).await {
        skipped("PyPI's karrio", &why);
        return;
    }
    let world = world().await;
    let mut python = Command::new(folder.join("bin/python"));
    python.arg(sources().join("karrio_rates.py"));
    let done = drive(&world, python).await;
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    let rates = done.stdout.lines().filter(|line| line.starts_with("rate "));
    assert!(rates.count() >= 3, "{}{}", done.stdout, done.stderr);
    assert!(done.stdout.contains("rate ups_ground "), "{}", done.stdout);
    let shop = Filter::any().endpoint(Endpoint::Rating).status(200);
    world.mock.expect(shop).exactly(1).unwrap();
    assert_only_our_token(&world);
}
