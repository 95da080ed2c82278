//! The connection to each carrier: DNS, TCP, TLS, and whether its clock and this machine's agree.

use super::{
    finding::Findings,
    time_budget::{NO_TIME, TimeBudget},
};
use crate::ControlPlane;
use gateway_api::Check;
use gateway_http_client::{HttpError, HttpErrorKind, HttpRequest};
use gateway_model::Origin;
use gateway_plugin_host::Diagnosis;
use gateway_store::AccountRecord;
use http::{HeaderMap, Method, header};
use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A larger difference between the clocks begins to affect signatures and token lifetimes.
const SKEW_WARNING: Duration = Duration::from_secs(60);
/// With a larger difference tokens are used after they expired, or certificates seem invalid.
const SKEW_FAILURE: Duration = Duration::from_secs(5 * 60);

impl ControlPlane {
    /// One check for each origin to which the accounts send requests.
    pub(super) async fn connectivity_checks(
        &self,
        accounts: &[AccountRecord],
        budget: &TimeBudget<'_>,
    ) -> Vec<Check> {
        let mut findings = Findings::default();
        for (origin, path) in self.origins(accounts) {
            self.connectivity_check(&origin, &path, &mut findings, budget)
                .await;
        }
        findings.into_checks()
    }

    /// The origins to which the active accounts send requests, each once, with a path that exists in
    /// the carrier's API.
    fn origins(&self, accounts: &[AccountRecord]) -> Vec<(Origin, String)> {
        let context = &self.context;
        let mut origins: Vec<(Origin, String)> = Vec::new();
        for account in accounts.iter().filter(|account| account.active) {
            let wired = context.wired(&account.name);
            let Some((wired, origin)) =
                wired.and_then(|wired| Some((Arc::clone(&wired), wired.origin.clone()?)))
            else {
                continue;
            };
            // Once per origin: a hundred accounts share one connection to the carrier.
            if origins.iter().all(|(known, _)| *known != origin) {
                let diagnosis = context.wiring().diagnosis_of(account);
                let proof = diagnosis.as_deref().and_then(Diagnosis::proof);
                let path = proof.map_or_else(
                    || "/".to_owned(),
                    |probe| context.wiring().path_of(&wired.spec, &probe.path),
                );
                origins.push((origin, path));
            }
        }
        origins
    }

    /// Sends a `HEAD` request without credentials. Any HTTP response proves the connection, even a
    /// refusal.
    async fn connectivity_check(
        &self,
        origin: &Origin,
        path: &str,
        findings: &mut Findings,
        budget: &TimeBudget<'_>,
    ) {
        let request = HttpRequest {
            // `HEAD`, so that nothing can be changed and no content has to be read.
            method: Method::HEAD,
            url: format!("{origin}{path}"),
            // Without a token: a server that is not the carrier must not see one.
            headers: HeaderMap::new(),
            body: Vec::new().into(),
            timeout: self.context.settings().request_timeout,
            max_response: 1 << 20,
        };
        let sent = self.context.clock.wall();
        match budget
            .within(self.context.wiring().http.send(request))
            .await
        {
            None => findings.skipped("connection", format!("{origin}: {NO_TIME}")),
            Some(Err(error)) => not_connected(origin, &error, findings),
            Some(Ok(answer)) => {
                findings.ok("connection", format!("{origin} answers"));
                let received = self.context.clock.wall();
                let theirs = answer.headers.get(header::DATE);
                let theirs = theirs.and_then(|date| http_date(date.to_str().ok()?));
                clock_check(origin, theirs, sent, received, findings);
            }
        }
    }
}

fn not_connected(origin: &Origin, error: &HttpError, findings: &mut Findings) {
    let remedy = match error.kind {
        HttpErrorKind::Dns => {
            "check the machine's name servers, and `origin` in the carrier's [[route]]"
        }
        HttpErrorKind::Connect => {
            "allow this machine to connect there: a firewall blocks it, or the carrier is down"
        }
        HttpErrorKind::Tls => {
            "if a middlebox inspects TLS, name its certificates as `ca_file` in [upstream]; otherwise \
             check this machine's clock and trust store"
        }
        HttpErrorKind::Timeout => "the carrier is slow, or a firewall drops packets: try again",
        HttpErrorKind::Denied => "check `origin` in the carrier's [[route]]",
        HttpErrorKind::TooLarge | HttpErrorKind::Other => {
            "the server there does not send a valid HTTP response: check `origin` in the carrier's \
             [[route]]"
        }
    };
    let message = format!("{origin}: {error}");
    findings.failure("connection", message, remedy.to_owned());
}

/// Compares the carrier's `Date` field (RFC 9110 section 6.6.1) with the time between request and
/// response.
fn clock_check(
    origin: &Origin,
    theirs: Option<SystemTime>,
    sent: SystemTime,
    received: SystemTime,
    findings: &mut Findings,
) {
    let Some(theirs) = theirs else {
        findings.skipped("clock", format!("{origin} sends no Date field"));
        return;
    };
    // `Date` has whole seconds: the carrier's time may be almost a second later than it says.
    let latest = theirs + Duration::from_secs(1);
    let (skew, word) = if latest < sent {
        // An answer that took long leaves room for doubt, which counts in favour of the clock.
        (sent.duration_since(latest).unwrap_or_default(), "ahead of")
    } else {
        (
            theirs.duration_since(received).unwrap_or_default(),
            "behind",
        )
    };
    let seconds = skew.as_secs();
    if skew <= SKEW_WARNING {
        let message = format!("this machine and {origin} agree on the time");
        findings.ok("clock", message);
        return;
    }
    let message = format!("this machine's clock is {seconds} s {word} that of {origin}");
    let remedy = "synchronise this machine's clock with NTP".to_owned();
    if skew <= SKEW_FAILURE {
        findings.warning("clock", message, remedy);
    } else {
        findings.failure("clock", message, remedy);
    }
}

fn http_date(text: &str) -> Option<SystemTime> {
    // The date of RFC 9110 has the form of mail's dates.
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let seconds = u64::try_from(at.as_second()).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
