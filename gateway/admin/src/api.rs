//! The admin API: HTTP over [`ControlPlane`](gateway_control::ControlPlane).
//!
//! [`table()`] lists every route with the access that it needs. `guard.rs` makes the checks that come
//! before every handler. A handler parses the request, calls the control plane and maps the result.
//!
//! Modules, from the bottom up: `access`, `caller`, `extract` → `guard`, `document`
//! → `table` → the handlers (`accounts`, `apps`, `admins`, `gateway`, `invitations`, `migration`,
//! `plugins`, `callback`).

mod access;
mod accounts;
mod admins;
mod apps;
mod callback;
mod caller;
mod document;
mod extract;
mod gateway;
mod guard;
mod invitations;
mod live;
mod migration;
mod plugins;
mod table;

use crate::context::AdminContext;
use access::Access::{Admin, Browser, Public, ReadOnly};
use axum::Router;
use table::Table;
use utoipa_axum::routes;

/// Every route and who may use it.
fn table(context: &AdminContext) -> Table {
    Table::new(context.clone())
        // Open, so that tools can read the document without a token: it holds no fact about this gateway.
        .route(Public, routes!(document::openapi))
        .route(Public, routes!(document::openapi_of_version))
        .route(Browser, routes!(callback::finish_consent))
        .route(ReadOnly, routes!(accounts::carriers))
        .route(ReadOnly, routes!(accounts::accounts))
        .route(Admin, routes!(accounts::add_account))
        .route(ReadOnly, routes!(accounts::account))
        .route(Admin, routes!(accounts::update_account))
        .route(Admin, routes!(accounts::remove_account))
        .route(Admin, routes!(accounts::begin_consent))
        .route(Admin, routes!(accounts::paste_consent))
        .route(Admin, routes!(accounts::probe))
        // Facts about a token only: the token itself is in no response.
        .route(ReadOnly, routes!(accounts::token))
        .route(Admin, routes!(accounts::renew_token))
        // Without their links, which are shown once when they are made.
        .route(ReadOnly, routes!(invitations::invitations))
        .route(Admin, routes!(invitations::add_invitation))
        .route(Admin, routes!(invitations::revoke_invitation))
        // Apps without their secrets, which are shown once when they are made.
        .route(ReadOnly, routes!(apps::apps))
        .route(Admin, routes!(apps::add_app))
        .route(Admin, routes!(apps::update_app))
        .route(Admin, routes!(apps::rotate_app))
        .route(Admin, routes!(apps::remove_app))
        .route(ReadOnly, routes!(gateway::audit))
        // Without fields, bodies and queries, so that none of them can hold a secret.
        .route(ReadOnly, routes!(gateway::requests))
        .route(ReadOnly, routes!(live::live_requests))
        .route(ReadOnly, routes!(gateway::notices))
        .route(ReadOnly, routes!(gateway::status))
        .route(ReadOnly, routes!(gateway::replicas))
        // Paths and addresses, but of a secret only that there is one.
        .route(ReadOnly, routes!(gateway::configuration))
        // It calls the carrier and notes who asked, so reading is not enough.
        .route(Admin, routes!(gateway::doctor))
        // Sealed, but everything that the gateway knows: too much for a read-only token.
        // It lets a file on the gateway's machine take over, which may name other carriers' origins.
        .route(Admin, routes!(gateway::reload))
        .route(Admin, routes!(gateway::backup))
        .route(Admin, routes!(gateway::rotate_key))
        .route(Admin, routes!(migration::plan_migration))
        .route(Admin, routes!(migration::start_migration))
        .route(ReadOnly, routes!(migration::migration))
        .route(Admin, routes!(migration::undo_migration))
        .route(ReadOnly, routes!(plugins::plugins))
        .route(Admin, routes!(plugins::reload_plugin))
        .route(Admin, routes!(plugins::roll_back_plugin))
        .route(ReadOnly, routes!(admins::admin_tokens))
        .route(Admin, routes!(admins::add_admin_token))
        .route(Admin, routes!(admins::remove_admin_token))
}

/// The API's routes.
pub(crate) fn router(context: &AdminContext) -> Router<AdminContext> {
    table(context).into_router()
}
