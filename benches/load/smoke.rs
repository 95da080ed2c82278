//! Correctness under a short load: every answer is right, and cold requests together cost one token.
//! Every form of the load is used once, so that the load's own code is tried too.

use crate::{
    candidates::{Candidate, Extra, Kind, start_waybill},
    downstream::{App, Downstream},
    form::Form,
    gateway_metrics::token_requests,
    machine::Plan,
    measure::generate,
    options::Options,
    storms,
    world::{self, Mock, World},
};
use anyhow::{Context as _, Result, ensure};
use benches::generator::{Load, hold};
use std::time::Duration;

/// Requests at once before there is a token.
const COLD: usize = 64;

/// TLS upstream, HTTP/2, TLS downstream, apps.
const FORMS: [(bool, bool, bool, App); 6] = [
    (false, false, false, App::Trusted),
    (true, false, false, App::Trusted),
    (false, true, false, App::Key),
    (false, true, true, App::Trusted),
    (false, false, true, App::Key),
    (false, false, false, App::Token),
];

/// Runs it; the text says what was found.
pub(crate) fn run(options: &Options) -> Result<String> {
    let mut report = Vec::new();
    for (tls_upstream, http2, tls, app) in FORMS {
        let downstream = Downstream {
            http2,
            tls,
            app,
            ..options.downstream
        };
        let options = Options {
            tls_upstream,
            downstream,
            ..options.clone()
        };
        let upstream = if tls_upstream { "TLS" } else { "plaintext" };
        let form = format!("{downstream}, {upstream} upstream");
        let (cold, warm) = one(&options).with_context(|| form.clone())?;
        report.push(format!(
            "{form}: {COLD} requests at a time before the first token, {cold} answers; then {warm}; \
             all right, 1 token request"
        ));
    }
    for form in Form::OF_THE_STAND_IN {
        let options = Options {
            form,
            ..options.clone()
        };
        report.push(every_proxy(&options).with_context(|| form.to_string())?);
    }
    report.push(every_proxy(options).context("beside peers")?);
    report.push(storms::smoke(options)?);
    Ok(report.join("\n"))
}

fn one(options: &Options) -> Result<(u64, u64)> {
    let mock = Mock {
        journal: 1_000,
        ..Mock::default()
    };
    let world = World::start_with(options, Plan::new(options.workers), &mock)?;
    let gateway = start_waybill(options, 0, &world, &Extra::default())?;
    let done = loads(options, &world, &gateway).map_err(|error| gateway.server.explain(error))?;
    // Stopped, not killed: an instrumented program writes its counts when it ends.
    gateway.server.stop()?;
    world.carrier.stop()?;
    Ok(done)
}

fn loads(options: &Options, world: &World, gateway: &Candidate) -> Result<(u64, u64)> {
    let before = world.carrier.token_requests("", world::ALL)?.0.len();
    let (target, ask) = (gateway.target.clone(), gateway.ask.clone());
    let load = Load {
        streams: options.downstream.streams,
        ..Load::closed(target, ask, COLD, Duration::from_millis(300))
    };
    let cold = good(world, load.clone())?;
    let made = token_requests(gateway)?;
    // 64 requests that find no token must wait for one acquisition, not start 64.
    ensure!(
        made == 1,
        "{made} token requests for {COLD} cold requests, not 1"
    );
    let warm = Load {
        duration: Duration::from_millis(500),
        connections: 16,
        ..load
    };
    let fresh = Load {
        new_connections: true,
        rate: Some(200),
        ..warm.clone()
    };
    let answers = good(world, warm)? + good(world, fresh)?;
    drop(hold(&gateway.target, &gateway.ask, 8)?);
    let made = token_requests(gateway)?;
    ensure!(made == 1, "{made} token requests in the end, not 1");
    // The journal drops its oldest entries under load, and token requests come first; so the check is that
    // none is new.
    let after = world.carrier.token_requests("", world::ALL)?.0.len();
    ensure!(
        after <= before + 1,
        "the mock saw {after} token requests, {before} of them made by this program"
    );
    Ok((cold, answers))
}

/// One form of load through every proxy that is there.
fn every_proxy(options: &Options) -> Result<String> {
    let world = World::start(options)?;
    let (mut said, form) = (Vec::new(), options.form);
    for kind in [Kind::Waybill(0), Kind::Floor, Kind::Nginx, Kind::Haproxy] {
        let name = kind.name();
        let proxy = match kind.start(options, &world) {
            Ok(proxy) => proxy,
            Err(error) if !kind.is_ours() => {
                said.push(format!("{name} skipped ({error:#})"));
                continue;
            }
            Err(error) => return Err(error),
        };
        let (target, ask) = (proxy.target.clone(), proxy.ask.clone());
        let load = Load::closed(target, ask, 8, Duration::from_millis(300));
        let answers = good(&world, load).with_context(|| name.clone());
        let answers = answers.map_err(|error| proxy.server.explain(error))?;
        proxy.server.stop()?;
        said.push(format!("{name} {answers} right answers"));
    }
    Ok(format!("{form}: {}", said.join(", ")))
}

fn good(world: &World, load: Load) -> Result<u64> {
    let outcome = generate(&world.plan, load)?;
    outcome.all_good()?;
    Ok(outcome.good)
}
