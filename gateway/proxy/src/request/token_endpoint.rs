//! Phase 3: the carrier's token endpoint, answered by the gateway.

use super::{
    client_authentication::{self, Client, ClientCredentials},
    hygiene::HeadInspection,
    token_request::TokenContent,
};
use crate::{
    directory::{rate::RefillRate, view::DirectoryView},
    error::{Code, Problem},
    message::Request,
    path_rules::Spelling,
    ticks::timeout,
    upstream::body::AppBody,
    worker::Connection,
};
use gateway_model::{CarrierProfile, DownstreamToken};
use http::{HeaderName, HeaderValue, Method, uri::PathAndQuery};
use std::time::UNIX_EPOCH;

/// The largest form. A token request has three short fields.
const FORM_BYTES: usize = 16 * 1024;

/// A response with a token for an app, in the carrier's form.
pub(super) struct IssuedToken {
    pub(super) body: String,
    /// The header field with the token, for carriers that have it there.
    pub(super) field: Option<(HeaderName, HeaderValue)>,
}

/// The carrier's token endpoint, if the path leads to it in any spelling (case, escapes, extra slashes).
/// Such a request holds an app's secret, so it is never forwarded.
pub(super) fn find<'a>(
    profile: &'a CarrierProfile,
    target: &PathAndQuery,
    spelling: Spelling,
) -> Option<&'a DownstreamToken> {
    let endpoint = profile.downstream_token.as_ref()?;
    let path = target.path();
    // The plain spelling first, which nearly every app uses.
    if path == endpoint.path {
        return Some(endpoint);
    }
    if path.len() < endpoint.path.len() {
        return None;
    }
    if spelling == Spelling::Plain && !path.ends_with('/') {
        return path
            .eq_ignore_ascii_case(&endpoint.path)
            .then_some(endpoint);
    }
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let plain = |path: &str| -> String {
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        segments.flat_map(|segment| ["/", segment]).collect()
    };
    plain(&decoded)
        .eq_ignore_ascii_case(&plain(&endpoint.path))
        .then_some(endpoint)
}

/// Answers as the carrier's token endpoint would, with a token of the gateway: no secret of an app reaches
/// the carrier, and no app uses up the carrier's token quota.
pub(super) async fn respond(
    connection: &Connection,
    directory: &DirectoryView,
    endpoint: &DownstreamToken,
    request: Request<AppBody>,
    inspection: &HeadInspection,
    id: &[u8],
) -> Result<IssuedToken, Problem> {
    let worker = &connection.worker;
    // Before the form is read: another method has none.
    if !endpoint.methods.contains(&request.method) {
        let methods: Vec<&str> = endpoint.methods.iter().map(Method::as_str).collect();
        let problem = format!("the token endpoint accepts only {}", methods.join(" and "));
        return Err(Problem::owned(Code::MethodNotAllowed, problem));
    }
    let limit = worker.settings().limits.body_idle;
    // The whole form has one deadline: a token request is small, and reading it holds a connection.
    let form = timeout(&worker.ticks, limit, read_form(request.body))
        .await
        .map_err(|_| {
            Problem::new(
                Code::BodyTimeout,
                "the form did not arrive in time: send it again",
            )
            .closing()
        })??;
    // The client first, as carriers do: a stranger learns nothing about grant types.
    let content = TokenContent::read(&form, &request.fields, endpoint);
    let credentials = ClientCredentials::read(&request.fields, &content, endpoint)?;
    // A login of fields has no grant type.
    if endpoint.fields.credentials.is_empty() {
        content.check_grant_type(endpoint)?;
    }
    let Client {
        app,
        subject,
        client_id,
    } = client_authentication::authenticate(connection, directory, inspection, &credentials)?;
    let index = &directory.index;
    // After the secret was proven: nobody else can use up an app's token requests.
    let bucket = app.map_or(&*index.anonymous_tokens, |app| {
        &index.apps[app].buckets.tokens
    });
    let pace = RefillRate::per_minute(worker.settings().limits.token_requests_per_minute);
    if let Err(wait) = bucket.take(pace, worker.epoch, worker.now()) {
        return Err(Problem::new(
            Code::TooManyTokenRequests,
            "too many token requests: keep the token until it expires",
        )
        .after(wait));
    }
    let (wall, lifetime) = (worker.clock.wall(), worker.settings().app_token_lifetime);
    let id = std::str::from_utf8(id).unwrap_or_default();
    let token = worker
        .app_tokens
        .issue(&subject, app.is_none(), id, wall, lifetime);
    let Some(token) = token else {
        return Err(Problem::new(
            Code::Internal,
            "the token could not be signed",
        ));
    };
    worker.metrics.app_tokens_issued.add(1);
    let issued_at = wall
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    let issued_at = u64::try_from(issued_at).unwrap_or(u64::MAX);
    let body = endpoint.render(&token, client_id, lifetime.as_secs(), issued_at);
    let field = endpoint.fields.issued.clone().zip(secret_value(&token));
    Ok(IssuedToken { body, field })
}

fn secret_value(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(token).ok()?;
    value.set_sensitive(true);
    Some(value)
}

async fn read_form(mut body: AppBody) -> Result<Vec<u8>, Problem> {
    let mut form = Vec::new();
    while let Some(piece) = body.piece().await {
        let piece = piece.map_err(|_| {
            Problem::new(Code::BodyMalformed, "the form could not be read").closing()
        })?;
        // Counted while it comes: an announced length is never believed.
        if form.len() + piece.len() > FORM_BYTES {
            return Err(Problem::new(Code::BodyTooLarge, "the form is too large").closing());
        }
        form.extend_from_slice(&piece);
    }
    Ok(form)
}
