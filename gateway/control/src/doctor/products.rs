//! One harmless call for each product of the carrier, and what its answer means (P1, P15, P21).

use super::{NO_TIME, Patience, credential::Held, finding::Findings};
use crate::{ControlError, ControlPlane, probe, signing::Shown, tokens, wiring::Wired};
use gateway_api::{Check, ProbeReport, Verdict};
use gateway_broker::RenewalOutcome;
use gateway_http_client::HttpResponse;
use gateway_model::{AccountNumber, Credential, Unavailable};
use gateway_plugin_host::{Diagnosis, Probe};
use gateway_store::AccountRecord;
use http::StatusCode;

/// The calls of one account.
pub(super) struct Calls<'a> {
    plane: &'a ControlPlane,
    account: &'a AccountRecord,
    wired: &'a Wired,
    credential: Credential,
    /// Whether a refused token may still be exchanged for a new one.
    may_renew: bool,
}

/// What came of a call.
enum Called {
    Answered(HttpResponse),
    Failed(ControlError),
    NoTime,
    /// The carrier refuses the token and gives no other.
    TokenDied(Unavailable),
}

impl<'a> Calls<'a> {
    pub(super) fn new(
        plane: &'a ControlPlane,
        account: &'a AccountRecord,
        wired: &'a Wired,
        held: Held,
    ) -> Self {
        Self {
            plane,
            account,
            wired,
            credential: held.credential,
            may_renew: !held.fresh,
        }
    }

    /// Makes them one after the other. `token` is what was found of the token before; a token that
    /// turns out to be dead replaces that.
    pub(super) async fn make(
        mut self,
        token: &mut Findings,
        patience: &Patience<'_>,
    ) -> Vec<Check> {
        let mut findings = Findings::of(&self.account.name);
        let (plane, account) = (self.plane, self.account);
        let diagnosis = plane.shared.wiring.diagnosis(&account.carrier);
        let Some(diagnosis) = diagnosis.filter(|diagnosis| !diagnosis.probes.is_empty()) else {
            findings.skipped("calls", "the carrier's plugin knows no harmless call");
            return findings.into_checks();
        };
        let mut dead = false;
        let mut refused = Vec::new();
        for (probe, number) in calls(diagnosis, account) {
            let name = self.name_of(probe, number);
            if dead {
                findings.skipped(&name, "there is no token that the carrier takes");
                continue;
            }
            if number.is_none() && probe.needs_account_number() {
                findings.skipped(
                    &name,
                    "it needs an account number, and the account has none",
                );
                continue;
            }
            match self.call(probe, number, patience).await {
                Called::NoTime => findings.skipped(&name, NO_TIME),
                Called::Failed(error) => findings.error(&name, &error),
                Called::TokenDied(absent) => {
                    token.clear();
                    plane.no_token(account, &tokens::unavailable(absent), token);
                    findings.skipped(&name, "the carrier refused the token");
                    dead = true;
                }
                Called::Answered(answer) => {
                    let report = probe::report(account, diagnosis, probe, number, &answer);
                    if !report.ok && self.refuses_token(answer.status) {
                        refused.push(name.clone());
                    }
                    answered(&name, diagnosis, probe, report, &mut findings);
                }
            }
        }
        let mut checks = findings.into_checks();
        one_product_only(&mut checks, &refused);
        checks
    }

    /// A number is named where there are several.
    fn name_of(&self, probe: &Probe, number: Option<&AccountNumber>) -> String {
        match number {
            Some(number) if self.account.numbers.len() > 1 => format!("{} ({number})", probe.title),
            Some(_) | None => probe.title.clone(),
        }
    }

    async fn call(
        &mut self,
        probe: &Probe,
        number: Option<&AccountNumber>,
        patience: &Patience<'_>,
    ) -> Called {
        let first = self.send(probe, number, patience).await;
        let Called::Answered(answer) = &first else {
            return first;
        };
        if !self.may_renew || !self.refuses_token(answer.status) {
            return first;
        }
        // As for a request of an app: the token may have been revoked before its time.
        self.may_renew = false;
        let (plane, name) = (self.plane, &self.account.name);
        let broker = plane.shared.broker.handle();
        let deadline = plane.shared.clock.now() + plane.shared.settings.request_timeout;
        let renewed = broker.unauthorized(name, self.credential.generation, deadline);
        match patience.keeps(renewed).await {
            None => Called::NoTime,
            Some(Ok(RenewalOutcome::CoolingDown { .. })) => first,
            Some(Err(absent)) => Called::TokenDied(absent),
            Some(Ok(RenewalOutcome::Renewed)) => match probe::held_credential(self.wired) {
                Ok(credential) => {
                    self.credential = credential;
                    self.send(probe, number, patience).await
                }
                Err(absent) => Called::TokenDied(absent),
            },
        }
    }

    async fn send(
        &self,
        probe: &Probe,
        number: Option<&AccountNumber>,
        patience: &Patience<'_>,
    ) -> Called {
        let shown = Shown::from(&self.credential);
        let sent = self.plane.send_probe(self.wired, probe, number, shown);
        match patience.keeps(sent).await {
            None => Called::NoTime,
            Some(Ok(answer)) => Called::Answered(answer),
            Some(Err(error)) => Called::Failed(error),
        }
    }

    fn refuses_token(&self, status: StatusCode) -> bool {
        let catalog = &self.plane.shared.wiring.catalog;
        let plugin = catalog.plugin(&self.account.carrier);
        plugin.is_some_and(|plugin| plugin.profile().rejected_statuses.contains(&status))
    }
}

/// Each product once; where the account number matters, with each of them.
fn calls<'a>(
    diagnosis: &'a Diagnosis,
    account: &'a AccountRecord,
) -> Vec<(&'a Probe, Option<&'a AccountNumber>)> {
    let mut calls = Vec::new();
    for probe in &diagnosis.probes {
        if probe.needs_account_number() && !account.numbers.is_empty() {
            calls.extend(account.numbers.iter().map(|number| (probe, Some(number))));
        } else {
            calls.push((probe, account.numbers.first()));
        }
    }
    calls
}

fn answered(
    name: &str,
    diagnosis: &Diagnosis,
    probe: &Probe,
    report: ProbeReport,
    findings: &mut Findings,
) {
    if !report.ok {
        findings.failure(name, report.message, report.remedy);
        return;
    }
    findings.ok(name, format!("{} answers", probe.title));
    let rule = diagnosis.negotiated.as_ref();
    let Some(rule) = rule.filter(|rule| rule.probe == probe.name) else {
        return;
    };
    let number = report
        .number
        .map(|number| number.to_string())
        .unwrap_or_default();
    let name = "negotiated rates";
    match report.negotiated {
        Some(true) => findings.ok(name, format!("{number} gets its negotiated rates")),
        Some(false) => {
            let code = report.code.as_deref().unwrap_or_default();
            let advice = diagnosis.advice(code);
            let cause = advice.map_or_else(String::new, |advice| format!(". {}", advice.cause));
            let message = format!("{number} gets published rates only ({code}){cause}");
            findings.warning(name, message, report.remedy);
        }
        None => {
            let message =
                format!("{number} was answered without negotiated rates, and without a reason");
            findings.warning(name, message, rule.remedy.clone());
        }
    }
}

/// Says so where a refusal cannot be the token's fault, because other products take it.
fn one_product_only(checks: &mut [Check], refused: &[String]) {
    if !checks.iter().any(|check| check.verdict == Verdict::Ok) {
        return;
    }
    for check in checks
        .iter_mut()
        .filter(|check| refused.contains(&check.name))
    {
        check
            .message
            .push_str(" Here the token is good, since other products take it.");
    }
}
