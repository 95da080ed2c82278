//! Checks a request that a plugin asks for. The gateway makes the request, with the account's secrets in
//! it, so the gateway decides where it may go.

use crate::{Instance, Violation, fields, sink::EmittedRequest};
use gateway_http_client::HttpRequest;
use gateway_model::{Origin, Scheme};
use http::{HeaderMap, Method, Uri};
use std::time::Duration;

/// Why a request is not made.
pub(super) enum Rejection {
    /// The plugin is told and may go on.
    Denied(String),
    /// The authorization ends.
    Violation(Violation),
}

pub(super) fn check(
    instance: &Instance,
    emitted: EmittedRequest,
) -> Result<HttpRequest, Rejection> {
    let method = method(&emitted.method)?;
    let url = url(instance, &emitted.url)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &emitted.fields {
        let (name, mut value) =
            fields::field(name, value, "a request").map_err(Rejection::Violation)?;
        // Client credentials travel in fields as well as in the content.
        value.set_sensitive(true);
        // Appended, because a plugin may want a field twice.
        headers.append(name, value);
    }
    let limit = instance.limits.request_timeout;
    let timeout = match emitted.timeout_ms {
        0 => limit,
        // A plugin may ask for less time, never for more.
        ms => Duration::from_millis(ms.into()).min(limit),
    };
    Ok(HttpRequest {
        method,
        url,
        headers,
        body: emitted.body,
        timeout,
        max_response: instance.limits.response,
    })
}

fn method(bytes: &[u8]) -> Result<Method, Rejection> {
    match Method::from_bytes(bytes) {
        // CONNECT would open a tunnel, and TRACE would echo the client secret.
        Ok(Method::CONNECT | Method::TRACE) | Err(_) => {
            Err(Rejection::Denied("the method is not allowed".into()))
        }
        Ok(method) => Ok(method),
    }
}

/// The URL, written anew from the parts that were checked, so that no other reading of the plugin's
/// text can lead elsewhere.
fn url(instance: &Instance, bytes: &[u8]) -> Result<String, Rejection> {
    let denied = |why: &str| Rejection::Denied(why.to_owned());
    // Parsers read these characters in different ways, and two readings could mean two hosts.
    let plain = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'\\' | b'#' | b'"' | b'<' | b'>');
    if !bytes.iter().all(plain) {
        return Err(denied("the URL has characters that a URL has to escape"));
    }
    let uri = Uri::try_from(bytes).map_err(|_| denied("the URL cannot be parsed"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(denied("the URL is not absolute"));
    };
    let origin: Origin = format!("{scheme}://{authority}")
        .parse()
        .map_err(|_| denied("the URL has no proper origin"))?;
    // Before the path: where a secret goes matters more than what it asks for.
    allow(instance, &origin)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Ok(format!("{origin}{path}"))
}

/// Secrets go to the operator's origin if it is not the carrier's own, else to the manifest's hosts by HTTPS.
fn allow(instance: &Instance, origin: &Origin) -> Result<(), Rejection> {
    let hosts = &instance.plugin().manifest.hosts;
    let is_carrier =
        |origin: &Origin| origin.scheme() == Scheme::Https && hosts.contains(&origin.authority());
    let allowed = match &instance.origin {
        // One of the carrier's own chooses a region, and tokens may come from another host of the carrier's.
        Some(chosen) if is_carrier(chosen) => is_carrier(origin),
        // Any other origin is the only one: a mock must not share secrets with the carrier.
        Some(only) => origin == only,
        None => is_carrier(origin),
    };
    if allowed {
        return Ok(());
    }
    let why = format!("{origin} is not an origin that the manifest or the operator allows");
    Err(Rejection::Denied(why))
}
