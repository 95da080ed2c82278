//! What the manifest says about the carrier's API, beside what it says elsewhere.

use crate::{Suite, recorder::Recorder};
use gateway_model::{CarrierProfile, DownstreamToken, Environment, Operation, PathTemplate};
use http::Method;

const KEPT_APART: &str = "covers all paths of its authorization server";
const DESCRIBED: &str = "describes the operations that its probes and older paths lead to";
const METHODS: &str = "calls no operation safe whose method says otherwise";

pub(crate) const CHECKS: &[&str] = &[KEPT_APART, DESCRIBED, METHODS];

pub(crate) fn check(suite: &Suite<'_>, report: &mut Recorder<'_>) {
    let profile = suite.plugin.profile();
    match &profile.downstream_token {
        Some(token) => report.add(KEPT_APART, uncovered(profile, token)),
        None => report.skip(KEPT_APART, "the carrier has no token endpoint for apps"),
    }
    // Nothing can be checked against a list that is not there, and the careful default harms nobody.
    let operations = profile.api.operations();
    if operations.is_empty() {
        let why =
            "the manifest has no `operations`; only GET, HEAD and OPTIONS are ever sent again";
        report.skip(DESCRIBED, why);
        return report.skip(METHODS, why);
    }
    let mut findings = undescribed_probes(suite);
    findings.extend(undescribed_rewrites(profile));
    report.add(DESCRIBED, findings);
    let odd = operations
        .iter()
        .filter(|operation| changes_by_method(operation));
    let odd =
        odd.map(|operation| format!("{} is `safe`, and a PUT, PATCH or DELETE", operation.name));
    report.add(METHODS, odd.collect());
}

/// Neighbours of the token endpoint that would be forwarded with the account's credential.
fn uncovered(profile: &CarrierProfile, token: &DownstreamToken) -> Vec<String> {
    let token_path = token.path.as_str();
    let (folder, name) = token_path.rsplit_once('/').unwrap_or(("", token_path));
    let mut paths = vec![token_path.to_owned()];
    // A login that is no OAuth has none of OAuth's other endpoints beside it, but the operations of the API.
    let is_oauth = token.fields.credentials.is_empty();
    if is_oauth {
        // With and without `/api`, because carriers serve both and a plugin easily forgets one.
        paths.push(format!("/api{token_path}"));
    }
    // An endpoint at the root has the whole API for its neighbours.
    if is_oauth && !folder.is_empty() {
        paths.extend(["authorize", "refresh", "revoke"].map(|name| format!("{folder}/{name}")));
        // The next version as well: a carrier adds one without asking.
        paths.push(format!("{}/{name}", folder.replace("/v1", "/v2")));
    }
    paths.retain(|path| !profile.api.is_authorization_path(path));
    let finding = |path: &String| format!("{path} is not below a path of `authorization_server`");
    paths.iter().map(finding).collect()
}

fn undescribed_probes(suite: &Suite<'_>) -> Vec<String> {
    let api = &suite.plugin.profile().api;
    let probes = suite.plugin.diagnosis().probes.iter();
    let unknown = probes.filter(|probe| {
        // Without the query, which is no part of an operation.
        let path = probe.path.split(['?']).next().unwrap_or_default();
        [Environment::Production, Environment::Test]
            .iter()
            .any(|of| {
                let below = api.environment_path(*of).map_or("", PathTemplate::as_str);
                api.operation(&probe.method, &format!("{below}{path}"))
                    .is_none()
            })
    });
    let finding = |probe: &gateway_plugin_host::Probe| {
        format!(
            "the probe {}: no operation is {} {}",
            probe.name, probe.method, probe.path
        )
    };
    unknown.map(finding).collect()
}

fn undescribed_rewrites(profile: &CarrierProfile) -> Vec<String> {
    let rewrites = profile.legacy.iter().flat_map(|legacy| &legacy.paths);
    let mut findings = Vec::new();
    for rewrite in rewrites {
        let Ok(to) = rewrite.to.parse::<PathTemplate>() else {
            findings.push(format!("{} is not the template of a path", rewrite.to));
            continue;
        };
        let path = to.filled("x");
        let any = [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ];
        let found = |method: &Method| profile.api.operation(method, &path).is_some();
        let known = match rewrite.methods.as_slice() {
            [] => any.iter().any(found),
            methods => methods.iter().all(found),
        };
        if !known {
            findings.push(format!(
                "{} leads to {}, which is no operation",
                rewrite.from, rewrite.to
            ));
        }
    }
    findings
}

fn changes_by_method(operation: &Operation) -> bool {
    // Rates are asked for by POST, so POST says nothing.
    let changes = |method: &Method| matches!(*method, Method::PUT | Method::PATCH | Method::DELETE);
    operation.safe && operation.methods.iter().any(changes)
}
