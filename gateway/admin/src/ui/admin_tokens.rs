//! Who may use the admin API and these pages.

use super::{
    fields::Fields,
    page::{Frame, PageError, PageResult, Section, after, moment, page, render},
    table::{Asked, Column, Compare, Table, TableKind},
    visitor::Visitor,
    words::Moment,
};
use crate::error::AdminError;
use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse as _, Redirect, Response},
};
use gateway_api::{AddAdminToken, AdminTokenView};
use gateway_model::{Role, Secret};

/// The path of the page.
const PATH: &str = "/ui/admin-tokens";

const TABLE: TableKind<Compare<AdminTokenView>> = TableKind {
    path: PATH,
    hint: "name or rights",
    usual: "name",
    keeps: &[],
    columns: &[
        Column::sorts("Name", "name", |one, other| one.name.cmp(&other.name)),
        Column::sorts("Rights", "rights", |one, other| {
            role(one.role).cmp(role(other.role))
        }),
        Column::newest_first("Made", "made", |one, other| {
            one.created_at.cmp(&other.created_at)
        }),
        Column::newest_first("Last use", "used", |one, other| {
            one.last_used_at.cmp(&other.last_used_at)
        }),
    ],
};

#[derive(Template)]
#[template(path = "ui/admin_tokens.html")]
struct TokensPage {
    frame: Frame,
    rows: Vec<Row>,
    table: Table,
    typed: Fields,
    error: Option<(String, Option<String>)>,
}

struct Row {
    name: String,
    role: &'static str,
    made: Moment,
    last_use: Option<Moment>,
    /// Whether it is the token of who reads the page.
    own: bool,
}

/// A new token, which is shown on this page and never again.
#[derive(Template)]
#[template(path = "ui/new_admin_token.html")]
struct NewTokenPage {
    frame: Frame,
    name: String,
    role: &'static str,
    token: Secret,
}

/// All admin tokens.
pub(super) async fn admin_tokens(visitor: Visitor, asked: Asked) -> PageResult {
    page(&tokens_page(&visitor, asked, Fields::default(), None).await?)
}

async fn tokens_page(
    visitor: &Visitor,
    asked: Asked,
    typed: Fields,
    error: Option<(String, Option<String>)>,
) -> Result<TokensPage, PageError> {
    let mut tokens = visitor.control.admin_tokens().await?;
    tokens.sort_by(|one, other| one.name.cmp(&other.name));
    let (tokens, table) = TABLE.page(asked, tokens, |it| {
        vec![it.name.as_str().into(), role(it.role).into()]
    });
    Ok(TokensPage {
        table,
        frame: Frame::new(visitor, Section::AdminTokens, "Admin tokens"),
        rows: tokens.into_iter().map(|it| row(visitor, it)).collect(),
        typed,
        error,
    })
}

fn row(visitor: &Visitor, token: AdminTokenView) -> Row {
    Row {
        own: token.name == visitor.actor.0,
        name: token.name,
        role: role(token.role),
        made: moment(visitor, token.created_at),
        last_use: token.last_used_at.map(|at| moment(visitor, at)),
    }
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "may change everything",
        Role::ReadOnly => "may look, and change nothing",
    }
}

/// Makes a token, and shows it once.
pub(super) async fn add(visitor: Visitor, fields: Fields) -> PageResult {
    let token = AddAdminToken {
        name: fields.text("name").to_owned(),
        // The weaker one, unless the stronger one was asked for.
        role: match fields.text("role") {
            "admin" => Role::Admin,
            _ => Role::ReadOnly,
        },
    };
    match visitor.control.add_admin_token(&visitor.actor, token).await {
        Ok(made) => page(&NewTokenPage {
            frame: Frame::new(&visitor, Section::AdminTokens, "Copy this token now"),
            name: made.view.name,
            role: role(made.view.role),
            token: made.token.0,
        }),
        Err(error) => {
            let error = AdminError::from(error);
            let detail = error.detail();
            let shown = Some((detail.message, detail.remedy));
            let page = tokens_page(&visitor, Asked::default(), fields, shown).await?;
            Ok(render(error.status(), &page))
        }
    }
}

/// Removes a token, if the person has typed its name.
pub(super) async fn remove(
    visitor: Visitor,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let refused = |message: String| {
        let error = PageError(AdminError::Invalid("not_confirmed", message));
        Ok(after(&visitor, Err::<String, _>(error), PATH))
    };
    if fields.text("confirm") != name {
        return refused(format!(
            "type {name} to remove the token; nothing was removed"
        ));
    }
    let own = name == visitor.actor.0;
    if own && !fields.ticked("own") {
        return refused(
            "this is the token that you are signed in with: tick the box to remove it and to be signed \
             out; nothing was removed"
                .to_owned(),
        );
    }
    let removed = visitor
        .control
        .remove_admin_token(&visitor.actor, &name)
        .await;
    if own && removed.is_ok() {
        // They are over already, since nobody has their token. An error leaves only rows behind.
        drop(visitor.control.end_sessions(visitor.session).await);
        // Without a session this leads to the sign-in page.
        return Ok(Redirect::to("/ui").into_response());
    }
    let done =
        removed.map(|()| format!("The admin token {name} is removed. It is refused at once."));
    Ok(after(&visitor, done.map_err(Into::into), PATH))
}
