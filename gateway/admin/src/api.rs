//! The admin API: HTTP over [`ControlPlane`](gateway_control::ControlPlane).
//!
//! [`mod@table`] is the list of all routes, each with the role that it needs. A handler parses, calls
//! and maps; what comes before it is in `access.rs`, once for all: rate limit, cross-site check,
//! token, role, size, deadline.

mod access;
mod accounts;
mod admins;
mod apps;
mod callback;
mod caller;
mod document;
mod extract;
mod gateway;
mod migration;
mod table;
mod throttle;

pub(crate) use throttle::Throttle;

use crate::server::Shared;
use access::Access::{Admin, Browser, Public, ReadOnly};
use axum::Router;
use table::Table;
use utoipa_axum::routes;

/// Every route and who may use it.
fn table(shared: &Shared) -> Table {
    Table::new(shared.clone())
        .route(Public, routes!(document::openapi))
        .route(Public, routes!(document::openapi_of_version))
        .route(Browser, routes!(callback::finish_consent))
        .route(ReadOnly, routes!(accounts::accounts))
        .route(Admin, routes!(accounts::add_account))
        .route(ReadOnly, routes!(accounts::account))
        .route(Admin, routes!(accounts::update_account))
        .route(Admin, routes!(accounts::remove_account))
        .route(Admin, routes!(accounts::begin_consent))
        .route(Admin, routes!(accounts::paste_consent))
        .route(Admin, routes!(accounts::probe))
        .route(ReadOnly, routes!(accounts::token))
        .route(Admin, routes!(accounts::renew_token))
        .route(ReadOnly, routes!(apps::apps))
        .route(Admin, routes!(apps::add_app))
        .route(Admin, routes!(apps::update_app))
        .route(Admin, routes!(apps::rotate_app))
        .route(Admin, routes!(apps::remove_app))
        .route(ReadOnly, routes!(gateway::audit))
        .route(ReadOnly, routes!(gateway::notices))
        .route(ReadOnly, routes!(gateway::status))
        .route(Admin, routes!(gateway::doctor))
        .route(Admin, routes!(gateway::backup))
        .route(Admin, routes!(gateway::rotate_key))
        .route(Admin, routes!(migration::plan_migration))
        .route(Admin, routes!(migration::start_migration))
        .route(ReadOnly, routes!(migration::migration))
        .route(Admin, routes!(migration::undo_migration))
        .route(ReadOnly, routes!(admins::admin_tokens))
        .route(Admin, routes!(admins::add_admin_token))
        .route(Admin, routes!(admins::remove_admin_token))
}

/// The API's routes.
pub(crate) fn router(shared: &Shared) -> Router<Shared> {
    table(shared).into_router()
}
