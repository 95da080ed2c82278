//! Real UPS clients, unmodified but for their base URL, through the gateway.
//!
//! They come from npm and PyPI, pinned in `tests/clients`, into the target folder, so that only the
//! first run needs a network. What cannot be installed is skipped, and said so.

use crate::installed::{folder, install, npm, python, sources};
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

/// All that it can do. The client forgets `transId`, without which UPS does
/// not track.
#[tokio::test]
async fn ups_api_of_npm_does_all_that_it_can() {
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
    for text in [
        "shipment 1Z",
        "tracked 1Z",
        "label true",
        "access point true",
        "document true",
        "document pushed",
        "pickup true",
        "cancelled ",
    ] {
        assert!(done.stdout.contains(text), "{text}: {}", done.stdout);
    }
    assert_only_our_token(&world);
}

/// Rates with transit times, asked for by query.
#[tokio::test]
async fn karrio_of_pypi_shops_rates() {
    let Some(python) = python("PyPI's karrio").await else {
        return;
    };
    let world = world().await;
    let mut command = Command::new(python);
    command.arg(sources().join("karrio_rates.py"));
    let done = drive(&world, command).await;
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    let rates = done.stdout.lines().filter(|line| line.starts_with("rate "));
    assert!(rates.count() >= 3, "{}{}", done.stdout, done.stderr);
    assert!(done.stdout.contains("rate ups_ground "), "{}", done.stdout);
    let shop = Filter::any().endpoint(Endpoint::Rating).status(200);
    world.mock.expect(shop).exactly(1).unwrap();
    assert_only_our_token(&world);
}

/// All that karrio's UPS extension can do.
#[tokio::test]
async fn karrio_of_pypi_ships_returns_tracks_uploads_and_picks_up() {
    let Some(python) = python("PyPI's karrio").await else {
        return;
    };
    let world = world().await;
    let mut command = Command::new(python);
    command.arg(sources().join("karrio_ups.py"));
    let done = drive(&world, command).await;
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    for text in [
        "rates 7 ",
        "rates abroad 4",
        "shipped PDF 1Z",
        "shipped ZPL 1Z",
        "shipped PNG 1Z",
        "shipped two parcels 1Z",
        "shipped return 1Z",
        "shipped abroad 1Z",
        "tracked 1Z",
        "uploaded 1",
        "pickup True",
        "pickup cancelled True",
        "\ncancelled True",
    ] {
        assert!(done.stdout.contains(text), "{text}: {}", done.stdout);
    }
    // A message is an error of the carrier or a warning: neither belongs here.
    assert!(!done.stdout.contains("message "), "{}", done.stdout);
    assert_only_our_token(&world);
}

/// An MCP server with three tools. One of them leaves out what UPS requires.
#[tokio::test]
async fn mcp_server_of_pypi_rates_and_tracks() {
    let Some(python) = python("PyPI's colleag-mcp-ups").await else {
        return;
    };
    let world = world().await;
    let mut command = Command::new(python);
    command.arg(sources().join("mcp_ups.py"));
    let done = drive(&world, command).await;
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    for text in [
        "tools get_rates landed_cost track_shipment",
        "called get_rates ",
        "called track_shipment ",
        "refused landed_cost",
    ] {
        assert!(done.stdout.contains(text), "{text}: {}", done.stdout);
    }
    assert_only_our_token(&world);
}
