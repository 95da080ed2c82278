//! The routes of the admin listener, and what holds for every response.

use crate::{api, context::AdminContext, error::AdminError, metrics, readiness::Readiness, ui};
use axum::{
    Json, Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use gateway_api::{VERSION, VERSION_HEADER};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde_json::json;

/// All routes of the listener.
pub(crate) fn router(context: AdminContext) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_text))
        .merge(api::router(&context))
        .merge(ui::router(&context))
        .fallback(async || AdminError::NotFound)
        .method_not_allowed_fallback(async |uri: Uri| {
            refused(uri.path(), AdminError::MethodNotAllowed)
        })
        // Outermost, so that it covers the fallbacks, too.
        .layer(middleware::from_fn_with_state(context.clone(), check_host))
        .with_state(context)
}

/// Checks the `Host` field, and keeps responses out of caches and frames.
async fn check_host(State(context): State<AdminContext>, request: Request, next: Next) -> Response {
    let mut response = match context.access.hosts().check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => refused(request.uri().path(), error),
    };
    let headers = response.headers_mut();
    // On errors as well: a client tells a gateway of another version by it.
    headers.insert(VERSION_HEADER, HeaderValue::from_static(VERSION));
    for (name, value) in [
        // Responses may hold secrets that are shown once.
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        // A page for people may know better.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    // Pages have a policy of their own.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    response
}

/// An error for who asked: where pages are, a person reads it.
fn refused(path: &str, error: AdminError) -> Response {
    if ui::has(path) {
        ui::refused(error)
    } else {
        error.into_response()
    }
}

async fn healthz() -> Json<serde_json::Value> {
    // Nothing is asked: a process that answers is alive, and a restart would mend no store.
    Json(json!({ "status": "ok" }))
}

async fn readyz(State(context): State<AdminContext>) -> Response {
    let store = match &context.control {
        Some(control) => Some(context.store.part(control, context.clock.now()).await),
        None => None,
    };
    let readiness = Readiness::of(context.runtime.as_ref(), &context.latch, store);
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness)).into_response()
}

async fn metrics_text(State(context): State<AdminContext>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    let format = metrics::Format::of(accept.unwrap_or_default());
    let text = metrics::render(&context.runtime, &context.clock, format);
    ([(header::CONTENT_TYPE, format.content_type())], text).into_response()
}
