//! Many accounts at once: tokens that fall due together, tokens that are all revoked.

use crate::{
    Options,
    candidates::{Candidate, Extra, start_waybill},
    measure::generate,
    smoke::token_requests,
    world::{Mock, World, client_id, get, shop},
};
use anyhow::{Result, ensure};
use benches::{
    generator::{Load, Outcome},
    now, process,
    wire::Connection,
};
use clap::Args;
use http::Request;
use std::{fmt::Write as _, net::SocketAddr, time::Duration};

/// Connections of the ordinary load.
const CONNECTIONS: usize = 16;

#[derive(Args)]
pub(crate) struct Storms {
    #[command(flatten)]
    options: Options,
    /// Accounts, each with an oauth client of its own.
    #[arg(long, default_value_t = 10_000)]
    accounts: usize,
    /// Lifetime of their tokens in seconds; they fall due after four fifths of it.
    #[arg(long, default_value_t = 120)]
    lifetime: u64,
}

/// Runs the storms; the text says what came of them.
pub(crate) fn run(storms: &Storms) -> Result<String> {
    let Storms {
        options,
        accounts,
        lifetime,
    } = storms;
    let mock = Mock {
        journal: 0,
        clients: *accounts,
        token_lifetime: Some(format!("{lifetime}s")),
    };
    let world = World::start_with(options, &mock)?;
    let extra = Extra {
        accounts: *accounts,
        sections: "[tokens]\njitter = 0.0\n".to_owned(),
        ..Extra::default()
    };
    let mut told = String::new();
    let began = now();
    let gateway = start_waybill(options, 0, &world, &extra)?;
    let ready = now() - began;
    let start = rss(&gateway)?;
    writeln!(
        told,
        "{accounts} accounts: ready after {} ms, {start} KiB",
        ready.as_millis()
    )?;

    let began = now();
    visit_all(&gateway, *accounts)?;
    let (first, spent) = (token_requests(&gateway)?, now() - began);
    let used = rss(&gateway)?;
    let each = used.saturating_sub(start) * 1024 / (*accounts).max(1) as u64;
    writeln!(
        told,
        "first request of each: {first} token requests in {:.1} s; {used} KiB, {each} bytes more for each account",
        spent.as_secs_f64()
    )?;
    // Every account's token is got at the start, `main`'s too, whether a request waits or not.
    let tokens = *accounts as u64 + 1;
    ensure!(
        first == tokens,
        "{first} token requests for {tokens} accounts"
    );

    let calm = ordinary(options, &world, &gateway, 3)?;
    let until = (began + Duration::from_secs(lifetime * 4 / 5)).saturating_duration_since(now());
    std::thread::sleep(until.saturating_sub(Duration::from_secs(1)));
    let due = ordinary(options, &world, &gateway, spent.as_secs() + 4)?;
    let renewed = token_requests(&gateway)? - first;
    writeln!(
        told,
        "due together: {renewed} renewals{}",
        compared(&calm, &due)
    )?;

    get(world.mock, Request::post("/__mock/tokens/revoke"), "{}")?;
    let before = token_requests(&gateway)?;
    visit_all(&gateway, *accounts)?;
    let after = token_requests(&gateway)? - before;
    writeln!(
        told,
        "all revoked: every account answered 200 after {after} token requests"
    )?;
    Ok(told)
}

fn rss(gateway: &Candidate) -> Result<u64> {
    Ok(process::usage_of_all(&gateway.server.pids())?.rss_kib)
}

/// One request for each account, a few at a time; all must be answered with 200.
fn visit_all(gateway: &Candidate, accounts: usize) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let addr = gateway.addr;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let lanes: Vec<_> = (0..CONNECTIONS)
            .map(|lane| tokio::task::spawn_local(lane_of(addr, lane, accounts)))
            .collect();
        for lane in lanes {
            lane.await??;
        }
        Ok(())
    })
}

/// Every so many accounts, one after another.
async fn lane_of(addr: SocketAddr, lane: usize, accounts: usize) -> Result<()> {
    let mut connection = Connection::open(addr).await?;
    for at in (lane..accounts).step_by(CONNECTIONS) {
        let request = shop(&format!("Waybill-Account: {}\r\n", client_id(at)));
        let status = connection.exchange(&request).await?;
        ensure!(status == 200, "account {at} was answered {status}");
    }
    Ok(())
}

/// Ordinary requests of one account at a steady rate.
fn ordinary(
    options: &Options,
    world: &World,
    gateway: &Candidate,
    seconds: u64,
) -> Result<Outcome> {
    let load = Load {
        addr: gateway.addr,
        request: world.request.clone(),
        connections: CONNECTIONS,
        rate: Some(options.rate / 8),
        duration: Duration::from_secs(seconds),
        requests: None,
        new_connections: false,
    };
    let outcome = generate(world, load)?;
    ensure!(outcome.bad == 0, "{} ordinary requests failed", outcome.bad);
    Ok(outcome)
}

#[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
fn compared(calm: &Outcome, storm: &Outcome) -> String {
    let p99 = |outcome: &Outcome| outcome.latency_us.value_at_quantile(0.99);
    format!(
        "; ordinary requests p99 {} us, calm {} us, ratio {:.2}; none failed",
        p99(storm),
        p99(calm),
        p99(storm) as f64 / p99(calm).max(1) as f64
    )
}
