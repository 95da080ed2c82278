//! Hostile carriers and impatient callers: authorizations.

use crate::{
    ScriptedResponse, Suite,
    carrier::{Carrier, CarrierReply},
    cases::{self, ReplyMeaning},
    recorder::Recorder,
    secrets::Secrets,
};
use futures_util::{FutureExt as _, future::join_all};
use gateway_model::{Failure, FailureClass, SecretBytes};
use gateway_plugin_host::{
    Authorization, AuthorizationReason, Instance, InstanceOptions, Issued, Limits,
};
use std::{env, fs, sync::Arc, time::Duration};

const ISSUES: &str = "issues a credential for good answers";
const HOSTILE: &str = "breaks its contract for no answer and no network error";
const CLASSES: &str = "takes no refusal for a credential and no passing failure for a final one";
const SILENT: &str = "tells no secret in its failures";
const DROPPED: &str = "can be cancelled at every step";
const TOGETHER: &str = "carries out authorizations side by side, each as if it were alone";
const REPEATABLE: &str = "does the same again for the same time, randomness and answers";
const MEMORY: &str = "gives back the memory of its operations";

pub(crate) const CHECKS: &[&str] = &[
    ISSUES, HOSTILE, CLASSES, SILENT, DROPPED, TOGETHER, REPEATABLE, MEMORY,
];

/// Operations between two looks at the memory, and what they may leave behind: a KiB each. Fragments of the
/// allocator come to less.
const OPERATIONS: usize = 1000;
const GROWTH: u64 = 1024 * 1024;

/// No lifetime that a carrier means is longer.
const LONGEST: Duration = Duration::from_secs(20 * 365 * 86_400);

/// The usual bounds, but answers are immediate here, so a second without an end is a hang.
pub(crate) fn limits() -> Limits {
    Limits {
        deadline: Duration::from_secs(1),
        request_timeout: Duration::from_millis(200),
        ..Limits::default()
    }
}

pub(crate) fn fetch() -> Authorization {
    Authorization {
        reason: AuthorizationReason::Fetch,
        slot: String::new(),
        state: SecretBytes::default(),
        params: Vec::new(),
    }
}

/// The good answers of one authorization.
pub(crate) fn script(suite: &Suite<'_>) -> Vec<ScriptedResponse> {
    if suite.script.is_empty() {
        vec![cases::good_answer()]
    } else {
        suite.script.clone()
    }
}

pub(crate) async fn check(suite: &Suite<'_>, report: &mut Recorder<'_>) {
    report.at(ISSUES, "an instance");
    let made = suite.plugin.instance(InstanceOptions {
        limits: limits(),
        ..InstanceOptions::new(suite.config.clone())
    });
    let run = match made {
        Ok(instance) => Run {
            slot: suite
                .plugin
                .manifest()
                .slots
                .first()
                .cloned()
                .unwrap_or_default(),
            secrets: Secrets::of(suite.config, suite.plugin.manifest().config_schema.as_ref()),
            script: script(suite),
            instance,
        },
        Err(failure) => {
            for name in CHECKS {
                report.skip(name, format!("there is no instance: {failure}"));
            }
            return;
        }
    };
    // First: the number of requests in a good run is the number of steps that the hostile runs attack.
    let steps = run.good(report).await;
    run.hostile(steps, report).await;
    run.dropped(steps, report).await;
    run.together(report).await;
    run.repeatable(report).await;
    if suite.process.is_none() {
        return report.skip(MEMORY, "the process is not the plugin's alone");
    }
    run.memory(report).await;
}

struct Run {
    instance: Instance,
    slot: String,
    secrets: Secrets,
    script: Vec<ScriptedResponse>,
}

impl Run {
    async fn authorize(&self, carrier: &Carrier) -> Result<Issued, Failure> {
        let authorization = Authorization {
            slot: self.slot.clone(),
            ..fetch()
        };
        self.instance.authorize(authorization, carrier).await
    }

    /// How many requests a good authorization makes.
    async fn good(&self, report: &mut Recorder<'_>) -> usize {
        report.at(ISSUES, "an authorization");
        let carrier = Carrier::good(&self.script);
        let findings = match self.authorize(&carrier).await {
            Ok(issued) if issued.lifetime.is_some_and(|lifetime| lifetime.is_zero()) => {
                vec!["a credential without lifetime".to_owned()]
            }
            Ok(issued) => slots_without_fields(&issued),
            Err(failure) => vec![format!("{failure}: does the script fit the plugin?")],
        };
        report.add(ISSUES, findings);
        carrier.asked().len()
    }

    async fn hostile(&self, steps: usize, report: &mut Recorder<'_>) {
        if steps == 0 {
            for name in [HOSTILE, CLASSES, SILENT] {
                report.skip(name, "the plugin makes no requests");
            }
            return;
        }
        let good = self.authorize(&Carrier::good(&self.script)).await;
        // A slot that fails with good answers lacks its configuration; its failure says nothing about answers.
        let idle = good.map(|issued| failed_slots(&issued)).unwrap_or_default();
        let (mut bugs, mut classes, mut told) = (Vec::new(), Vec::new(), Vec::new());
        for step in 0..steps {
            for (name, meaning, reply) in cases::replies() {
                let name = format!("request {}, {name}", step + 1);
                report.at(HOSTILE, &name);
                let carrier = Carrier::with(&self.script, step, reply);
                let result = self.authorize(&carrier).await;
                let result = result.and_then(|issued| whole(issued, &idle));
                if let Err(failure) = &result {
                    if failure.class == FailureClass::Bug {
                        bugs.push(format!("{name}: {failure}"));
                    }
                    // `Debug` and not `Display`: it has every field of the failure.
                    if self.secrets.are_in(&format!("{failure:?}")) {
                        told.push(format!("{name}: the failure contains a secret"));
                    }
                }
                classes.extend(wrong_end(meaning, &result).map(|why| format!("{name}: {why}")));
            }
        }
        report.add(HOSTILE, bugs);
        report.add(CLASSES, classes);
        report.add(SILENT, told);
    }

    async fn dropped(&self, steps: usize, report: &mut Recorder<'_>) {
        let mut findings = Vec::new();
        report.at(DROPPED, "before the first request");
        for _ in 0..8 {
            // Polled once: the operation may begin on the host's thread after nobody waits for it any more.
            let _ = self.authorize(&Carrier::good(&self.script)).now_or_never();
        }
        for step in 0..steps {
            report.at(DROPPED, &format!("request {}", step + 1));
            let carrier = Carrier::with(&self.script, step, CarrierReply::Silence);
            // Long enough to come to the request, which is never answered.
            let short = Duration::from_millis(30);
            let ended = tokio::time::timeout(short, self.authorize(&carrier)).await;
            if ended.is_ok() {
                findings.push(format!(
                    "request {}: it did not wait for the answer",
                    step + 1
                ));
            }
        }
        // After the cancelled ones: an instance that a dropped future has broken fails here.
        report.at(DROPPED, "an authorization after that");
        if let Err(failure) = self.authorize(&Carrier::good(&self.script)).await {
            findings.push(format!("after that: {failure}"));
        }
        report.add(DROPPED, findings);
    }

    async fn together(&self, report: &mut Recorder<'_>) {
        report.at(TOGETHER, "one alone");
        let alone = self.authorize(&Carrier::good(&self.script)).await;
        report.at(TOGETHER, "32 of them");
        // More than the host's threads, so that calls of several operations interleave.
        let carriers: Vec<Carrier> = (0..32).map(|_| Carrier::good(&self.script)).collect();
        let all = join_all(carriers.iter().map(|carrier| self.authorize(carrier))).await;
        let wrong = |result: Result<Issued, Failure>| match (result, &alone) {
            (Ok(issued), Ok(alone)) if same(&issued, alone) => None,
            (Ok(_), Ok(_)) => Some("another credential than alone".to_owned()),
            (Ok(_), Err(_)) => Some("a credential, and none alone".to_owned()),
            // What fails alone as well is the finding of another check.
            (Err(failure), Err(_)) if failure.class != FailureClass::Bug => None,
            (Err(failure), _) => Some(failure.to_string()),
        };
        report.add(TOGETHER, all.into_iter().filter_map(wrong).collect());
    }

    async fn repeatable(&self, report: &mut Recorder<'_>) {
        report.at(REPEATABLE, "");
        let (first, second) = (Carrier::good(&self.script), Carrier::good(&self.script));
        let issued = (self.authorize(&first).await, self.authorize(&second).await);
        let mut findings = Vec::new();
        if first.asked() != second.asked() {
            findings.push("the requests differ".to_owned());
        }
        match issued {
            (Ok(one), Ok(other)) if !same(&one, &other) => {
                findings.push("the credentials differ".to_owned());
            }
            // Two failures are reported by the first check; only a difference counts here.
            (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
            (Ok(_), Err(failure)) | (Err(failure), Ok(_)) => {
                findings.push(format!("one of two runs failed: {failure}"));
            }
        }
        report.add(REPEATABLE, findings);
    }
}

impl Run {
    /// Half of the operations come to their end, and half are cancelled before their first request.
    async fn memory(&self, report: &mut Recorder<'_>) {
        report.at(MEMORY, "");
        let mut grown = Vec::new();
        let mut before = None;
        for _ in 0..3 {
            for _ in 0..OPERATIONS / 2 {
                let _ = self.authorize(&Carrier::good(&self.script)).await;
                let _ = self.authorize(&Carrier::good(&self.script)).now_or_never();
            }
            let now = resident_bytes();
            if let (Some(before), Some(now)) = (before, now) {
                grown.push(now.saturating_sub(before));
            }
            before = now;
        }
        if grown.is_empty() {
            return report.skip(
                MEMORY,
                "the system does not say how much memory a process has",
            );
        }
        // The first look is left out: caches fill up then. A leak grows every time.
        let leaks = grown.iter().all(|bytes| *bytes > GROWTH);
        let findings = leaks.then(|| {
            let kib = grown.iter().min().copied().unwrap_or_default() / 1024;
            format!("after each {OPERATIONS} operations the process had {kib} KiB more")
        });
        report.add(MEMORY, findings.into_iter().collect());
    }
}

/// Memory of this process that is in use; none under a sanitizer, which gives nothing back.
fn resident_bytes() -> Option<u64> {
    if env::var_os("LD_PRELOAD").is_some() {
        return None;
    }
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// A slot may lack its configuration, but with it and with good answers it has fields.
fn slots_without_fields(issued: &Issued) -> Vec<String> {
    let failures = issued.slots.iter().filter_map(|slot| {
        let failure = slot.fields.as_ref().err()?;
        (failure.class != FailureClass::Config).then(|| {
            let name = &slot.name;
            format!("the slot {name} has no fields: {failure}: does the script fit the plugin?")
        })
    });
    failures.collect()
}

/// The slots without fields.
fn failed_slots(issued: &Issued) -> Vec<Arc<str>> {
    let failed = issued.slots.iter().filter(|slot| slot.fields.is_err());
    failed.map(|slot| Arc::clone(&slot.name)).collect()
}

/// A credential all of whose slots could be had, but for the idle ones: an answer to a slot's own request is
/// judged like one to a token request.
fn whole(issued: Issued, idle: &[Arc<str>]) -> Result<Issued, Failure> {
    let mut slots = issued
        .slots
        .iter()
        .filter(|slot| !idle.contains(&slot.name));
    match slots.find_map(|slot| slot.fields.as_ref().err()) {
        Some(failure) => Err(failure.clone()),
        None => Ok(issued),
    }
}

fn same(one: &Issued, other: &Issued) -> bool {
    one.headers == other.headers
        && one.slots == other.slots
        && (one.lifetime, one.renew_after) == (other.lifetime, other.renew_after)
        && one.state.expose() == other.state.expose()
}

/// What is wrong with an end, if anything.
fn wrong_end(meaning: ReplyMeaning, result: &Result<Issued, Failure>) -> Option<String> {
    match (meaning, result) {
        (ReplyMeaning::Odd, Ok(issued)) => {
            let absurd = issued.lifetime.is_some_and(|lifetime| lifetime > LONGEST);
            absurd.then(|| "a lifetime of more than twenty years".to_owned())
        }
        (ReplyMeaning::Refusal | ReplyMeaning::Passing | ReplyMeaning::Nonsense, Ok(_)) => {
            Some("a credential was made of it".to_owned())
        }
        // The worst mistake: it stops an account until a person acts, although nothing is wrong with it.
        (ReplyMeaning::Passing | ReplyMeaning::Nonsense, Err(failure))
            if failure.class.needs_operator() =>
        {
            Some(format!(
                "class {} waits for a person",
                failure.class.as_str()
            ))
        }
        (_, Err(failure)) if failure.code == "timeout" => {
            Some("it did not end within a second".to_owned())
        }
        (_, Err(_)) => None,
    }
}
