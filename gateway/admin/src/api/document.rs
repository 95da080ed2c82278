//! The OpenAPI document, generated from the handlers and the types of `gateway-api`.

use super::access::Access;
use axum::{
    Extension,
    body::Bytes,
    response::{IntoResponse as _, Response as HttpResponse},
};
use gateway_api::{ErrorBody, ErrorDetail};
use http::header;
use utoipa::{
    PartialSchema as _, ToSchema as _,
    openapi::{
        Components, Content, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, Ref,
        Response, ServerBuilder,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
        tag::TagBuilder,
    },
};

/// The name of the security scheme.
const SCHEME: &str = "admin_token";
/// Errors that occur before or around a handler: status and meaning. These occur on every route.
const EVERY: &[(&str, &str)] = &[
    ("400", "The request is malformed"),
    ("421", "The Host field does not name this listener"),
    (
        "429",
        "Too many requests; Retry-After says how long to wait",
    ),
];
const WITH_TOKEN: &[(&str, &str)] = &[
    ("401", "The admin token is missing or unknown"),
    ("404", "The named account, app or token does not exist"),
    ("413", "The content is too long"),
    ("500", "An internal error of the gateway"),
    (
        "503",
        "The store or the gateway is temporarily unable to do it",
    ),
    (
        "504",
        "The request took too long, and may still be in progress",
    ),
];
const CHANGING: &[(&str, &str)] = &[
    (
        "403",
        "The token is read-only, or a page of another site sent the request",
    ),
    ("409", "It exists already, or was changed in the meantime"),
    ("422", "The carrier refused the request"),
    (
        "502",
        "The carrier cannot be reached, or its response is invalid",
    ),
];
const WITH_CONTENT: &[(&str, &str)] = &[("415", "The content is not JSON")];

/// What the operations are about.
const TAGS: &[(&str, &str)] = &[
    (
        "accounts",
        "Logins at carriers, and the sign-ins that they need",
    ),
    ("admin-tokens", "Who may use this API"),
    ("apps", "Programs that call the gateway"),
    (
        "consent",
        "Where a carrier sends a person back to after a sign-in",
    ),
    ("document", "This document"),
    (
        "gateway",
        "State, audit trail, notices, diagnosis, backup, master key",
    ),
    ("migration", "From access keys to OAuth"),
    (
        "plugins",
        "The code that knows a carrier, and its replacement",
    ),
    (
        "tokens",
        "Facts about the access tokens of accounts, and their renewal",
    ),
];

/// The document as it is published.
#[derive(Clone)]
pub(super) struct Published(Bytes);

impl Published {
    pub(super) fn new(document: &OpenApi) -> Self {
        // Once, at the start: the document never changes while the process runs.
        let json = document.to_pretty_json();
        Self(json.expect("a document has only text keys").into())
    }
}

/// The document without routes.
pub(super) fn frame() -> OpenApi {
    let mut components = Components::new();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme(SCHEME, SecurityScheme::Http(bearer));
    // Named by hand: no handler returns them, so nothing else would bring them into the document.
    for (name, schema) in [
        (ErrorBody::name(), ErrorBody::schema()),
        (ErrorDetail::name(), ErrorDetail::schema()),
    ] {
        components.schemas.insert(name.into_owned(), schema);
    }
    // All of them are in the components, and each operation refers to those that can occur.
    let errors = [EVERY, WITH_TOKEN, CHANGING, WITH_CONTENT];
    for (status, meaning) in errors.into_iter().flatten() {
        let response = error(meaning).into();
        components.responses.insert(response_name(status), response);
    }
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Waybill admin API")
                .version("1")
                .license(Some(
                    LicenseBuilder::new()
                        .name("Apache-2.0 OR MIT")
                        .identifier(Some("Apache-2.0 OR MIT"))
                        .build(),
                ))
                .description(Some(
                    "Manage accounts, consents, tokens and apps of a Waybill gateway.",
                ))
                .build(),
        )
        .servers(Some([ServerBuilder::new()
            .url("/")
            .description(Some("The admin listener that serves this document"))
            .build()]))
        .tags(Some(TAGS.iter().map(|(name, meaning)| {
            TagBuilder::new()
                .name(*name)
                .description(Some(*meaning))
                .build()
        })))
        .components(Some(components))
        .build()
}

/// Adds the security and the error responses that follow from a route's access.
pub(super) fn describe(paths: &mut Paths, access: Access) {
    for item in paths.paths.values_mut() {
        let reading = item.get.iter_mut().map(|operation| (operation, false));
        let changing = [&mut item.post, &mut item.patch, &mut item.delete];
        let changing = changing
            .into_iter()
            .flatten()
            .map(|operation| (operation, true));
        for (operation, changes) in reading.chain(changing) {
            describe_operation(operation, access, changes);
        }
    }
}

fn describe_operation(operation: &mut Operation, access: Access, changes: bool) {
    let (role, token) = match access {
        Access::Public | Access::Browser => (None, &[][..]),
        Access::ReadOnly => (Some("read_only"), WITH_TOKEN),
        Access::Admin => (Some("admin"), WITH_TOKEN),
    };
    // An empty list says that no token is needed; without a list nothing is said.
    let security = role.map(|role| SecurityRequirement::new(SCHEME, [role]));
    operation.security = Some(security.into_iter().collect());
    let changing = if changes { CHANGING } else { &[] };
    let content = if operation.request_body.is_some() {
        WITH_CONTENT
    } else {
        &[]
    };
    for (status, _) in [EVERY, token, changing, content].into_iter().flatten() {
        let responses = &mut operation.responses.responses;
        // A handler that describes a status itself knows better.
        responses
            .entry((*status).to_owned())
            .or_insert_with(|| Ref::from_response_name(response_name(status)).into());
    }
}

fn response_name(status: &str) -> String {
    format!("Error{status}")
}

fn error(meaning: &str) -> Response {
    let mut response = Response::new(meaning);
    let schema = Ref::from_schema_name(ErrorBody::name());
    let content = Content::new(Some(schema));
    response
        .content
        .insert("application/json".to_owned(), content.into());
    response
}

/// The OpenAPI document.
#[utoipa::path(get, path = "/openapi.json", tag = "document",
    responses((status = 200, description = "The document", body = Object)))]
pub(super) async fn openapi(Extension(document): Extension<Published>) -> HttpResponse {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    std::future::ready((kind, document.0).into_response()).await
}

/// The OpenAPI document, next to the routes that it describes.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "document",
    responses((status = 200, description = "The document", body = Object)))]
pub(super) async fn openapi_of_version(document: Extension<Published>) -> HttpResponse {
    openapi(document).await
}
