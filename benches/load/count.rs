//! Instructions that the whole gateway spends on one request, counted by valgrind's callgrind: a figure
//! that a busy machine does not change. The kernel's part is not in it.

use crate::{
    candidates::{Extra, start_waybill},
    measure::generate,
    options::Options,
    world::World,
};
use anyhow::{Context as _, Result};
use benches::generator::Load;
use std::{collections::BTreeMap, fs, path::Path, time::Duration};

/// Requests of the short run and of the long one; the difference leaves out start and end, as far as
/// they cost the same twice. They do not quite: the cryptography's entropy source takes as long as it
/// takes. So a single figure is good to some per cent at best.
const REQUESTS: [u64; 2] = [200, 5_200];

/// Instructions per request, by what was asked of the gateway.
pub(crate) fn run(options: &Options) -> Result<BTreeMap<&'static str, u64>> {
    let mut counts = BTreeMap::new();
    for (name, tls_upstream) in [("request, plaintext", false), ("request, TLS", true)] {
        let options = Options {
            tls_upstream,
            ..options.clone()
        };
        let [short, long] = REQUESTS;
        let spent = total(&options, long)?.checked_sub(total(&options, short)?);
        let spent =
            spent.context("the start cost more than the requests this time: run it again")?;
        counts.insert(name, spent / (long - short));
    }
    Ok(counts)
}

/// Instructions of a gateway that serves `requests` requests, one after another, from start to end.
fn total(options: &Options, requests: u64) -> Result<u64> {
    let world = World::start(options)?;
    let out = world.folder.path().join("callgrind.out");
    let extra = Extra {
        callgrind: Some(out.clone()),
        ..Extra::default()
    };
    let gateway = start_waybill(options, 0, &world, &extra)?;
    let patience = Duration::from_secs(120);
    let load = Load {
        requests: Some(requests),
        ..Load::closed(gateway.target, gateway.ask, 1, patience)
    };
    let outcome = generate(&world.plan, load)?;
    outcome.all_good()?;
    anyhow::ensure!(
        outcome.good == requests,
        "{} answers of {requests}",
        outcome.good
    );
    gateway.server.stop()?;
    instructions(&out)
}

/// The total in callgrind's file; a process may write several.
fn instructions(out: &Path) -> Result<u64> {
    let text = fs::read_to_string(out).context("callgrind wrote nothing")?;
    let totals = text
        .lines()
        .filter_map(|line| line.strip_prefix("totals: "));
    let mut sum = None;
    for total in totals {
        *sum.get_or_insert(0) += total.trim().parse::<u64>()?;
    }
    sum.context("callgrind's file has no totals")
}
