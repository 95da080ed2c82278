//! Signatures at a steady rate, each counted from when it was due.

use crate::{
    Extent, median,
    programs::{Programs, Quantiles},
    signer::{Request, Signer, run as run_task},
};
use benches::now;
use comfy_table::Table;
use hdrhistogram::Histogram;
use std::{
    cell::RefCell,
    iter,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::{JoinSet, yield_now};

pub(crate) const A_SECOND: u32 = 10_000;

/// All of them in turn, and of each quantile the median of the turns. The first row says how late the tasks of
/// one thread are anyway. On a machine that stalls, requests are refused because too many wait: those are counted.
pub(crate) fn all(programs: &Programs, signers: &[Signer], extent: &Extent) -> Table {
    let mut rows = vec![
        ("nothing", Vec::new()),
        ("futex ping-pong of two processes", Vec::new()),
    ];
    rows.extend(signers.iter().map(|signer| (&*signer.name, Vec::new())));
    let period = Duration::from_secs(1) / A_SECOND;
    for _ in 0..extent.paced_turns {
        for (at, (_, turns)) in rows.iter_mut().enumerate() {
            turns.push(match at {
                0 => run(None, extent.paced_turn),
                1 => (programs.ping_pong(extent.paced_turn, period).1, 0),
                _ => run(signers.get(at - 2), extent.paced_turn),
            });
        }
    }
    let mut table = Table::new();
    let header = format!("{A_SECOND} a second, from when each was due");
    table.set_header([&header, "p50", "p90", "p99", "p99.9", "refused"]);
    for (name, turns) in rows {
        let quantile = |at: usize| {
            let each: Vec<Duration> = turns.iter().map(|turn| turn.0[at]).collect();
            format!("{:.1} us", median(&each).as_secs_f64() * 1e6)
        };
        let refused: u64 = turns.iter().map(|turn| turn.1).sum();
        let row = iter::once(name.to_owned()).chain((0..4).map(quantile));
        table.add_row(row.chain([refused.to_string()]));
    }
    table
}

/// The quantiles, and how many were refused.
fn run(signer: Option<&Signer>, requests: u32) -> (Quantiles, u64) {
    let instance = signer.map(|signer| Arc::clone(signer.instance()));
    let took = run_task(async move {
        let took = Rc::new(RefCell::new(
            Histogram::<u64>::new(3).expect("three digits"),
        ));
        let (request, begin) = (Rc::new(Request::new()), now());
        let mut tasks = JoinSet::new();
        for number in 0..requests {
            let due = begin + Duration::from_secs(1) * number / A_SECOND;
            until(due).await;
            while tasks.try_join_next().is_some() {}
            let (instance, request, took) =
                (instance.clone(), Rc::clone(&request), Rc::clone(&took));
            tasks.spawn_local(async move {
                if let Some(instance) = instance
                    && !request.signed_by(&instance).await
                {
                    return;
                }
                let nanos = u64::try_from(due.elapsed().as_nanos()).unwrap_or(u64::MAX);
                took.borrow_mut().record(nanos).expect("it grows");
            });
        }
        tasks.join_all().await;
        took.borrow().clone()
    });
    let quantiles = [0.5, 0.9, 0.99, 0.999];
    let quantiles = quantiles.map(|q| Duration::from_nanos(took.value_at_quantile(q)));
    (quantiles, u64::from(requests).saturating_sub(took.len()))
}

/// Waits without the runtime's timers, which are a millisecond late, and lets the other tasks run meanwhile.
async fn until(due: Instant) {
    while now() < due {
        yield_now().await;
    }
}
