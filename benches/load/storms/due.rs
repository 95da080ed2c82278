//! All tokens fall due in the same instant; then all are revoked at once.

use super::fleet::{Fleet, Size, Stored};
use super::{
    findings::Findings,
    options::StormOptions,
    traffic::{BackgroundLoad, BackgroundResult, SWEEP_CONNECTIONS, eventually, rss},
};
use crate::{gateway_metrics::tokens_issued, measure};
use anyhow::{Result, ensure};
use benches::{
    generator::{Load, LoadOutcome},
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

pub(super) fn run(storms: &StormOptions, findings: &mut Findings) -> Result<()> {
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

fn due(storms: &StormOptions, fleet: &Fleet, findings: &mut Findings) -> Result<()> {
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
    let calm = calm(storms, fleet, None)?;
    fleet.taken_over()?;
    let made = tokens_issued(&fleet.gateway)?;
    // Half a second early, so that the ordinary load is steady when the storm begins.
    thread::sleep(fleet.until(due_in.saturating_sub(Duration::from_millis(500))));
    let background = BackgroundLoad::begin(&storms.options, &fleet.world.plan, &fleet.gateway);
    thread::sleep(fleet.until(due_in));
    let began = now();
    let wanted = made + fleet.accounts as u64;
    let asked = eventually(PATIENCE, || fleet.asked_since(mark, fleet.accounts))?;
    let took = now() - began;
    let all = asked && eventually(PATIENCE, || Ok(tokens_issued(&fleet.gateway)? >= wanted))?;
    let storm = background.end()?;
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

fn revoked(storms: &StormOptions, fleet: &Fleet, findings: &mut Findings) -> Result<()> {
    let mark = fleet.mark()?;
    let background = BackgroundLoad::begin(&storms.options, &fleet.world.plan, &fleet.gateway);
    let revoke = Request::post("/__mock/tokens/revoke");
    fleet.carrier.command(revoke, "{}")?;
    let began = now();
    let visited = visit(fleet, VISITS)?;
    let took = now() - began;
    let storm = background.end()?;
    let requests = fleet.token_requests(mark)?;
    requests.one_each()?;
    // Its requests are traffic too: what revocation costs is seen beside as many of them with good tokens.
    let rate = visited.good / took.as_secs().max(1);
    let calm = calm(storms, fleet, Some(u32::try_from(rate)?.max(1)))?;
    findings.add(REVOKED, "accounts", fleet.accounts);
    findings.add(REVOKED, "requests answered, none lost", visited.good);
    findings.add(REVOKED, "token requests for each account", requests.most());
    findings.add(REVOKED, "seconds", took.as_secs_f64());
    compare(REVOKED, &calm, &storm, findings);
    Ok(())
}

/// Ordinary requests without a storm, alone or beside `beside_visits` visits a second.
fn calm(
    storms: &StormOptions,
    fleet: &Fleet,
    beside_visits: Option<u32>,
) -> Result<BackgroundResult> {
    let duration = Duration::from_secs(storms.calm);
    let background = BackgroundLoad::begin(&storms.options, &fleet.world.plan, &fleet.gateway);
    match beside_visits {
        None => thread::sleep(duration),
        Some(rate) => {
            let visits = Load {
                rate: Some(rate),
                duration,
                ..visits(fleet, VISITS)
            };
            measure::generate(&fleet.world.plan, visits)?.all_good()?;
        }
    }
    background.end()
}

/// Asks every account `times` times; every answer must be right.
fn visit(fleet: &Fleet, times: usize) -> Result<LoadOutcome> {
    let load = visits(fleet, times);
    let requests = Some(load.asks.len() as u64);
    let outcome = measure::generate(&fleet.world.plan, Load { requests, ..load })?;
    outcome.all_good()?;
    Ok(outcome)
}

/// Requests for every account in turn, `times` for each.
fn visits(fleet: &Fleet, times: usize) -> Load {
    let asks = (0..fleet.accounts * times).map(|turn| Fleet::ask(turn / times));
    let target = fleet.gateway.target.clone();
    Load {
        asks: asks.collect(),
        ..Load::closed(target, Fleet::ask(0), SWEEP_CONNECTIONS, PATIENCE)
    }
}

#[expect(clippy::cast_precision_loss, reason = "ratios for people")]
fn compare(
    storm: &'static str,
    calm: &BackgroundResult,
    during: &BackgroundResult,
    findings: &mut Findings,
) {
    let p99 = |of: &BackgroundResult| of.outcome.latency_us.value_at_quantile(0.99);
    let typical = |of: &BackgroundResult| of.outcome.typical_second(0.99);
    let ratio = |during: u64, calm: u64| during as f64 / calm.max(1) as f64;
    let stolen =
        |of: &BackgroundResult| of.stolen.as_secs_f64() / of.outcome.elapsed.as_secs_f64() * 1e3;
    findings.add(storm, "ordinary requests, none failed", during.outcome.good);
    findings.add(storm, "p99 of ordinary requests in calm, us", p99(calm));
    findings.add(storm, "p99 of ordinary requests meanwhile, us", p99(during));
    findings.add(storm, "ratio", ratio(p99(during), p99(calm)));
    findings.add(storm, "p99 of the median second in calm, us", typical(calm));
    findings.add(
        storm,
        "p99 of the median second meanwhile, us",
        typical(during),
    );
    findings.add(
        storm,
        "ratio of the median seconds",
        ratio(typical(during), typical(calm)),
    );
    findings.add(
        storm,
        "taken by the machine's host in calm, ms/s",
        stolen(calm),
    );
    findings.add(
        storm,
        "taken by the machine's host meanwhile, ms/s",
        stolen(during),
    );
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
