//! Routes with their roles: adding one without a role is not possible.

use super::{
    access::{Access, guard},
    document,
};
use crate::server::Shared;
use axum::{
    Extension, Router,
    middleware::{self, Next},
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// The routes so far.
pub(super) struct Table {
    shared: Shared,
    router: OpenApiRouter<Shared>,
}

impl Table {
    pub(super) fn new(shared: Shared) -> Self {
        Self {
            shared,
            router: OpenApiRouter::with_openapi(document::frame()),
        }
    }

    /// Adds a route that needs this access, in the router and in the document.
    pub(super) fn route(self, access: Access, route: UtoipaMethodRouter<Shared>) -> Self {
        let (schemas, mut paths, methods) = route;
        document::describe(&mut paths, access);
        let shared = self.shared.clone();
        // Not on the method router's own fallback: that one answers 405 to everybody.
        let methods = methods.route_layer(middleware::from_fn(
            move |request: axum::extract::Request, next: Next| {
                guard(shared.clone(), access, request, next)
            },
        ));
        Self {
            shared: self.shared,
            router: self.router.routes((schemas, paths, methods)),
        }
    }

    pub(super) fn into_router(self) -> Router<Shared> {
        let (router, document) = self.router.split_for_parts();
        router.layer(Extension(document::Published::new(&document)))
    }
}
