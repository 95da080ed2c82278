//! Probes: test calls with an account's token that change nothing at the carrier.

use crate::{
    Actor, ControlError, ControlPlane, Fault, signing::PresentedCredential, tokens, wiring::Wired,
};
use gateway_api::ProbeReport;
use gateway_http_client::{HttpRequest, HttpResponse};
use gateway_model::{
    AccountId, AccountNumber, Credential, CredentialState, Failure, SignRequest, Unavailable,
};
use gateway_plugin_host::{Advice, Diagnosis, Probe, Rates};
use gateway_store::AccountRecord;
use http::HeaderMap;
use serde_json::json;
use std::{slice, sync::Arc, time::Duration};

/// The maximum length of a probe's response, in bytes.
const MAX_RESPONSE: usize = 1 << 20;
/// The pauses before the attempts of one probe: a short failure of the carrier must not cost a person's
/// new login.
const ATTEMPTS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_secs(2),
];

/// How long a change of another gateway may take to arrive, and how often it is looked for.
const KNOWN_WITHIN: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl ControlPlane {
    /// Makes the carrier's test call with the account's current token.
    ///
    /// # Errors
    /// When there is no token, or the carrier cannot be reached.
    pub async fn probe(
        &self,
        actor: &Actor,
        account: &AccountId,
    ) -> Result<ProbeReport, ControlError> {
        let record = self.known_account(account).await?;
        let subject = format!("account:{}", record.name);
        let work = async {
            let wired = self.connected(&record).await?;
            let credential = self.current_credential(&record.name, &wired).await?;
            self.prove(&record, &wired, PresentedCredential::from(&credential))
                .await
        };
        self.audited(actor, "account.probe", &subject, json!({}), work)
            .await
    }

    /// The account's current token. It is requested if there is none.
    pub(crate) async fn current_credential(
        &self,
        account: &AccountId,
        wired: &Wired,
    ) -> Result<Credential, ControlError> {
        let deadline = self.context.clock.now() + self.context.settings().request_timeout;
        let broker = self.context.broker.handle();
        let acquired = broker.acquire(account, deadline).await;
        acquired.map_err(tokens::unavailable)?;
        held_credential(wired).map_err(tokens::unavailable)
    }

    /// The account's connection. What another gateway of the fleet has just added or switched on is waited for.
    pub(crate) async fn connected(
        &self,
        account: &AccountRecord,
    ) -> Result<Arc<Wired>, ControlError> {
        let name = &account.name;
        if !account.active {
            let message = format!("account {name} is switched off");
            let error = ControlError::new(Fault::Invalid, "inactive", message);
            return Err(error.remedy(format!(
                "switch it on with `waybill account activate {name}`"
            )));
        }
        let mut waited = Duration::ZERO;
        loop {
            if let Some(wired) = self.context.wired(name) {
                return Ok(wired);
            }
            if waited >= KNOWN_WITHIN {
                let message = format!("this gateway does not serve account {name} yet");
                let error = ControlError::new(Fault::Unavailable, "account_unknown_yet", message);
                return Err(error.remedy("try again in a few seconds"));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
            waited += LOOK_AGAIN;
        }
    }

    /// Proves that a credential may be used with all of the account's numbers.
    pub(crate) async fn prove(
        &self,
        record: &AccountRecord,
        wired: &Wired,
        presented: PresentedCredential<'_>,
    ) -> Result<ProbeReport, ControlError> {
        let diagnosis = self.context.wiring().diagnosis_of(record);
        let Some((diagnosis, probe)) = diagnosis.as_deref().and_then(|d| Some((d, d.proof()?)))
        else {
            return Ok(nothing_to_prove(
                record,
                "the carrier's plugin declares no test call",
            ));
        };
        if probe.needs_account_number() && record.numbers.is_empty() {
            return Ok(nothing_to_prove(
                record,
                "the account has no account number",
            ));
        }
        let mut kept: Option<ProbeReport> = None;
        let each: Vec<Option<&AccountNumber>> = if record.numbers.is_empty() {
            // A call without a number still shows whether the token is accepted.
            vec![None]
        } else {
            record.numbers.iter().map(Some).collect()
        };
        // Each number is proven, because a login may own only some of them.
        for number in each {
            let answer = self.send_probe(wired, probe, number, presented).await?;
            let report = report(record, diagnosis, probe, number, &answer);
            if !report.ok {
                return Ok(report);
            }
            let published = |report: &ProbeReport| report.negotiated == Some(false);
            // Of several numbers the one without negotiated rates: its remedy must not be missed.
            if kept
                .as_ref()
                .is_none_or(|kept| published(&report) && !published(kept))
            {
                kept = Some(report);
            }
        }
        let report = kept.map(|report| of_all_numbers(report, record.numbers.len()));
        if let Some(report) = &report {
            self.context.rates.note(report, self.context.now());
        }
        Ok(report.unwrap_or_else(|| nothing_to_prove(record, "there was nothing to prove")))
    }

    /// Makes one probe, with a few attempts if the carrier fails for a short time.
    pub(crate) async fn send_probe(
        &self,
        wired: &Wired,
        probe: &Probe,
        number: Option<&AccountNumber>,
        presented: PresentedCredential<'_>,
    ) -> Result<HttpResponse, ControlError> {
        let mut last = None;
        for pause in ATTEMPTS {
            tokio::time::sleep(pause).await;
            // A new request for each attempt: a signature contains the time, and a request id is
            // used once.
            let request = self.probe_request(wired, probe, number, presented);
            let request = request.await?;
            match self.context.wiring().http.send(request).await {
                // Only what usually passes: a refusal is a result, and repeating the call would not
                // change it.
                Ok(answer) if answer.status.is_server_error() || answer.status == 429 => {
                    last = Some(Ok(answer));
                }
                // Any other answer is the carrier's word.
                Ok(answer) => return Ok(answer),
                Err(error) => last = Some(Err(error)),
            }
        }
        match last {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(error)) => {
                let message = format!("the carrier did not respond to the call: {error}");
                Err(
                    ControlError::new(Fault::Carrier, "carrier_unreachable", message)
                        .remedy("try again when the carrier can be reached; nothing was changed"),
                )
            }
            None => Err(ControlError::new(
                Fault::Unavailable,
                "internal",
                "nothing was sent",
            )),
        }
    }

    async fn probe_request(
        &self,
        wired: &Wired,
        probe: &Probe,
        number: Option<&AccountNumber>,
        presented: PresentedCredential<'_>,
    ) -> Result<HttpRequest, ControlError> {
        let origin = wired.origin.as_ref().ok_or_else(|| {
            let why = wired
                .problem
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            ControlError::new(Fault::Invalid, "misconfigured", why)
        })?;
        let asked = probe
            .request(number, &self.context.request_id())
            .ok_or_else(|| {
                let message = format!("{} cannot be called without an account number", probe.title);
                ControlError::new(Fault::Invalid, "no_account_number", message)
            })?;
        let path = self.context.wiring().path_of(&wired.spec, &asked.path);
        let mut headers = HeaderMap::new();
        for (name, value) in asked.headers.iter().chain(presented.fields) {
            // The credential last: no field of the probe stands in its place.
            headers.insert(name.clone(), value.clone());
        }
        let mut request = HttpRequest {
            method: asked.method,
            url: format!("{origin}{path}"),
            headers,
            body: asked.body.into(),
            timeout: self.context.settings().request_timeout,
            max_response: MAX_RESPONSE,
        };
        // Last, because the signature covers the fields and the body.
        if let Some(signer) = &wired.signer {
            let signed = signer.sign(&SignRequest {
                method: &request.method,
                authority: &origin.authority(),
                path_and_query: &path,
                headers: &request.headers,
                body: slice::from_ref(&request.body),
                state: presented.state,
            });
            for (name, value) in signed.fields().await.map_err(unsigned)? {
                request.headers.insert(name, value);
            }
        }
        Ok(request)
    }
}

fn unsigned(failure: Failure) -> ControlError {
    let message = format!("the call was not made, because it could not be signed: {failure}");
    ControlError::new(Fault::Unavailable, "signature_failed", message).remedy(
        "check the account's settings, or install a newer plugin of its carrier: `waybill plugin \
             status` shows its version",
    )
}

/// The credential that is published for the account.
pub(crate) fn held_credential(wired: &Wired) -> Result<Credential, Unavailable> {
    match &*wired.cell.load().1 {
        CredentialState::Usable(credential) => Ok(credential.clone()),
        CredentialState::Absent(absent) => Err(absent.clone()),
    }
}

/// The report on one of several numbers that were all accepted.
fn of_all_numbers(mut report: ProbeReport, count: usize) -> ProbeReport {
    if count > 1 {
        let all = format!("; the carrier accepted each of the {count} account numbers");
        report.message.push_str(&all);
    }
    report
}

fn nothing_to_prove(record: &AccountRecord, why: &str) -> ProbeReport {
    ProbeReport {
        account: record.name.clone(),
        call: String::new(),
        ok: true,
        number: None,
        owned: None,
        negotiated: None,
        code: None,
        message: format!("nothing was proven: {why}"),
        remedy: None,
    }
}

/// Interprets the response to a probe.
pub(crate) fn report(
    record: &AccountRecord,
    diagnosis: &Diagnosis,
    probe: &Probe,
    number: Option<&AccountNumber>,
    answer: &HttpResponse,
) -> ProbeReport {
    let mut report = ProbeReport {
        account: record.name.clone(),
        call: probe.title.clone(),
        ok: probe.shows_access(answer),
        number: number.cloned(),
        owned: None,
        negotiated: None,
        code: None,
        message: format!("{} answers", probe.title),
        remedy: None,
    };
    if let Some(code) = not_owned(diagnosis, probe, answer) {
        let number = number.map(ToString::to_string).unwrap_or_default();
        (report.ok, report.owned) = (false, Some(false));
        report.message = format!("the account number {number} is not associated with this login");
        report.remedy = Some(format!(
            "sign in as the user who owns {number}, or add {number} to the login's accounts at the \
             carrier, then authorize {} again",
            record.name
        ));
        report.code = Some(code);
    } else if report.ok {
        let rule = diagnosis.ownership.as_ref();
        report.owned = rule.filter(|rule| rule.probe == probe.name).map(|_| true);
        negotiated(diagnosis, probe, answer, &mut report);
    } else {
        refused(diagnosis, probe, answer, &mut report);
    }
    report
}

fn not_owned(diagnosis: &Diagnosis, probe: &Probe, answer: &HttpResponse) -> Option<String> {
    let ownership = diagnosis.ownership.as_ref()?;
    if ownership.probe != probe.name || answer.status.is_success() {
        return None;
    }
    ownership.refused_by(answer)
}

fn negotiated(
    diagnosis: &Diagnosis,
    probe: &Probe,
    answer: &HttpResponse,
    report: &mut ProbeReport,
) {
    let Some(rule) = diagnosis
        .negotiated
        .as_ref()
        .filter(|rule| rule.probe == probe.name)
    else {
        return;
    };
    match rule.read(answer) {
        Rates::Negotiated => {
            report.negotiated = Some(true);
            report.message = format!("{} answers, with negotiated rates", probe.title);
        }
        Rates::NotQualified(code) => {
            report.negotiated = Some(false);
            report.message = format!(
                "{} answers, but without negotiated rates ({code})",
                probe.title
            );
            report.code = Some(code);
            report.remedy = Some(rule.remedy.clone());
        }
        Rates::Unknown => {}
    }
}

fn refused(diagnosis: &Diagnosis, probe: &Probe, answer: &HttpResponse, report: &mut ProbeReport) {
    let codes = diagnosis.places.codes_in(answer);
    // A code that the manifest explains says more than the first one.
    let known = codes
        .iter()
        .find_map(|code| Some((code, diagnosis.advice(code)?)));
    let code = known
        .map(|(code, _)| code)
        .or_else(|| codes.first())
        .cloned();
    let said = code
        .as_ref()
        .map_or(String::new(), |code| format!(" with {code}"));
    report.message = format!(
        "{} was refused: HTTP {}{said}",
        probe.title,
        answer.status.as_u16()
    );
    if let Some((_, Advice { cause, remedy })) = known {
        report.message = format!("{}. {cause}", report.message);
        report.remedy = Some(remedy.clone());
    }
    report.code = code;
}
