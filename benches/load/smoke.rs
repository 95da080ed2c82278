//! Correctness under a short load: every answer is right, and cold requests together cost one token.

use crate::{
    Options,
    candidates::{Candidate, Extra, start_waybill},
    measure::generate,
    world::{Mock, World, get},
};
use anyhow::{Context as _, Result, ensure};
use benches::generator::Load;
use http::Request;
use std::time::Duration;

/// Requests at once before there is a token.
const COLD: usize = 64;

/// Runs it; the text says what was found.
pub(crate) fn run(options: &Options) -> Result<String> {
    let mut told = Vec::new();
    for tls_upstream in [false, true] {
        let options = Options {
            tls_upstream,
            ..options.clone()
        };
        let (cold, warm) = one(&options)?;
        let upstream = if tls_upstream { "TLS" } else { "plaintext" };
        told.push(format!(
            "{upstream} upstream: {COLD} connections before the first token, {cold} answers; then {warm}; all right, 1 token request"
        ));
    }
    Ok(told.join("\n"))
}

fn one(options: &Options) -> Result<(u64, u64)> {
    let mock = Mock {
        journal: 1_000,
        ..Mock::default()
    };
    let world = World::start_with(options, &mock)?;
    let gateway = start_waybill(options, 0, &world, &Extra::default())?;
    let before = token_requests_at_mock(&world)?;
    let load = Load {
        addr: gateway.addr,
        request: world.request.clone(),
        connections: COLD,
        rate: None,
        duration: Duration::from_millis(300),
        requests: None,
        new_connections: false,
    };
    let cold = good(&world, load.clone())?;
    let made = token_requests(&gateway)?;
    ensure!(
        made == 1,
        "{made} token requests for {COLD} cold requests, not 1"
    );
    let warm = Load {
        duration: Duration::from_secs(1),
        connections: 16,
        ..load
    };
    let fresh = Load {
        new_connections: true,
        rate: Some(200),
        ..warm.clone()
    };
    let answers = good(&world, warm)? + good(&world, fresh)?;
    let made = token_requests(&gateway)?;
    ensure!(made == 1, "{made} token requests in the end, not 1");
    // The journal forgets old entries under load, and token requests are the oldest: none may be new.
    let after = token_requests_at_mock(&world)?;
    ensure!(
        after <= before + 1,
        "the mock saw {after} token requests, {before} of them ours"
    );
    Ok((cold, answers))
}

fn good(world: &World, load: Load) -> Result<u64> {
    let outcome = generate(world, load)?;
    ensure!(
        outcome.bad == 0,
        "{} bad answers beside {} good ones",
        outcome.bad,
        outcome.good
    );
    ensure!(outcome.good > 0, "no answer at all");
    Ok(outcome.good)
}

fn token_requests_at_mock(world: &World) -> Result<usize> {
    let journal = get(
        world.mock,
        Request::get("/__mock/journal?endpoint=token"),
        "",
    )?;
    let journal: serde_json::Value = serde_json::from_slice(&journal)?;
    Ok(journal["entries"]
        .as_array()
        .context("the journal has entries")?
        .len())
}

/// How many token requests the gateway made.
pub(crate) fn token_requests(gateway: &Candidate) -> Result<u64> {
    metric(gateway, "waybill_token_requests_total")
}

/// One of the gateway's figures that has no labels.
fn metric(gateway: &Candidate, name: &str) -> Result<u64> {
    let admin = gateway.admin.context("the gateway has an admin listener")?;
    let text = String::from_utf8(get(admin, Request::get("/metrics"), "")?)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.with_context(|| format!("no {name} in:\n{text}"))?;
    Ok(value.trim().parse()?)
}
