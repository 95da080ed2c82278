//! Instructions that the whole gateway spends on one request, counted by valgrind's callgrind: a figure
//! that a busy machine does not change. The kernel's part is not in it.

use crate::{
    candidates::{Extra, start_waybill},
    measure::generate,
    options::Options,
    output,
    world::World,
};
use anyhow::{Context as _, Result};
use benches::generator::Load;
use gateway_store_testkit::Postgres;
use std::{collections::BTreeMap, fs, path::Path, time::Duration};

/// Requests of the short run and of the long one; the difference leaves out start and end, as far as
/// they cost the same twice. They do not quite: the cryptography's entropy source takes as long as it
/// takes. So a single figure is good to some per cent at best.
const REQUESTS: [u64; 2] = [200, 5_200];

/// What is asked of the gateway beside requests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Plaintext,
    /// TLS goes to the carrier.
    Tls,
    /// A second gateway shares the store.
    Fleet,
    /// Spans, and a line of the access log for each request, are exported.
    Exporting,
}

const CASES: [(&str, Case); 4] = [
    ("request, plaintext", Case::Plaintext),
    ("request, TLS", Case::Tls),
    ("request, plaintext, in a fleet", Case::Fleet),
    ("request, plaintext, exported", Case::Exporting),
];

/// Instructions per request, by what was asked of the gateway.
pub(crate) fn run(options: &Options) -> Result<BTreeMap<&'static str, u64>> {
    let mut counts = BTreeMap::new();
    'cases: for (name, case) in CASES {
        let options = Options {
            tls_upstream: case == Case::Tls,
            ..options.clone()
        };
        // A store each: one that was used wants the key that the first gateway made for it.
        let mut totals = [0; 2];
        for (total, requests) in totals.iter_mut().zip(REQUESTS) {
            let database = match case {
                Case::Fleet => Postgres::start()?,
                Case::Plaintext | Case::Tls | Case::Exporting => None,
            };
            if case == Case::Fleet && database.is_none() {
                output::say(&format!(
                    "skipped: {name}, because PostgreSQL is not installed"
                ))?;
                continue 'cases;
            }
            *total = self::total(&options, case, database.as_ref(), requests)?;
        }
        let spent = totals[1].checked_sub(totals[0]);
        let spent =
            spent.context("the start cost more than the requests this time: run it again")?;
        counts.insert(name, spent / (REQUESTS[1] - REQUESTS[0]));
    }
    Ok(counts)
}

/// Instructions of a gateway that serves `requests` requests, one after another, from start to end. With a database it
/// shares that with a second gateway.
fn total(options: &Options, case: Case, database: Option<&Postgres>, requests: u64) -> Result<u64> {
    let world = World::start(options)?;
    let out = world.folder.path().join("callgrind.out");
    let sections = match (case, database) {
        (Case::Exporting, _) => exporting(&world),
        (_, Some(database)) => shared_store(database),
        (_, None) => String::new(),
    };
    let mut extra = Extra {
        sections,
        ..Extra::default()
    };
    let other = database.map(|_| start_waybill(options, 0, &world, &extra));
    let other = other.transpose()?;
    extra.callgrind = Some(out.clone());
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
    if let Some(other) = other {
        other.server.stop()?;
    }
    instructions(&out)
}

/// With a long lease: heartbeats belong to the time that passes, and callgrind makes requests slow.
fn shared_store(database: &Postgres) -> String {
    let url = database.url("postgres");
    format!(
        "[store]\nurl = {{ value = \"{url}\" }}\nmaster_key = {{ file = \"key\" }}\n[fleet]\nlease = \"5m\"\n"
    )
}

/// The carrier stands for the collector. It reads each batch and refuses it, so nothing is sent twice.
fn exporting(world: &World) -> String {
    let collector = world.carrier.addr;
    format!(
        "[telemetry]\nendpoint = \"http://{collector}\"\nlogs = true\n[log]\naccess_log = true\n"
    )
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
