//! The gateway itself: its store, its files, and its redirect URI.

use super::{
    finding::Findings,
    time_budget::{NO_TIME, TimeBudget},
};
use crate::{ControlPlane, settings::PrivateFile};
use gateway_api::Check;
use gateway_http_client::HttpRequest;
use http::{HeaderMap, Method};
use std::{io::ErrorKind, os::unix::fs::PermissionsExt as _};
use url::{Host, Url};

/// The path of the admin listener to which carriers redirect people.
const CALLBACK: &str = "/oauth/callback";
/// The maximum length of the page behind it.
const MAX_PAGE: usize = 64 << 10;

impl ControlPlane {
    pub(super) async fn gateway_checks(&self, budget: &TimeBudget<'_>) -> Vec<Check> {
        let mut findings = Findings::default();
        self.store_check(&mut findings).await;
        self.fleet_check(&mut findings).await;
        self.files_check(&mut findings, budget).await;
        self.redirect_check(&mut findings, budget).await;
        findings.into_checks()
    }

    async fn store_check(&self, findings: &mut Findings) {
        let store = &self.context.store;
        if let Err(error) = store.healthy().await {
            let remedy = "no login can be renewed until the store works again: see the gateway's log and \
                          docs/store.md";
            findings.failure("store", error.to_string(), remedy.to_owned());
            return;
        }
        // It works, but somebody who installs it so will be surprised at the first restart.
        if store.kind() == "memory" {
            let message = "the store is in memory: accounts, logins and tokens are lost when the process ends";
            let remedy = "set `url = \"sqlite://waybill.db\"` in [store]";
            findings.warning("store", message, remedy.to_owned());
        } else {
            let message = format!("{} responds and takes writes", store.kind());
            findings.ok("store", message);
        }
        // Records that cannot be opened are left out of everything else, so this is where they
        // show.
        for damaged in store.quarantined().await {
            let remedy = match &damaged.account {
                Some(account) => {
                    format!("restore a backup, or remove account {account} and add it again")
                }
                None => "restore a backup, or remove it and add it again".to_owned(),
            };
            let message = format!(
                "the record {} cannot be opened: {}",
                damaged.row, damaged.reason
            );
            findings.failure("store", message, remedy);
        }
    }

    async fn files_check(&self, findings: &mut Findings, budget: &TimeBudget<'_>) {
        let files = self.context.settings().files.private.clone();
        let look = move || {
            files
                .iter()
                .map(|file| (file.clone(), mode(file)))
                .collect()
        };
        // A network file system may block forever, so this has the time budget as well.
        let looked = budget.within(tokio::task::spawn_blocking(look)).await;
        let Some(looked) = looked else {
            findings.skipped("file mode", NO_TIME);
            return;
        };
        let looked: Vec<(PrivateFile, Mode)> = looked.unwrap_or_default();
        for (file, mode) in looked {
            file_check(&file, &mode, findings);
        }
    }

    /// Shows the redirect URI exactly as it must be registered, and requests it.
    async fn redirect_check(&self, findings: &mut Findings, budget: &TimeBudget<'_>) {
        let name = "redirect uri";
        let text = self.context.redirect_uri();
        if text.is_empty() {
            findings.skipped(
                name,
                "there is no admin listener to which a carrier could redirect people",
            );
            return;
        }
        let url = match checked(&text) {
            Ok(url) => url,
            Err(why) => {
                let message = format!("{text} cannot be registered with a carrier: {why}");
                let remedy = "set `redirect_uri` in [consent] to an https address of the admin \
                              listener, and register that";
                findings.failure(name, message, remedy.to_owned());
                return;
            }
        };
        let request = HttpRequest {
            method: Method::GET,
            url: text.clone(),
            headers: HeaderMap::new(),
            body: Vec::new().into(),
            timeout: self.context.settings().request_timeout,
            max_response: MAX_PAGE,
        };
        let tried = budget
            .within(self.context.wiring().http.send(request))
            .await;
        let paste = "until then, finish each sign-in with `waybill account paste`";
        match tried {
            None => findings.skipped(name, NO_TIME),
            // Without a code and a state the page answers with an error that names Waybill: this
            // tells it from another program at the same address.
            Some(Ok(page)) if page.status.is_client_error() && says_waybill(&page.body) => {
                let reach = if loopback(&url) {
                    ", for browsers on this machine only"
                } else {
                    ""
                };
                findings.ok(
                    name,
                    format!(
                        "{text} leads here{reach}; register it with the carrier exactly like this"
                    ),
                );
            }
            Some(Ok(page)) => {
                // It may be right all the same: a proxy can hide the answer from this machine.
                let message = format!(
                    "{text} is answered by something else (HTTP {})",
                    page.status.as_u16()
                );
                let remedy = format!("make it lead to {CALLBACK} of the admin listener; {paste}");
                findings.warning(name, message, remedy);
            }
            Some(Err(error)) => {
                let message = format!("{text} cannot be reached from this machine: {error}");
                let remedy =
                    format!("check the name, the reverse proxy and its certificate; {paste}");
                findings.warning(name, message, remedy);
            }
        }
    }
}

fn says_waybill(page: &[u8]) -> bool {
    String::from_utf8_lossy(page).contains("Waybill")
}

/// Checks that a carrier may redirect a browser to an address (RFC 6749 section 3.1.2, RFC 8252
/// section 7.3).
fn checked(text: &str) -> Result<Url, &'static str> {
    let url: Url = text.parse().map_err(|_| "it is not an absolute address")?;
    let unspecified = match url.host() {
        None => return Err("it names no host"),
        Some(Host::Ipv4(ip)) => ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => ip.is_unspecified(),
        Some(Host::Domain(_)) => false,
    };
    if unspecified {
        return Err("a browser cannot go to an unspecified address");
    }
    // RFC 6749 section 3.1.2 forbids a fragment in a redirect URI.
    if url.fragment().is_some() {
        return Err("it has a fragment");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback(&url) => Ok(url),
        "http" => Err("the code in it would be sent in clear"),
        _ => Err("it is neither http nor https"),
    }
}

fn loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The mode of a file.
enum Mode {
    Bits(u32),
    Missing,
    Unknown(String),
}

fn mode(file: &PrivateFile) -> Mode {
    match std::fs::metadata(&file.path) {
        // Only the permission bits; the kind of the file is of no interest here.
        Ok(meta) => Mode::Bits(meta.permissions().mode() & 0o777),
        Err(error) if error.kind() == ErrorKind::NotFound => Mode::Missing,
        Err(error) => Mode::Unknown(error.to_string()),
    }
}

fn file_check(file: &PrivateFile, mode: &Mode, findings: &mut Findings) {
    let (what, path) = (file.what, file.path.display());
    match mode {
        Mode::Bits(bits) if bits & file.forbidden == 0 => {
            findings.ok("file mode", format!("{what} ({path}) has mode {bits:03o}"));
        }
        Mode::Bits(bits) => {
            let message =
                format!("{what} ({path}) has mode {bits:03o}: other users have access to it");
            let wanted = bits & !file.forbidden;
            findings.failure("file mode", message, format!("`chmod {wanted:03o} {path}`"));
        }
        Mode::Missing if file.needed => {
            let message = format!(
                "{what} ({path}) does not exist any more: the gateway will not start again"
            );
            let remedy = "put it back from your backup before the next restart";
            findings.failure("file mode", message, remedy.to_owned());
        }
        // The token may have been moved elsewhere, which is no fault.
        Mode::Missing => {
            findings.ok(
                "file mode",
                format!("{what} ({path}) is not kept in a file"),
            );
        }
        Mode::Unknown(why) => {
            let message = format!("the mode of {what} ({path}) cannot be read: {why}");
            findings.warning("file mode", message, None);
        }
    }
}
