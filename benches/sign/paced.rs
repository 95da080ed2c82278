//! Signatures at a steady rate, each counted from when it was due.

use crate::signer::{Request, Signer, run as run_task};
use benches::now;
use hdrhistogram::Histogram;
use std::{
    cell::RefCell,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::{JoinSet, yield_now};

const A_SECOND: u32 = 10_000;
const SECONDS: u32 = 3;

/// Signs 10,000 requests a second, and says how long they took. Without a signer it says how late the tasks of this
/// thread are anyway.
pub(crate) fn run(signer: Option<&Signer>) -> String {
    let instance = signer.map(|signer| Arc::clone(signer.instance()));
    let (took, all) = run_task(async move {
        let took = Rc::new(RefCell::new(
            Histogram::<u64>::new(3).expect("three digits"),
        ));
        let (request, begin) = (Rc::new(Request::new()), now());
        let mut tasks = JoinSet::new();
        for number in 0..A_SECOND * SECONDS {
            let due = begin + Duration::from_secs(1) * number / A_SECOND;
            until(due).await;
            while tasks.try_join_next().is_some() {}
            let (instance, request, took) =
                (instance.clone(), Rc::clone(&request), Rc::clone(&took));
            tasks.spawn_local(async move {
                if let Some(instance) = instance {
                    request.signed_by(&instance).await;
                }
                let nanos = u64::try_from(due.elapsed().as_nanos()).unwrap_or(u64::MAX);
                took.borrow_mut().record(nanos).expect("it grows");
            });
        }
        tasks.join_all().await;
        let took = took.borrow().clone();
        (took, begin.elapsed())
    });
    let micros =
        |quantile| Duration::from_nanos(took.value_at_quantile(quantile)).as_secs_f64() * 1e6;
    format!(
        "{}, {:.0} a second for {SECONDS} seconds: p50 {:.1} us, p90 {:.1} us, p99 {:.1} us, p99.9 {:.1} us",
        signer.map_or("nothing", |signer| &signer.name),
        took.len() as f64 / all.as_secs_f64(),
        micros(0.5),
        micros(0.9),
        micros(0.99),
        micros(0.999),
    )
}

/// Waits without the runtime's timers, which are a millisecond late, and lets the other tasks run meanwhile.
async fn until(due: Instant) {
    while now() < due {
        yield_now().await;
    }
}
