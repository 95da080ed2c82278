//! The suite against plugins that treat logins wrongly in one way each.

use gateway_model::Clock;
use gateway_plugin_host::Plugin;
use plugins_conformance::{CheckOutcome, Report, Suite, check, host};
use plugins_sdk::{
    CarrierAuth, Class, ConsentRequest, Context, Credential, Error, Grant, Reason, Result,
    oauth::{ChallengeMethod, consent_url},
};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

struct RealClock;

impl Clock for RealClock {
    #[expect(clippy::disallowed_methods, reason = "the clock of these tests")]
    fn now(&self) -> Instant {
        Instant::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the clock of these tests")]
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

const MANIFEST: &str = plugins_sdk::manifest!(
    r#"{"name":"flawed","carrier":{"id":"flawed"},"capabilities":["token","auth_code"],
    "hosts":["api.example.com"]}"#
);
const SILENT_MANIFEST: &str = plugins_sdk::manifest!(
    r#"{"name":"flawed","carrier":{"id":"flawed"},"capabilities":["token"],
    "hosts":["api.example.com"]}"#
);

#[derive(serde::Deserialize)]
struct Config {
    flaw: String,
    grant: Option<String>,
}

/// Has the one flaw that its configuration names.
struct Flawed(Config);

impl Flawed {
    fn has(&self, flaw: &str) -> bool {
        self.0.flaw == flaw
    }

    /// The state for an operation that presents one.
    fn presented(&self, cx: &Context) -> Result<String> {
        let state = str::from_utf8(cx.previous_state()).unwrap_or_default();
        if state.is_empty() && !self.has("asks anyway") {
            return Err(Error::new(Class::Interaction, "login_needed", "log in"));
        }
        Ok(state.to_owned())
    }

    fn lost(&self, error: Error, secret: &str) -> Error {
        if self.has("unharmed") {
            error.grant_unharmed()
        } else if self.has("refused") {
            error.grant_refused()
        } else if self.has("tells") {
            Error::new(Class::Protocol, "told", secret.to_owned())
        } else {
            error
        }
    }
}

impl CarrierAuth for Flawed {
    type Config = Config;

    const CONSENTS: bool = true;

    fn new(config: Config) -> Result<Self> {
        Ok(Self(config))
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        if self.0.grant.is_none() {
            return Credential::bearer("client-credentials");
        }
        let secret = match cx.reason() {
            Reason::AuthCode => cx.param("code").unwrap_or_default().to_owned(),
            Reason::Fetch | Reason::Refresh | Reason::UpstreamRejected | Reason::Revoke => {
                self.presented(cx)?
            }
        };
        let request = http::Request::post("https://api.example.com/").body(Vec::new());
        let answer = cx.http().send(request.expect("a request")).await;
        let answer = answer.map_err(|error| self.lost(error, &secret))?;
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let (token, refresh) = (&body["access_token"], &body["refresh_token"]);
        let (Some(token), Some(refresh), 200) =
            (token.as_str(), refresh.as_str(), answer.status().as_u16())
        else {
            let class = if answer.status().is_client_error() {
                Class::Interaction
            } else {
                Class::Protocol
            };
            return Err(self.lost(Error::new(class, "nonsense", "no"), &secret));
        };
        let state = if self.has("forgets") {
            secret
        } else {
            refresh.to_owned()
        };
        let replaced = Grant::Replaced { lifetime: None };
        let grant = if self.has("calls it free") {
            Grant::NotSingleUse
        } else {
            replaced
        };
        Ok(Credential::bearer(token)?
            .state(state.as_bytes())
            .grant(grant))
    }

    fn authorize_url(&self, request: &ConsentRequest) -> Result<String> {
        let host = if self.has("elsewhere") {
            "evil.example.com"
        } else {
            "api.example.com"
        };
        let endpoint = oauth2::AuthUrl::new(format!("https://{host}/authorize"));
        let id = oauth2::ClientId::new("id".to_owned());
        let endpoint = endpoint.map_err(|_| Error::new(Class::Bug, "endpoint", "no URL"))?;
        let url = consent_url(endpoint, &id, ChallengeMethod::Named, request)?;
        Ok(match self.0.flaw.as_str() {
            "no state" => url.replace("&state=", "&stat="),
            "two states" => format!("{url}&state=other"),
            "no challenge" => url.replace("code_challenge=", "challenge="),
            "fragment" => format!("{url}#x"),
            "plaintext" => url.replace("https://", "http://"),
            "user" => url.replace("https://", "https://api.example.com@"),
            _ => url,
        })
    }
}

async fn report(flaw: &str, manifest: Option<&'static str>) -> Report {
    let table = match manifest {
        None => plugins_sdk::static_plugin!(Flawed, manifest: MANIFEST),
        Some(_) => plugins_sdk::static_plugin!(Flawed, manifest: SILENT_MANIFEST),
    };
    let plugin = Plugin::from_static(table, &host(Arc::new(RealClock))).expect("a handshake");
    let suite = Suite {
        plugin: &plugin,
        config: &json!({ "flaw": flaw }),
        script: Vec::new(),
        progress: &(),
        process: None,
    };
    check(&suite).await
}

/// The outcome of the check whose name contains that.
fn failed(report: &Report, named: &str) -> bool {
    let check = report
        .checks
        .iter()
        .find(|check| check.name.contains(named));
    let outcome = &check.expect("such a check").outcome;
    matches!(outcome, CheckOutcome::Failed(_))
}

/// What a gateway would lose a login by, or give one away by.
#[tokio::test]
async fn each_flaw_of_a_login_is_found_by_its_check() {
    for (flaw, check) in [
        ("elsewhere", "leads a person"),
        ("no state", "leads a person"),
        ("two states", "leads a person"),
        ("no challenge", "leads a person"),
        ("fragment", "leads a person"),
        ("plaintext", "leads a person"),
        ("user", "leads a person"),
        ("forgets", "makes a login"),
        ("calls it free", "makes a login"),
        ("asks anyway", "asks for a login"),
        ("unharmed", "claims a refresh token"),
        ("refused", "claims a refresh token"),
        ("tells", "tells no code"),
    ] {
        let report = report(flaw, None).await;
        assert!(failed(&report, check), "{flaw}: {report}");
    }
}

#[tokio::test]
async fn login_without_flaw_passes_the_checks_of_logins() {
    let report = report("none", None).await;
    for check in [
        "says in its manifest",
        "leads a person",
        "makes a login",
        "asks for a login",
        "breaks its contract for no answer to a code",
        "claims a refresh token",
        "tells no code",
    ] {
        assert!(!failed(&report, check), "{check}: {report}");
    }
}

#[tokio::test]
async fn manifest_that_hides_a_capability_is_found() {
    let report = report("none", Some(SILENT_MANIFEST)).await;
    assert!(failed(&report, "says in its manifest"), "{report}");
}
