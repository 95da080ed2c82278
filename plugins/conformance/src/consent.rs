//! Consents and logins: plugins with the capability `auth_code`.
//!
//! What matters here is that a refresh token that works once is never spent twice and never lost: the
//! gateway believes what the plugin says about it.

use crate::{
    ScriptedResponse, Suite, authorize,
    carrier::{Carrier, CarrierReply},
    cases::{self, ReplyMeaning},
    recorder::Recorder,
    secrets::Secrets,
};
use gateway_http_client::HttpErrorKind;
use gateway_model::{Failure, FailureClass, GrantHint, Secret, SecretBytes};
use gateway_plugin_host::{
    Authorization, AuthorizationReason, ConsentRequest, GrantChange, Instance, InstanceOptions,
    Issued,
};
use serde_json::{Value, json};
use std::time::Duration;

const MANIFEST: &str = "says in its manifest whether a person can consent";
const URL: &str = "leads a person to the carrier with state, challenge and redirect URI";
const LOGIN: &str = "makes a login of a code, and the next one of a login";
const NEEDED: &str = "asks for a login when there is none, and asks the carrier nothing";
const HOSTILE: &str = "breaks its contract for no answer to a code or a refresh token";
const FATE: &str = "claims a refresh token unharmed or refused only when the carrier said so";
const SILENT: &str = "tells no code, verifier or refresh token in its failures";
const DROPPED: &str = "can be cancelled at every step of a login and of a refresh";

pub(crate) const CHECKS: &[&str] = &[MANIFEST, URL, LOGIN, NEEDED, HOSTILE, FATE, SILENT, DROPPED];

const CALLBACK: &str = "https://gateway.example.com/oauth/callback/";

pub(crate) async fn check(suite: &Suite<'_>, report: &mut Recorder<'_>) {
    let manifest = suite.plugin.manifest();
    let said = manifest.capabilities.iter().any(|able| able == "auth_code");
    let able = suite.plugin.supports_auth_code();
    // The gateway goes by the table and people by the manifest, so both must say the same.
    let differs = (said != able).then(|| "the manifest and the table differ".to_owned());
    report.add(MANIFEST, differs.into_iter().collect());
    let skip = |report: &mut Recorder<'_>, why: &str| {
        let rest = CHECKS.iter().skip(1);
        rest.for_each(|name| report.skip(name, why));
    };
    if !able {
        return skip(report, "the plugin knows no consent");
    }
    let mut config = suite.config.clone();
    if let Value::Object(members) = &mut config {
        members.insert("grant".into(), json!("authorization_code"));
    }
    report.at(URL, "an instance for logins");
    let made = suite.plugin.instance(InstanceOptions {
        limits: authorize::limits(),
        ..InstanceOptions::new(config)
    });
    let instance = match made {
        Ok(instance) => instance,
        Err(failure) => return skip(report, &format!("there is no instance: {failure}")),
    };
    let run = Run {
        slot: manifest.slots.first().cloned().unwrap_or_default(),
        script: if suite.script.is_empty() {
            vec![cases::good_login(1)]
        } else {
            suite.script.clone()
        },
        secrets: Secrets::of(suite.config, manifest.config_schema.as_ref())
            .with(cases::ALL_PLANTED),
        instance,
    };
    run.url(report).await;
    let login = run.login(report).await;
    run.needed(report).await;
    let Some(login) = login else {
        for name in [HOSTILE, FATE, SILENT, DROPPED] {
            report.skip(name, "there is no login");
        }
        return;
    };
    run.hostile(&login, report).await;
    run.dropped(&login, report).await;
}

/// A login that was made of a code.
struct Login {
    state: SecretBytes,
    /// Requests of the exchange, and of a refresh.
    steps: [(AuthorizationReason, usize); 2],
}

struct Run {
    instance: Instance,
    slot: String,
    script: Vec<ScriptedResponse>,
    secrets: Secrets,
}

impl Run {
    /// The host has checked what comes back; it only has to come.
    async fn url(&self, report: &mut Recorder<'_>) {
        let mut findings = Vec::new();
        for (redirect_uri, state) in [
            // The second and the third have characters that a URL must escape.
            (CALLBACK, "0123456789abcdef0123456789abcdef"),
            (
                "https://gateway.example.com:8443/cb?carrier=a%20b&x=%C3%BC",
                "a+b/c=_-~.",
            ),
            ("http://127.0.0.1:8081/oauth/callback", "%2B&state=other#"),
        ] {
            report.at(URL, redirect_uri);
            let request = ConsentRequest {
                slot: self.slot.clone(),
                redirect_uri: redirect_uri.to_owned(),
                state: Secret::new(state.to_owned()),
                pkce_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
            };
            if let Err(failure) = self.instance.authorize_url(&request).await {
                findings.push(format!("back to {redirect_uri}: {failure}"));
            }
        }
        report.add(URL, findings);
    }

    async fn authorize(
        &self,
        reason: AuthorizationReason,
        state: &SecretBytes,
        carrier: &Carrier,
    ) -> Result<Issued, Failure> {
        let param = |name: &str, value: &str| (name.to_owned(), Secret::new(value.to_owned()));
        let code = vec![
            param("code", cases::PLANTED_CODE),
            param("redirect_uri", CALLBACK),
            param("pkce_verifier", cases::PLANTED_VERIFIER),
        ];
        let authorization = Authorization {
            reason,
            slot: self.slot.clone(),
            state: state.clone(),
            params: if reason == AuthorizationReason::AuthCode {
                code
            } else {
                Vec::new()
            },
        };
        self.instance.authorize(authorization, carrier).await
    }

    /// A login, if one can be made.
    async fn login(&self, report: &mut Recorder<'_>) -> Option<Login> {
        let mut findings = Vec::new();
        let carrier = Carrier::good(&self.script);
        let none = SecretBytes::default();
        let mut kept = None;
        report.at(LOGIN, "a code");
        match self
            .authorize(AuthorizationReason::AuthCode, &none, &carrier)
            .await
        {
            Ok(issued) => {
                findings.extend(change(&issued, &none));
                kept = Some(issued.state).filter(|state| !state.expose().is_empty());
            }
            Err(failure) => findings.push(format!("a code: {failure}: does the script fit?")),
        }
        let mut steps = [
            (AuthorizationReason::AuthCode, carrier.asked().len()),
            (AuthorizationReason::Refresh, 0),
        ];
        if let Some(state) = &kept {
            // Another refresh token than the first, as a carrier that rotates would send.
            let next = if self.script == [cases::good_login(1)] {
                vec![cases::good_login(2)]
            } else {
                self.script.clone()
            };
            for reason in [
                AuthorizationReason::Refresh,
                AuthorizationReason::Fetch,
                AuthorizationReason::UpstreamRejected,
            ] {
                report.at(LOGIN, &format!("{reason:?} with a login"));
                let carrier = Carrier::good(&next);
                match self.authorize(reason, state, &carrier).await {
                    Ok(issued) => findings.extend(change(&issued, state)),
                    Err(failure) => findings.push(format!("{reason:?} with a login: {failure}")),
                }
                if reason == AuthorizationReason::Refresh {
                    steps[1].1 = carrier.asked().len();
                }
            }
        }
        report.add(LOGIN, findings);
        kept.map(|state| Login { state, steps })
    }

    async fn needed(&self, report: &mut Recorder<'_>) {
        // Without a login no request can succeed, and each would count against the client.
        let mut findings = Vec::new();
        for reason in [
            AuthorizationReason::Fetch,
            AuthorizationReason::Refresh,
            AuthorizationReason::UpstreamRejected,
        ] {
            report.at(NEEDED, &format!("{reason:?}"));
            let carrier = Carrier::good(&self.script);
            let none = SecretBytes::default();
            match self.authorize(reason, &none, &carrier).await {
                Err(failure) if failure.class == FailureClass::Interaction => {}
                Err(failure) => findings.push(format!(
                    "{reason:?}: class {}: {failure}",
                    failure.class.as_str()
                )),
                Ok(_) => findings.push(format!("{reason:?}: a credential without a login")),
            }
            if !carrier.asked().is_empty() {
                findings.push(format!("{reason:?}: it asked the carrier"));
            }
        }
        report.add(NEEDED, findings);
    }

    async fn hostile(&self, login: &Login, report: &mut Recorder<'_>) {
        let (mut bugs, mut fates, mut told) = (Vec::new(), Vec::new(), Vec::new());
        for (reason, step) in each_step(login) {
            for (name, meaning, reply) in cases::replies() {
                let name = format!("{reason:?}, request {}, {name}", step + 1);
                report.at(HOSTILE, &name);
                let carrier = Carrier::with(&self.script, step, reply.clone());
                let Err(failure) = self.authorize(reason, &login.state, &carrier).await else {
                    if !matches!(meaning, ReplyMeaning::Odd) {
                        fates.push(format!("{name}: a credential was made of it"));
                    }
                    continue;
                };
                if failure.class == FailureClass::Bug {
                    bugs.push(format!("{name}: {failure}"));
                }
                if self.secrets.are_in(&format!("{failure:?}")) {
                    told.push(format!("{name}: the failure contains a secret"));
                }
                // A code is used up whatever happens, so only a refresh token has a fate to judge.
                if reason == AuthorizationReason::Refresh {
                    fates.extend(wrong_fate(&reply, &failure).map(|why| format!("{name}: {why}")));
                }
            }
        }
        report.add(HOSTILE, bugs);
        report.add(FATE, fates);
        report.add(SILENT, told);
    }

    async fn dropped(&self, login: &Login, report: &mut Recorder<'_>) {
        let mut findings = Vec::new();
        for (reason, step) in each_step(login) {
            let name = format!("{reason:?}, request {}", step + 1);
            report.at(DROPPED, &name);
            let carrier = Carrier::with(&self.script, step, CarrierReply::Silence);
            let asked = self.authorize(reason, &login.state, &carrier);
            // Long enough to come to the request, which is never answered.
            let ended = tokio::time::timeout(Duration::from_millis(30), asked).await;
            if ended.is_ok() {
                findings.push(format!("{name}: it did not wait for the answer"));
            }
        }
        report.at(DROPPED, "a refresh after that");
        let carrier = Carrier::good(&self.script);
        let refreshed = self.authorize(AuthorizationReason::Refresh, &login.state, &carrier);
        if let Err(failure) = refreshed.await {
            findings.push(format!("a refresh after that: {failure}"));
        }
        report.add(DROPPED, findings);
    }
}

/// Each request of the exchange of a code and of a refresh.
fn each_step(login: &Login) -> impl Iterator<Item = (AuthorizationReason, usize)> {
    let steps = login.steps.into_iter();
    steps.flat_map(|(reason, steps)| (0..steps).map(move |step| (reason, step)))
}

/// What is wrong with what a login's answer did to the state, if anything.
fn change(issued: &Issued, before: &SecretBytes) -> Option<String> {
    let kept = issued.state.expose();
    let wrong = match issued.grant {
        GrantChange::NotSingleUse => "a login is called a grant that works any number of times",
        GrantChange::Replaced { .. } if kept.is_empty() || kept == before.expose() => {
            "the grant is called replaced, but the state holds no new one"
        }
        GrantChange::Kept if kept.is_empty() => {
            "the grant is called kept, but the state does not hold it"
        }
        GrantChange::Replaced { .. } | GrantChange::Kept | GrantChange::Gone => return None,
    };
    Some(wrong.to_owned())
}

/// What is wrong with the fate that a failure means for the refresh token, if anything.
fn wrong_fate(reply: &CarrierReply, failure: &Failure) -> Option<String> {
    // As the gateway reads it: a refused client has not used its grant up.
    let unharmed = match failure.grant {
        GrantHint::Unharmed => true,
        GrantHint::Refused => false,
        GrantHint::HostDecides => {
            failure.certainly_not_sent
                || matches!(failure.class, FailureClass::Rejected | FailureClass::Config)
        }
    };
    let refused = match failure.grant {
        GrantHint::Refused => true,
        GrantHint::Unharmed => false,
        GrantHint::HostDecides => {
            failure.class == FailureClass::Interaction && !failure.certainly_not_sent
        }
    };
    let (may_be_unharmed, may_be_refused) = match reply {
        CarrierReply::Response(answer) => match answer.status {
            // It was looked at, or not: the carrier's own words decide.
            400..=499 => (true, true),
            // A carrier whose service is down may not have looked at the grant.
            503 => (true, false),
            _ => (false, false),
        },
        CarrierReply::Error(kind) => match kind {
            HttpErrorKind::Dns
            | HttpErrorKind::Connect
            | HttpErrorKind::Tls
            | HttpErrorKind::Denied => (true, false),
            HttpErrorKind::Timeout | HttpErrorKind::Other | HttpErrorKind::TooLarge => {
                (false, false)
            }
        },
        CarrierReply::Silence => (false, false),
    };
    if unharmed && !may_be_unharmed {
        Some("it may be used up, and is called unharmed".to_owned())
    } else if refused && !may_be_refused {
        Some("the carrier did not refuse it, and the plugin calls it refused".to_owned())
    } else {
        None
    }
}
