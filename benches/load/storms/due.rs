//! All tokens fall due in the same instant; then all are revoked at once.

use super::fleet::{Fleet, Size, Stored};
use super::{Beside, Findings, Storms, VISITORS, eventually, ordinary_load, rss};
use crate::{measure, smoke::tokens_issued};
use anyhow::{Result, ensure};
use benches::{
    generator::{Load, Outcome},
    now,
};
use http::Request;
use std::{thread, time::Duration};

const DUE: &str = "tokens due together";
const REVOKED: &str = "all tokens revoked";
/// The stored tokens live longer than any storm, as the mock's new ones do.
const LIFETIME: Duration = Duration::from_secs(4 * 3600);
/// How long the renewals of all accounts may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// How often each account is asked in a storm of revoked tokens: one finds out, the other waits.
const VISITS: usize = 2;

pub(super) fn run(storms: &Storms, findings: &mut Findings) -> Result<()> {
    let due_in = Duration::from_secs(storms.due_in);
    let size = Size {
        accounts: storms.accounts,
        // A visit after the renewal, two when all are revoked with a replay each, and two tokens.
        requests_each: 10,
    };
    let fleet = Fleet::start(&storms.options, size, |_| Stored {
        lifetime: LIFETIME,
        due: Some(due_in),
    })?;
    let done = due(storms, &fleet, findings).and_then(|()| revoked(storms, &fleet, findings));
    fleet.named("the storm", done)
}

fn due(storms: &Storms, fleet: &Fleet, findings: &mut Findings) -> Result<()> {
    let due_in = Duration::from_secs(storms.due_in);
    findings.add(DUE, "accounts", fleet.accounts);
    findings.add(DUE, "start to serving, ms", millis(fleet.ready));
    findings.add(DUE, "memory after the start, KiB", rss(&fleet.gateway)?);
    let mark = fleet.mark()?;
    let left = fleet.until(due_in);
    let needed = Duration::from_secs(storms.calm + 1);
    ensure!(
        left >= needed,
        "the store took so long to make that its tokens are due in {left:?}: raise --due-in"
    );
    let calm = calm(storms, fleet)?;
    fleet.taken_over()?;
    let made = tokens_issued(&fleet.gateway)?;
    thread::sleep(fleet.until(due_in.saturating_sub(Duration::from_millis(500))));
    let beside = Beside::begin(&storms.options, &fleet.world.plan, &fleet.gateway);
    thread::sleep(fleet.until(due_in));
    let began = now();
    let wanted = made + fleet.accounts as u64;
    let all = eventually(PATIENCE, || Ok(tokens_issued(&fleet.gateway)? >= wanted))?;
    let took = now() - began;
    let storm = beside.end()?;
    let requests = fleet.token_requests(mark)?;
    ensure!(all, "{} renewals after {PATIENCE:?}", requests.total());
    visit(fleet, 1)?;
    // Only now: a request that found an old token would have started another.
    let requests = fleet.token_requests(mark)?;
    requests.one_each()?;
    findings.add(DUE, "token requests for each account", requests.most());
    findings.add(DUE, "seconds until all were renewed", took.as_secs_f64());
    compare(DUE, &calm, &storm, findings);
    findings.add(DUE, "memory after it, KiB", rss(&fleet.gateway)?);
    Ok(())
}

fn revoked(storms: &Storms, fleet: &Fleet, findings: &mut Findings) -> Result<()> {
    let calm = calm(storms, fleet)?;
    let mark = fleet.mark()?;
    let beside = Beside::begin(&storms.options, &fleet.world.plan, &fleet.gateway);
    let revoke = Request::post("/__mock/tokens/revoke");
    fleet.carrier.command(revoke, "{}")?;
    let began = now();
    let visited = visit(fleet, VISITS)?;
    let took = now() - began;
    let storm = beside.end()?;
    let requests = fleet.token_requests(mark)?;
    requests.one_each()?;
    findings.add(REVOKED, "accounts", fleet.accounts);
    findings.add(REVOKED, "requests answered, none lost", visited.good);
    findings.add(REVOKED, "token requests for each account", requests.most());
    findings.add(REVOKED, "seconds", took.as_secs_f64());
    compare(REVOKED, &calm, &storm, findings);
    Ok(())
}

/// Ordinary requests without a storm.
fn calm(storms: &Storms, fleet: &Fleet) -> Result<Outcome> {
    let duration = Duration::from_secs(storms.calm);
    let load = ordinary_load(&storms.options, &fleet.gateway, duration);
    let outcome = measure::generate(&fleet.world.plan, load)?;
    outcome.all_good()?;
    Ok(outcome)
}

/// Asks every account so often, some at a time; every answer must be right.
fn visit(fleet: &Fleet, times: usize) -> Result<Outcome> {
    let asks = (0..fleet.accounts * times).map(|turn| Fleet::ask(turn / times));
    let load = Load {
        asks: asks.collect(),
        requests: Some((fleet.accounts * times) as u64),
        ..Load::closed(
            fleet.gateway.target.clone(),
            Fleet::ask(0),
            VISITORS,
            PATIENCE,
        )
    };
    let outcome = measure::generate(&fleet.world.plan, load)?;
    outcome.all_good()?;
    Ok(outcome)
}

#[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
fn compare(storm: &'static str, calm: &Outcome, during: &Outcome, findings: &mut Findings) {
    let p99 = |outcome: &Outcome| outcome.latency_us.value_at_quantile(0.99);
    let ratio = p99(during) as f64 / p99(calm).max(1) as f64;
    findings.add(storm, "ordinary requests, none failed", during.good);
    findings.add(storm, "p99 of ordinary requests in calm, us", p99(calm));
    findings.add(storm, "p99 of ordinary requests meanwhile, us", p99(during));
    findings.add(storm, "ratio", ratio);
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
