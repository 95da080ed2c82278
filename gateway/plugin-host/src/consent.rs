//! Where a person consents: asks the plugin for the URL, and checks it.
//!
//! A browser is sent to that URL and comes back with an authorization code, so a plugin that could choose
//! the URL freely could collect consents. The URL therefore has to lead to the carrier, over TLS, and to
//! repeat the state and the PKCE challenge that the gateway drew.

use crate::{
    ConsentRequest, Instance, Violation,
    call::{AuthorizeUrlResult, BeginArgs},
    handle,
    sink::OpEnd,
};
use gateway_model::{Failure, FailureClass, Origin, Scheme, Secret, SecretBytes};
use plugins_abi::{Reason, Status};
use std::sync::Arc;
use url::Url;

impl Instance {
    /// Where a person consents. The URL leads to the carrier and repeats what the request holds.
    ///
    /// # Errors
    /// When the plugin has none for this configuration; class *bug* if it gave an unsafe one.
    pub async fn authorize_url(&self, request: &ConsentRequest) -> Result<Secret, Failure> {
        let plugin = self.plugin();
        // A quarantined plugin must not be called for a URL either.
        plugin.health.admit()?;
        if !self.supports_auth_code() {
            return Err(unsupported(self));
        }
        plugin.check_slot(&request.slot)?;
        let args = begin_args(request);
        let (handle, limits) = (Arc::clone(&self.handle), self.limits);
        let result = plugin
            .host
            .call(&plugin.health, move || {
                handle::authorize_url(&handle, &args, limits)
            })
            .await??;
        let checked = judge(self, result).and_then(|judged| match judged {
            Ok(url) => check(self, request, url).map(Ok),
            Err(failure) => Ok(Err(failure)),
        });
        checked.unwrap_or_else(|violation| {
            plugin.health.bug();
            Err(violation.failure(&plugin.manifest.name))
        })
    }
}

fn unsupported(instance: &Instance) -> Failure {
    let name = &instance.plugin().manifest.name;
    let message = format!("plugin {name} knows no consent by a person");
    Failure::new(FailureClass::Config, "consent_unsupported", message)
}

fn begin_args(request: &ConsentRequest) -> BeginArgs {
    let param = |name: &str, value: &str| (name.to_owned(), Secret::new(value.to_owned()));
    BeginArgs {
        reason: Reason::AUTH_CODE,
        slot: request.slot.clone(),
        state: SecretBytes::default(),
        params: vec![
            param("redirect_uri", &request.redirect_uri),
            param("state", request.state.expose()),
            param("pkce_challenge", &request.pkce_challenge),
        ],
    }
}

/// The URL or the plugin's failure.
fn judge(
    instance: &Instance,
    result: AuthorizeUrlResult,
) -> Result<Result<Vec<u8>, Failure>, Violation> {
    let AuthorizeUrlResult {
        status,
        emitted,
        url,
    } = result;
    if let Some(violation) = emitted.violation {
        return Err(violation);
    }
    if !emitted.emissions.is_empty() {
        return Err(Violation::Misplaced);
    }
    match (status, emitted.end, url) {
        // This call can only give a URL: a credential here would bypass the authorization.
        (_, Some(OpEnd::Done(_)), _) => Err(Violation::Misplaced),
        (Status::OK, None, Some(url)) => Ok(Ok(url)),
        (Status::OK, None, None) => Err(Violation::NoUrl),
        (Status::OK, Some(OpEnd::Failed(_)), _) => Err(Violation::Contradiction),
        (Status::FAILED, Some(OpEnd::Failed(failure)), None) => {
            // Its own word counts as a bug like one that the host finds.
            if failure.class == FailureClass::Bug {
                instance.plugin().health.bug();
            }
            Ok(Err(failure))
        }
        (Status::FAILED, Some(OpEnd::Failed(_)), Some(_)) => Err(Violation::Contradiction),
        (Status::FAILED, None, _) => Err(Violation::NoReason),
        (Status::PANIC, end, _) => Err(Violation::panicked(end.and_then(OpEnd::failure))),
        (Status::UNSUPPORTED, _, _) => Ok(Err(unsupported(instance))),
        (Status(other), _, _) => Err(Violation::UnknownStatus(other)),
    }
}

/// The URL, if a browser may be sent there.
fn check(instance: &Instance, request: &ConsentRequest, url: Vec<u8>) -> Result<Secret, Violation> {
    let text = String::from_utf8(url).map_err(|_| Violation::BadUrl("is no text"))?;
    // The parser accepts white space and backslashes; a browser may read them in another way.
    if !text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
        return Err(Violation::BadUrl("has characters that a URL has to escape"));
    }
    let url = Url::parse(&text).map_err(|_| Violation::BadUrl("cannot be parsed"))?;
    // RFC 6749 section 3.1 forbids a fragment in the endpoint's address.
    if url.fragment().is_some() {
        return Err(Violation::BadUrl("has a fragment"));
    }
    // A user part makes a URL look as if it led to another host.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Violation::BadUrl("has a user in it"));
    }
    // The origin by the URL standard, because a browser follows that and not RFC 3986.
    let bare = url.origin().ascii_serialization();
    let origin = bare.parse::<Origin>();
    let origin = origin.map_err(|_| Violation::BadUrl("has no proper origin"))?;
    if !leads_to_the_carrier(instance, &origin) {
        return Err(Violation::BadUrl(
            "leads to a host that neither the manifest nor the operator allows, or not by https",
        ));
    }
    for (name, wanted) in [
        ("state", request.state.expose()),
        ("redirect_uri", &request.redirect_uri),
        ("code_challenge", &request.pkce_challenge),
    ] {
        // Once each: of two values, the carrier may read the other one.
        let mut values = url.query_pairs().filter(|(key, _)| key == name);
        let repeated = values.next().is_some_and(|(_, value)| value == *wanted);
        if !repeated || values.next().is_some() {
            return Err(Violation::BadUrl(
                "does not repeat state, redirect_uri and code_challenge once each",
            ));
        }
    }
    Ok(Secret::new(url.into()))
}

/// The operator's origin, whatever its scheme (an instance with a plaintext one had to be allowed),
/// or one of the manifest's hosts over TLS.
fn leads_to_the_carrier(instance: &Instance, origin: &Origin) -> bool {
    let hosts = &instance.plugin().manifest.hosts;
    instance.origin.as_ref() == Some(origin)
        || (origin.scheme() == Scheme::Https && hosts.contains(&origin.authority()))
}
