//! The plugin in a worker process, as a gateway runs every plugin that nothing vouches for.

use crate::{
    Suite,
    authorize::{fetch, limits, script},
    carrier::{Carrier, CarrierReply},
    recorder::Recorder,
};
use futures_util::{FutureExt as _, future::join_all};
use gateway_model::{Failure, SignRequest};
use gateway_plugin_host::{Authorization, Instance, InstanceOptions, Issued, WorkerEnding};
use http::{HeaderMap, HeaderValue, Method};
use std::time::Duration;

const ISSUES: &str = "issues credentials in a worker process";
const DROPPED: &str = "can be cancelled at every step in a worker process";
const SIGNS: &str = "signs requests in a worker process";
const CONFINED: &str = "asks the system for nothing that a worker process is refused";
const LIVES: &str = "lets its worker process live";

/// What the C library asks for when a plugin prints, which goes nowhere and harms nothing.
const PRINTS: [&str; 3] = ["fstat", "newfstatat", "ioctl"];

/// On all machines that plugins run on.
const SIGSYS: i32 = 31;
const BLOCKED: &str = ": it asked the system for something that a worker process is refused, and had blocked signals, as for \
                       a new thread or process";

pub(crate) const CHECKS: &[&str] = &[ISSUES, DROPPED, SIGNS, CONFINED, LIVES];

pub(crate) async fn check(suite: &Suite<'_>, report: &mut Recorder<'_>) {
    if suite.plugin.worker().is_none() {
        for name in CHECKS {
            report.skip(name, "this run has no worker process");
        }
        return;
    }
    report.at(ISSUES, "an instance");
    let made = suite.plugin.instance(InstanceOptions {
        limits: limits(),
        ..InstanceOptions::new(suite.config.clone())
    });
    match made {
        Ok(instance) => {
            let run = Run { suite, instance };
            let steps = run.issues(report).await;
            run.dropped(steps, report).await;
            run.signs(report).await;
        }
        Err(failure) => {
            report.add(ISSUES, vec![format!("there is no instance: {failure}")]);
            for name in [DROPPED, SIGNS] {
                report.skip(name, "there is no instance");
            }
        }
    }
    report.at(CONFINED, "");
    report.add(CONFINED, confined(suite));
    report.at(LIVES, "after everything was given back");
    report.add(LIVES, lives(suite));
}

struct Run<'a> {
    suite: &'a Suite<'a>,
    instance: Instance,
}

impl Run<'_> {
    async fn authorize(&self, carrier: &Carrier) -> Result<Issued, Failure> {
        let slot = self.suite.plugin.manifest().slots.first().cloned();
        let authorization = Authorization {
            slot: slot.unwrap_or_default(),
            ..fetch()
        };
        self.instance.authorize(authorization, carrier).await
    }

    /// How many requests a good authorization makes.
    async fn issues(&self, report: &mut Recorder<'_>) -> usize {
        let mut findings = Vec::new();
        report.at(ISSUES, "an authorization");
        let carrier = Carrier::good(&script(self.suite));
        let alone = self.authorize(&carrier).await;
        findings.extend(alone.err().map(|failure| failure.to_string()));
        report.at(ISSUES, "four at a time");
        let carriers = [(); 4].map(|()| Carrier::good(&script(self.suite)));
        let together = join_all(carriers.iter().map(|carrier| self.authorize(carrier))).await;
        let failed = together.into_iter().find_map(Result::err);
        findings.extend(failed.map(|failure| format!("one of four at a time: {failure}")));
        report.add(ISSUES, findings);
        carrier.asked().len()
    }

    async fn dropped(&self, steps: usize, report: &mut Recorder<'_>) {
        let script = script(self.suite);
        report.at(DROPPED, "before the first request");
        let _ = self.authorize(&Carrier::good(&script)).now_or_never();
        for step in 0..steps {
            report.at(DROPPED, &format!("request {}", step + 1));
            let carrier = Carrier::with(&script, step, CarrierReply::Silence);
            // Long enough to come to the request, which is never answered.
            let short = Duration::from_millis(30);
            let _ = tokio::time::timeout(short, self.authorize(&carrier)).await;
        }
        report.at(DROPPED, "an authorization after that");
        let after = self.authorize(&Carrier::good(&script)).await;
        let findings = after.err().map(|failure| format!("after that: {failure}"));
        report.add(DROPPED, findings.into_iter().collect());
    }

    async fn signs(&self, report: &mut Recorder<'_>) {
        if self.suite.plugin.signs().is_none() {
            return report.skip(SIGNS, "the plugin signs no requests");
        }
        report.at(SIGNS, "a credential to sign with");
        let carrier = Carrier::good(&script(self.suite));
        let Ok(issued) = self.authorize(&carrier).await else {
            return report.skip(SIGNS, "there is no credential to sign with");
        };
        let mut headers: HeaderMap = issued.headers.iter().cloned().collect();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let mut findings = Vec::new();
        for (method, target) in [(Method::GET, "/api/track/1"), (Method::POST, "/api/rates")] {
            report.at(SIGNS, method.as_str());
            let signature = self.instance.signature(&SignRequest {
                method: &method,
                authority: "api.example.com",
                path_and_query: target,
                headers: &headers,
                body: &["{}".into()],
                state: issued.state.expose(),
            });
            let failed = signature.fields().await.err();
            findings.extend(failed.map(|failure| format!("a {method}: {failure}")));
        }
        report.add(SIGNS, findings);
    }
}

fn confined(suite: &Suite<'_>) -> Vec<String> {
    let worker = suite.plugin.worker();
    let calls = worker.iter().flat_map(|worker| &worker.refused_calls);
    let names = calls.map(ToString::to_string);
    let names: Vec<String> = names.filter(|name| !PRINTS.contains(&&**name)).collect();
    if names.is_empty() {
        return Vec::new();
    }
    let calls = names.join(", ");
    vec![format!(
        "it was refused {calls}: a plugin opens no files and no sockets, starts no processes and no threads, \
         and installs no signal handlers"
    )]
}

fn lives(suite: &Suite<'_>) -> Vec<String> {
    let ending = suite.plugin.worker().and_then(|worker| worker.last_ending);
    let finding = |(ending, _): (WorkerEnding, _)| {
        let blocked = ending == WorkerEnding::Signal(SIGSYS);
        let why = if blocked { BLOCKED } else { "" };
        format!("{ending}{why}")
    };
    ending.map(finding).into_iter().collect()
}
