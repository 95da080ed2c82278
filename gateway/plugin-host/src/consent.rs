//! Where a person consents: asks the plugin, and checks what it says.
//!
//! A browser goes to that URL and comes back with a code, so whoever could choose it freely could
//! collect consents. The URL leads to the carrier, over TLS, and repeats what the gateway drew.

use crate::{
    AuthorizeUrl, Breach, Instance, drive,
    instance::{self, Asked, Beginning},
    sink::End,
};
use gateway_model::{Failure, FailureClass, Origin, Scheme, Secret, SecretBytes};
use plugins_abi::{Reason, Status};
use std::sync::Arc;
use url::Url;

pub(crate) async fn authorize_url(
    instance: &Instance,
    request: &AuthorizeUrl,
) -> Result<Secret, Failure> {
    let plugin = instance.plugin();
    plugin.health.admit()?;
    let Some(call) = plugin
        .table
        .authorize_url
        .filter(|_| instance.supports_auth_code())
    else {
        return Err(unsupported(instance));
    };
    drive::check_slot(instance, &request.slot)?;
    let beginning = beginning(request);
    let (handle, limits) = (Arc::clone(&instance.handle), instance.limits);
    let asked = plugin
        .host
        .call(&plugin.health, move || {
            instance::authorize_url(&handle, call, &beginning, limits)
        })
        .await?;
    let checked = judge(instance, asked).and_then(|judged| match judged {
        Ok(url) => check(instance, request, url).map(Ok),
        Err(failure) => Ok(Err(failure)),
    });
    checked.unwrap_or_else(|breach| {
        plugin.health.bug();
        Err(breach.failure(&plugin.manifest.name))
    })
}

fn unsupported(instance: &Instance) -> Failure {
    let name = &instance.plugin().manifest.name;
    let message = format!("plugin {name} knows no consent by a person");
    Failure::new(FailureClass::Config, "consent_unsupported", message)
}

fn beginning(request: &AuthorizeUrl) -> Beginning {
    let param = |name: &str, value: &str| (name.to_owned(), Secret::new(value.to_owned()));
    Beginning {
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
fn judge(instance: &Instance, asked: Asked) -> Result<Result<Vec<u8>, Failure>, Breach> {
    let Asked {
        status,
        emitted,
        urls,
    } = asked;
    if let Some(breach) = emitted.breach.or(urls.breach) {
        return Err(breach);
    }
    if !emitted.emissions.is_empty() {
        return Err(Breach::Misplaced);
    }
    match (status, emitted.end, urls.first) {
        (_, Some(End::Done(_)), _) => Err(Breach::Misplaced),
        (Status::OK, None, Some(url)) => Ok(Ok(url)),
        (Status::OK, None, None) => Err(Breach::NoUrl),
        (Status::OK, Some(End::Failed(_)), _) => Err(Breach::Contradiction),
        (Status::FAILED, Some(End::Failed(failure)), None) => {
            if failure.class == FailureClass::Bug {
                instance.plugin().health.bug();
            }
            Ok(Err(failure))
        }
        (Status::FAILED, Some(End::Failed(_)), Some(_)) => Err(Breach::Contradiction),
        (Status::FAILED, None, _) => Err(Breach::NoReason),
        (Status::PANIC, end, _) => Err(Breach::panicked(end)),
        (Status::UNSUPPORTED, _, _) => Ok(Err(unsupported(instance))),
        (Status(other), _, _) => Err(Breach::UnknownStatus(other)),
    }
}

/// The URL, if a browser may be sent there.
fn check(instance: &Instance, request: &AuthorizeUrl, url: Vec<u8>) -> Result<Secret, Breach> {
    let text = String::from_utf8(url).map_err(|_| Breach::BadUrl("is no text"))?;
    // The parser forgives white space and backslashes; a browser's may read them in its own way.
    if !text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
        return Err(Breach::BadUrl("has characters that a URL has to escape"));
    }
    let url = Url::parse(&text).map_err(|_| Breach::BadUrl("cannot be parsed"))?;
    if url.fragment().is_some() {
        return Err(Breach::BadUrl("has a fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Breach::BadUrl("has a user in it"));
    }
    let bare = url.origin().ascii_serialization();
    let origin = bare.parse::<Origin>();
    let origin = origin.map_err(|_| Breach::BadUrl("has no proper origin"))?;
    if !leads_to_the_carrier(instance, &origin) {
        return Err(Breach::BadUrl(
            "leads to a host that neither the manifest nor the operator allows, or not by https",
        ));
    }
    for (name, wanted) in [
        ("state", request.state.expose()),
        ("redirect_uri", &request.redirect_uri),
        ("code_challenge", &request.pkce_challenge),
    ] {
        let mut values = url.query_pairs().filter(|(key, _)| key == name);
        let repeated = values.next().is_some_and(|(_, value)| value == *wanted);
        if !repeated || values.next().is_some() {
            return Err(Breach::BadUrl(
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
