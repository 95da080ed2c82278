//! The way to a carrier: name, connection, TLS, and whether its clock and ours agree.

use super::{NO_TIME, Patience, finding::Findings};
use crate::ControlPlane;
use gateway_api::Check;
use gateway_http_client::{HttpError, HttpErrorKind, HttpRequest};
use gateway_model::Origin;
use gateway_plugin_host::Diagnosis;
use gateway_store::AccountRecord;
use http::{HeaderMap, Method, header};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// From here on signatures and lifetimes begin to suffer.
const SKEW_WARNING: Duration = Duration::from_secs(60);
/// From here on tokens are used after their end, or certificates are not valid.
const SKEW_FAILURE: Duration = Duration::from_secs(5 * 60);

impl ControlPlane {
    /// Each carrier's origin, once.
    pub(super) async fn ways(
        &self,
        accounts: &[AccountRecord],
        patience: &Patience<'_>,
    ) -> Vec<Check> {
        let mut findings = Findings::default();
        for (origin, path) in self.places(accounts) {
            self.way(&origin, &path, &mut findings, patience).await;
        }
        findings.into_checks()
    }

    /// Where the active ones of these accounts send their requests, each place once, with a path
    /// that the carrier's API has.
    fn places(&self, accounts: &[AccountRecord]) -> Vec<(Origin, String)> {
        let shared = &self.shared;
        let mut places: Vec<(Origin, String)> = Vec::new();
        for account in accounts.iter().filter(|account| account.active) {
            let wired = shared.wired(&account.name);
            let Some(origin) = wired.and_then(|wired| wired.origin.clone()) else {
                continue;
            };
            if places.iter().all(|(known, _)| *known != origin) {
                let proof = shared.wiring.diagnosis(&account.carrier);
                let proof = proof.and_then(Diagnosis::proof);
                let path = proof.map_or_else(|| "/".to_owned(), |probe| probe.path.clone());
                places.push((origin, path));
            }
        }
        places
    }

    /// Asks for a head without a credential. Every answer is a good one, a refusal included.
    async fn way(
        &self,
        origin: &Origin,
        path: &str,
        findings: &mut Findings,
        patience: &Patience<'_>,
    ) {
        let request = HttpRequest {
            method: Method::HEAD,
            url: format!("{origin}{path}"),
            headers: HeaderMap::new(),
            body: Vec::new().into(),
            timeout: self.shared.settings.request_timeout,
            max_response: 1 << 20,
        };
        let sent = self.shared.clock.wall();
        match patience.keeps(self.shared.wiring.http.send(request)).await {
            None => findings.skipped("connection", format!("{origin}: {NO_TIME}")),
            Some(Err(error)) => no_way(origin, &error, findings),
            Some(Ok(answer)) => {
                findings.ok("connection", format!("{origin} answers"));
                let received = self.shared.clock.wall();
                let theirs = answer.headers.get(header::DATE);
                let theirs = theirs.and_then(|date| http_date(date.to_str().ok()?));
                clock(origin, theirs, sent, received, findings);
            }
        }
    }
}

fn no_way(origin: &Origin, error: &HttpError, findings: &mut Findings) {
    let remedy = match error.kind {
        HttpErrorKind::Dns => {
            "check the machine's name servers, and `origin` in the carrier's [[route]]"
        }
        HttpErrorKind::Connect => {
            "let this machine connect there: a firewall stands in between, or the carrier is down"
        }
        HttpErrorKind::Tls => {
            "if something inspects TLS on the way, name its certificates as `ca_file` in [upstream]; \
             else check this machine's clock and trust store"
        }
        HttpErrorKind::Timeout => "it is slow or something on the way swallows packets: try again",
        HttpErrorKind::Denied => "check `origin` in the carrier's [[route]]",
        HttpErrorKind::TooLarge | HttpErrorKind::Other => {
            "what answers there speaks no proper HTTP: check `origin` in the carrier's [[route]]"
        }
    };
    let message = format!("{origin}: {error}");
    findings.failure("connection", message, remedy.to_owned());
}

/// Compares the carrier's `Date` field (RFC 9110 section 6.6.1), which has whole seconds, with the
/// time between request and answer.
fn clock(
    origin: &Origin,
    theirs: Option<SystemTime>,
    sent: SystemTime,
    received: SystemTime,
    findings: &mut Findings,
) {
    let Some(theirs) = theirs else {
        findings.skipped("clock", format!("{origin} does not say what time it is"));
        return;
    };
    let latest = theirs + Duration::from_secs(1);
    let (skew, word) = if latest < sent {
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
    let remedy = "let the machine's clock be set over the network (NTP)".to_owned();
    if skew <= SKEW_FAILURE {
        findings.warning("clock", message, remedy);
    } else {
        findings.failure("clock", message, remedy);
    }
}

fn http_date(text: &str) -> Option<SystemTime> {
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let seconds = u64::try_from(at.as_second()).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
