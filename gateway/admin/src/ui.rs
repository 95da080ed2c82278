//! The web interface: pages over [`ControlPlane`](gateway_control::ControlPlane), for a person with a
//! browser.
//!
//! A page is HTML from this process and one style sheet, without anything from another server. Some pages
//! load one script, which shows news as they come; all of them work without it. A page can do nothing that
//! the admin API cannot: it calls the same functions.
//!
//! | Who | Pages |
//! |---|---|
//! | anybody | the sign-in page, the style sheet and the script |
//! | who has an invitation | the pages of the invitation |
//! | who has signed in | every page that shows something |
//! | who has signed in with a token of the role `admin` | every form that changes something |
//!
//! Modules, from the bottom up: `cookie`, `zone`, `fields`, `table`, `words`, `prose` → `visitor` (who is signed in),
//! `page` (what every page has) → `guard` → the pages.

mod account;
mod account_settings;
mod accounts;
mod admin_tokens;
mod apps;
mod audit;
mod backup;
mod configuration;
mod connect;
pub(crate) mod consent_page;
mod cookie;
mod doctor;
mod facts;
mod fields;
mod guard;
pub(crate) mod invitation;
mod invitations;
mod kept;
mod live;
mod migration;
mod new_account;
mod new_migration;
mod notices;
mod overtaken;
mod overview;
mod page;
mod plugins;
mod prose;
mod requests;
mod settings;
mod sign_in;
mod table;
mod visitor;
mod words;
mod zone;

use crate::{context::AdminContext, error::AdminError};
use axum::{
    Router, middleware,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use guard::{admit_admin, admit_anybody, admit_signed_in};
use page::{PageError, ROOT};

/// All pages.
pub(crate) fn router(context: &AdminContext) -> Router<AdminContext> {
    for_anybody(context)
        .merge(for_signed_in(context))
        .merge(for_admins(context))
}

/// Whether pages are under this path.
pub(crate) fn has(path: &str) -> bool {
    path == "/" || path == ROOT || path.starts_with("/ui/")
}

/// A page for a request that was refused before it reached one of the pages.
pub(crate) fn refused(error: AdminError) -> Response {
    PageError(error).into_response()
}

/// The pages for anybody.
fn for_anybody(context: &AdminContext) -> Router<AdminContext> {
    Router::new()
        .route("/", get(async || Redirect::temporary(ROOT)))
        .route(page::STYLE_PATH, get(page::style))
        .route(page::SCRIPT_PATH, get(page::script))
        .route(page::ICON_PATH, get(page::icon))
        .route(
            invitation::PATH,
            get(invitation::form).post(invitation::enter),
        )
        .route(invitation::ACCOUNT_PATH, get(invitation::account))
        .route("/ui/invitation/begin", post(invitation::begin))
        .route("/ui/invitation/paste", post(invitation::paste))
        .route(sign_in::PATH, get(sign_in::form).post(sign_in::sign_in))
        .route_layer(middleware::from_fn_with_state(
            context.clone(),
            admit_anybody,
        ))
}

/// The pages that show something.
fn for_signed_in(context: &AdminContext) -> Router<AdminContext> {
    Router::new()
        .route(ROOT, get(overview::overview))
        .route("/ui/accounts", get(accounts::accounts))
        .route("/ui/accounts/{name}", get(account::account))
        .route("/ui/invitations", get(invitations::invitations))
        .route("/ui/apps", get(apps::apps))
        .route("/ui/requests", get(requests::requests))
        .route("/ui/requests/live", get(live::live))
        .route("/ui/requests/{id}", get(requests::request))
        .route("/ui/notices", get(notices::notices))
        .route("/ui/audit", get(audit::audit))
        .route("/ui/plugins", get(plugins::plugins))
        .route("/ui/migration", get(migration::migration))
        .route("/ui/backup", get(backup::backups))
        .route("/ui/admin-tokens", get(admin_tokens::admin_tokens))
        .route("/ui/configuration", get(configuration::configuration))
        .route("/ui/{*other}", get(page::nothing))
        .route("/ui/session", get(sign_in::session))
        .route("/ui/session/zone", post(sign_in::set_zone))
        .route("/ui/session/end", post(sign_in::sign_out))
        .route("/ui/session/end-all", post(sign_in::sign_out_everywhere))
        .route_layer(middleware::from_fn_with_state(
            context.clone(),
            admit_signed_in,
        ))
}

/// The forms that change something.
fn for_admins(context: &AdminContext) -> Router<AdminContext> {
    Router::new()
        .route("/ui/doctor", get(doctor::form).post(doctor::examine))
        .route(
            "/ui/new-account",
            get(new_account::form).post(new_account::add),
        )
        .route("/ui/new-app", get(apps::form).post(apps::add))
        .route("/ui/accounts/{name}/renew", post(account::renew))
        .route("/ui/accounts/{name}/probe", post(account::probe))
        .route("/ui/accounts/{name}/change", post(account::change))
        .route(
            "/ui/accounts/{name}/settings",
            get(account_settings::form).post(account_settings::change),
        )
        .route("/ui/accounts/{name}/remove", post(account::remove))
        .route("/ui/accounts/{name}/connect", post(connect::begin))
        .route("/ui/accounts/{name}/paste", post(connect::paste))
        .route("/ui/invitations/add", post(invitations::add))
        .route("/ui/invitations/{id}/revoke", post(invitations::revoke))
        .route("/ui/apps/{name}/rotate", post(apps::rotate))
        .route("/ui/apps/{name}/remove", post(apps::remove))
        .route("/ui/plugins/{name}/reload", post(plugins::reload))
        .route("/ui/plugins/{name}/roll-back", post(plugins::roll_back))
        .route(
            "/ui/new-migration",
            get(new_migration::form).post(new_migration::plan),
        )
        .route("/ui/migration/plan", get(new_migration::planned))
        .route("/ui/migration/apply", post(new_migration::apply))
        .route("/ui/migration/undo", post(migration::undo))
        .route("/ui/backup", post(backup::make))
        .route("/ui/admin-tokens", post(admin_tokens::add))
        .route("/ui/admin-tokens/{name}/remove", post(admin_tokens::remove))
        .route_layer(middleware::from_fn_with_state(context.clone(), admit_admin))
}
