//! One call that changes nothing for each product of the carrier, and what the response means.

use super::{
    finding::Findings,
    time_budget::{NO_TIME, TimeBudget},
    token_check::HeldToken,
};
use crate::{
    ControlError, ControlPlane, probe, rates::worse, signing::PresentedCredential, tokens,
    wiring::Wired,
};
use gateway_api::{Check, ProbeReport, Verdict};
use gateway_broker::RenewalOutcome;
use gateway_http_client::HttpResponse;
use gateway_model::{AccountNumber, Credential, Unavailable};
use gateway_plugin_host::{Diagnosis, Probe};
use gateway_store::AccountRecord;
use http::StatusCode;

/// The product calls of one account.
pub(super) struct ProductCalls<'a> {
    plane: &'a ControlPlane,
    account: &'a AccountRecord,
    wired: &'a Wired,
    credential: Credential,
    /// Whether a refused token may still be exchanged for a new one.
    may_renew: bool,
}

/// The outcome of one product call.
enum CallOutcome {
    Responded(HttpResponse),
    Failed(ControlError),
    NoTime,
    /// The carrier refuses the token, and did not issue another one.
    TokenDied(Unavailable),
}

impl<'a> ProductCalls<'a> {
    pub(super) fn new(
        plane: &'a ControlPlane,
        account: &'a AccountRecord,
        wired: &'a Wired,
        held: HeldToken,
    ) -> Self {
        Self {
            plane,
            account,
            wired,
            credential: held.credential,
            // A token that was requested a moment ago is not renewed: the doctor requests one at
            // most.
            may_renew: !held.fresh,
        }
    }

    /// Makes the calls one after the other. `token` holds what was found about the token before; if
    /// a call shows that the carrier refuses the token, that finding replaces it.
    pub(super) async fn make(
        mut self,
        token: &mut Findings,
        budget: &TimeBudget<'_>,
    ) -> Vec<Check> {
        let mut findings = Findings::of(&self.account.name);
        let (plane, account) = (self.plane, self.account);
        let diagnosis = plane.context.wiring().diagnosis_of(account);
        let callable = diagnosis.clone().filter(|known| !known.probes.is_empty());
        let Some(diagnosis) = callable else {
            let message = match diagnosis.and_then(|diagnosis| diagnosis.probe_setting.clone()) {
                Some(setting) => format!(
                    "the account names no test call: set {setting} to a path that changes nothing"
                ),
                None => "the carrier's plugin declares no test call".to_owned(),
            };
            findings.skipped("calls", message);
            return findings.into_checks();
        };
        let mut dead = false;
        let mut refused = Vec::new();
        let mut rates = None;
        for (probe, number) in calls(&diagnosis, account) {
            let name = self.name_of(probe, number);
            // Without a token every further call would only repeat the same refusal.
            if dead {
                findings.skipped(&name, "there is no token that the carrier accepts");
                continue;
            }
            if number.is_none() && probe.needs_account_number() {
                findings.skipped(
                    &name,
                    "it needs an account number, and the account has none",
                );
                continue;
            }
            match self.call(probe, number, budget).await {
                CallOutcome::NoTime => findings.skipped(&name, NO_TIME),
                CallOutcome::Failed(error) => findings.error(&name, &error),
                CallOutcome::TokenDied(absent) => {
                    token.clear();
                    plane.no_token(account, &tokens::unavailable(absent), token);
                    findings.skipped(&name, "the carrier refused the token");
                    dead = true;
                }
                CallOutcome::Responded(answer) => {
                    let report = probe::report(account, &diagnosis, probe, number, &answer);
                    if !report.ok && self.refuses_token(answer.status) {
                        refused.push(name.clone());
                    }
                    rates = worse(rates, &report);
                    report_response(&name, &diagnosis, probe, report, &mut findings);
                }
            }
        }
        if let Some(report) = &rates {
            plane.context.rates.note(report, plane.context.now());
        }
        let mut checks = findings.into_checks();
        one_product_only(&mut checks, &refused);
        checks
    }

    /// The name of a call's check. It contains the account number if the account has several.
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
        budget: &TimeBudget<'_>,
    ) -> CallOutcome {
        let first = self.send(probe, number, budget).await;
        let CallOutcome::Responded(answer) = &first else {
            return first;
        };
        if !self.may_renew || !self.refuses_token(answer.status) {
            return first;
        }
        // The carrier may have revoked the token early. The gateway renews it once for an app's
        // request, so the doctor does the same before it reports a failure.
        // Once for the whole diagnosis, however many calls are refused.
        self.may_renew = false;
        let (plane, name) = (self.plane, &self.account.name);
        let broker = plane.context.broker.handle();
        let deadline = plane.context.clock.now() + plane.context.settings().request_timeout;
        let renewed = broker.unauthorized(name, self.credential.generation, deadline);
        match budget.within(renewed).await {
            None => CallOutcome::NoTime,
            // A renewal was tried for this a short while ago: the refusal stands.
            Some(Ok(RenewalOutcome::CoolingDown { .. })) => first,
            Some(Err(absent)) => CallOutcome::TokenDied(absent),
            Some(Ok(RenewalOutcome::Renewed)) => match probe::held_credential(self.wired) {
                Ok(credential) => {
                    self.credential = credential;
                    self.send(probe, number, budget).await
                }
                Err(absent) => CallOutcome::TokenDied(absent),
            },
        }
    }

    async fn send(
        &self,
        probe: &Probe,
        number: Option<&AccountNumber>,
        budget: &TimeBudget<'_>,
    ) -> CallOutcome {
        let presented = PresentedCredential::from(&self.credential);
        let sent = self.plane.send_probe(self.wired, probe, number, presented);
        match budget.within(sent).await {
            None => CallOutcome::NoTime,
            Some(Ok(answer)) => CallOutcome::Responded(answer),
            Some(Err(error)) => CallOutcome::Failed(error),
        }
    }

    fn refuses_token(&self, status: StatusCode) -> bool {
        let plugins = &self.plane.context.plugins;
        let known = plugins.known(&self.account.carrier);
        known.is_some_and(|known| known.profile.rejected_statuses.contains(&status))
    }
}

/// Each product once; with each account number if the call needs one.
fn calls<'a>(
    diagnosis: &'a Diagnosis,
    account: &'a AccountRecord,
) -> Vec<(&'a Probe, Option<&'a AccountNumber>)> {
    let mut calls = Vec::new();
    for probe in &diagnosis.probes {
        // Each number on its own, since a login may own only some of them.
        if probe.needs_account_number() && !account.numbers.is_empty() {
            calls.extend(account.numbers.iter().map(|number| (probe, Some(number))));
        } else {
            calls.push((probe, account.numbers.first()));
        }
    }
    calls
}

fn report_response(
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
            let message = format!("{number} got neither negotiated rates nor a reason for that");
            findings.warning(name, message, rule.remedy.clone());
        }
    }
}

/// Adds to a refusal that the token is not the cause, if another product accepted the same token.
fn one_product_only(checks: &mut [Check], refused: &[String]) {
    // Only then is the token proven good; one product's refusal alone proves nothing.
    if !checks.iter().any(|check| check.verdict == Verdict::Ok) {
        return;
    }
    for check in checks
        .iter_mut()
        .filter(|check| refused.contains(&check.name))
    {
        check
            .message
            .push_str(" The token itself is good, because other products take it.");
    }
}
