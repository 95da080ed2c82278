//! The carrier's token endpoint is down while all tokens fall due: they serve to their end, and the
//! gateway does not hammer the endpoint.

use super::fleet::{Fleet, Size, Stored};
use super::{
    findings::Findings,
    options::StormOptions,
    traffic::{BackgroundLoad, CONNECTIONS, eventually},
};
use crate::{gateway_metrics::token_requests, measure};
use anyhow::{Result, ensure};
use benches::{
    ask::Ask,
    generator::{Load, LoadOutcome},
};
use http::Request;
use serde_json::json;
use std::{ops::Range, thread, time::Duration};

const DOWN: &str = "token endpoint down";
const LIFETIME: Duration = Duration::from_secs(4 * 3600);
/// The gateway's `tokens.margin`: so close to its end a token may be unused already.
const MARGIN: Duration = Duration::from_secs(5);
/// One account in ten has a token that ends during the outage.
const ENDING: usize = 10;
/// Accounts whose token requests are counted one by one.
const SAMPLE: usize = 200;
/// How often each account is asked in each half.
const VISITS: u64 = 3;
/// What back-off at most keeps an account from being renewed once the endpoint is back.
const RECOVERY: Duration = Duration::from_secs(180);

pub(super) fn run(storms: &StormOptions, findings: &mut Findings) -> Result<()> {
    let StormOptions {
        accounts,
        due_in,
        down,
        ..
    } = *storms;
    let due = Duration::from_secs(due_in);
    let some_end = due + Duration::from_secs(down * 3 / 4);
    let late = Duration::from_secs((down / 20).clamp(1, 10));
    let outage = Outage {
        begins: due.saturating_sub(Duration::from_secs(2)),
        due,
        last_asked: some_end.saturating_sub(MARGIN + late),
        some_end,
        ends: due + Duration::from_secs(down),
    };
    let size = Size {
        accounts,
        requests_each: 40,
    };
    let fleet = Fleet::start(&storms.options, size, |at| Stored {
        lifetime: if ending(accounts).contains(&at) {
            outage.some_end
        } else {
            LIFETIME
        },
        due: Some(due),
    })?;
    let done = sit_through(storms, &fleet, &outage, findings);
    fleet.named("the outage", done)
}

/// Times after the making of the store.
struct Outage {
    begins: Duration,
    /// All tokens fall due.
    due: Duration,
    /// The last request for a token that is going to end: it may be late on a busy machine.
    last_asked: Duration,
    /// Some tokens end.
    some_end: Duration,
    ends: Duration,
}

/// The accounts whose tokens end meanwhile.
const fn ending(accounts: usize) -> Range<usize> {
    accounts - accounts.div_ceil(ENDING)..accounts
}

fn sit_through(
    storms: &StormOptions,
    fleet: &Fleet,
    outage: &Outage,
    findings: &mut Findings,
) -> Result<()> {
    fleet.taken_over()?;
    let (mark, made) = (fleet.mark()?, token_requests(&fleet.gateway)?);
    // The fault begins before the tokens are due: no renewal may slip through.
    thread::sleep(fleet.until(outage.begins));
    ensure!(
        fleet.until(outage.due) > Duration::ZERO,
        "the store took so long to make that its tokens are due already: raise --due-in"
    );
    let fault = json!({"endpoint": "token", "name": "down", "play": {"answer": {
        "status": 503, "code": "10004", "message": "The service is temporarily unavailable"}}});
    let faults = Request::post("/__mock/faults");
    fleet.carrier.command(faults, &fault.to_string())?;
    let background = BackgroundLoad::begin(&storms.options, &fleet.world.plan, &fleet.gateway);
    let served = first_half(fleet, outage)?;
    let dropped = second_half(fleet, outage)?;
    let total = token_requests(&fleet.gateway)? - made;
    let allowed = attempts(Duration::from_secs(storms.down + 2));
    let most = most(fleet, mark)?;
    ensure!(
        most <= allowed && total <= allowed * fleet.accounts as u64,
        "{total} token requests of {accounts} accounts, up to {most} of one, in {} s, where back-off \
         leaves {allowed} for each",
        storms.down,
        accounts = fleet.accounts
    );
    let faults = Request::delete("/__mock/faults");
    fleet.carrier.command(faults, "")?;
    let recovered = eventually(RECOVERY, || {
        let all = visit(fleet, 0..fleet.accounts, None)?;
        Ok(all.bad.count == 0)
    })?;
    ensure!(
        recovered,
        "not every account was served again after {RECOVERY:?}"
    );
    let ordinary = background.end()?;
    report(storms, fleet, findings);
    findings.add(DOWN, "requests served while tokens were good", served);
    findings.add(DOWN, "of accounts without a token, answered 503", dropped);
    findings.add(DOWN, "most token requests of one account (sampled)", most);
    findings.add(DOWN, "bound by back-off", allowed);
    findings.add(DOWN, "token requests of all", total);
    findings.add(
        DOWN,
        "ordinary requests, none failed",
        ordinary.outcome.good,
    );
    Ok(())
}

fn report(storms: &StormOptions, fleet: &Fleet, findings: &mut Findings) {
    findings.add(DOWN, "accounts", fleet.accounts);
    let ending = ending(fleet.accounts).len();
    findings.add(DOWN, "of them with tokens that end meanwhile", ending);
    findings.add(DOWN, "seconds", storms.down);
}

/// The most token requests that one account made, of a sample: the journal is long.
fn most(fleet: &Fleet, mark: u64) -> Result<u64> {
    let step = fleet.accounts.div_ceil(SAMPLE);
    let each = (0..fleet.accounts)
        .step_by(step)
        .map(|at| fleet.token_requests_of(at, mark));
    let each = each.collect::<Result<Vec<_>>>()?;
    Ok(each.into_iter().max().unwrap_or(0))
}

/// All tokens are good: every request is served.
fn first_half(fleet: &Fleet, outage: &Outage) -> Result<u64> {
    let time = fleet.until(outage.last_asked);
    let outcome = visit(fleet, 0..fleet.accounts, Some(time))?;
    outcome.all_good()?;
    Ok(outcome.good)
}

/// Some tokens are over: their accounts are answered 503 at once, the others are served.
fn second_half(fleet: &Fleet, outage: &Outage) -> Result<u64> {
    thread::sleep(fleet.until(outage.some_end + Duration::from_millis(500)));
    let (ending, others) = (ending(fleet.accounts), 0..ending(fleet.accounts).start);
    let over = visit(fleet, ending, None)?;
    let refused = over.bad.with_status(503);
    ensure!(
        over.good == 0 && refused == over.bad.count,
        "tokens that ended were used, or their requests were not answered 503: {} good, {}",
        over.good,
        over.bad
    );
    let time = fleet.until(outage.ends);
    visit(fleet, others, Some(time))?.all_good()?;
    Ok(refused)
}

/// Asks accounts in turn: once each as fast as it goes, or some times each, spread over a time.
fn visit(fleet: &Fleet, accounts: Range<usize>, spread: Option<Duration>) -> Result<LoadOutcome> {
    let asks: Vec<Ask> = accounts.map(Fleet::ask).collect();
    let once = Load {
        requests: Some(asks.len() as u64),
        asks,
        ..Load::closed(
            fleet.gateway.target.clone(),
            Fleet::ask(0),
            CONNECTIONS,
            Duration::from_secs(600),
        )
    };
    let load = match spread {
        None => once,
        Some(duration) => {
            let rate = once.asks.len() as u64 * VISITS / duration.as_secs().max(1);
            Load {
                requests: None,
                rate: Some(u32::try_from(rate).unwrap_or(u32::MAX).max(1)),
                duration,
                ..once
            }
        }
    };
    measure::generate(&fleet.world.plan, load)
}

/// How many token requests back-off leaves an account in a time: the first wait is below two seconds
/// and the bound doubles to two minutes, but each wait is drawn at random and may be as short as one
/// second. Waits of a tenth of their bounds are not seen in ten thousand accounts all the time.
fn attempts(time: Duration) -> u64 {
    let (mut at, mut bound, mut count) = (Duration::ZERO, Duration::from_secs(2), 1);
    while at < time {
        at += (bound / 10).max(Duration::from_secs(1));
        bound = (bound * 2).min(Duration::from_secs(120));
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_of_attempts_grows_slower_than_time() {
        let in_seconds = |seconds| attempts(Duration::from_secs(seconds));
        assert_eq!(in_seconds(0), 1);
        assert_eq!(in_seconds(3), 4);
        assert!(in_seconds(60) < 15, "{}", in_seconds(60));
        assert!(in_seconds(600) < 65, "{}", in_seconds(600));
    }

    #[test]
    fn a_tenth_of_the_accounts_has_tokens_that_end() {
        assert_eq!(ending(100), 90..100);
        assert_eq!(ending(5), 4..5);
        assert_eq!(ending(1), 0..1);
    }
}
