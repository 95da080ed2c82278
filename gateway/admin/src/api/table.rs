//! The table of routes. A route cannot be added without saying who may use it.

use super::{access::Access, document, guard::guard};
use crate::context::AdminContext;
use axum::{
    Extension, Router,
    middleware::{self, Next},
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// The routes that were added so far.
pub(super) struct Table {
    context: AdminContext,
    router: OpenApiRouter<AdminContext>,
}

impl Table {
    pub(super) fn new(context: AdminContext) -> Self {
        Self {
            context,
            router: OpenApiRouter::with_openapi(document::frame()),
        }
    }

    /// Adds a route to the router and to the OpenAPI document.
    pub(super) fn route(self, access: Access, route: UtoipaMethodRouter<AdminContext>) -> Self {
        let (schemas, mut paths, methods) = route;
        // Before the route is added, while its paths are still apart from all others.
        document::describe(&mut paths, access);
        let context = self.context.clone();
        // `route_layer` leaves out the method router's fallback: a wrong method gets 405 without a
        // token, like a wrong path gets 404.
        let methods = methods.route_layer(middleware::from_fn(
            move |request: axum::extract::Request, next: Next| {
                guard(context.clone(), access, request, next)
            },
        ));
        Self {
            context: self.context,
            router: self.router.routes((schemas, paths, methods)),
        }
    }

    pub(super) fn into_router(self) -> Router<AdminContext> {
        let (router, document) = self.router.split_for_parts();
        // Made once all routes are known, and shared by both addresses at which it is served.
        router.layer(Extension(document::Published::new(&document)))
    }
}
