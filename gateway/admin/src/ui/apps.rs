//! The apps that may call the gateway.

use super::{
    fields::Fields,
    page::{Frame, PageError, PageResult, Section, after, moment, page, render},
    table::{Asked, Column, Compare, Table, TableKind},
    visitor::Visitor,
    words::Moment,
};
use crate::error::AdminError;
use askama::Template;
use axum::{extract::Path, response::Response};
use gateway_api::{AddApp, AppSecrets, AppView, RequestQuery, RotateApp};
use gateway_model::{AppId, ManagedBy, RateLimit, Secret};
use jiff::Timestamp;
use std::{collections::HashMap, num::NonZeroU32};

const TABLE: TableKind<Compare<Used>> = TableKind {
    path: "/ui/apps",
    hint: "name, client id or account",
    usual: "name",
    keeps: &[],
    columns: &[
        Column::sorts("App", "name", |one, other| {
            one.app.name.cmp(&other.app.name)
        }),
        Column::plain("Credentials"),
        Column::sorts("Accounts", "accounts", |one, other| {
            one.app.accounts.cmp(&other.app.accounts)
        }),
        Column::sorts("Rate", "rate", |one, other| one.rate().cmp(&other.rate())),
        Column::newest_first("Last use", "used", |one, other| {
            one.last_use.cmp(&other.last_use)
        }),
    ],
};

/// An app, and when it was used last.
struct Used {
    app: AppView,
    last_use: Option<Timestamp>,
}

impl Used {
    /// What it may send at most; an app without a limit comes after all others.
    fn rate(&self) -> u32 {
        let limit = self.app.rate.as_ref();
        limit.map_or(u32::MAX, |rate| rate.per_second.get())
    }
}

#[derive(Template)]
#[template(path = "ui/apps.html")]
struct AppsPage {
    frame: Frame,
    apps: Vec<Row>,
    table: Table,
}

struct Row {
    name: String,
    client_id: Option<String>,
    has_key: bool,
    accounts: String,
    rate: Option<String>,
    declared: bool,
    last_use: Option<Moment>,
}

/// New secrets, which are shown on this page and never again.
#[derive(Template)]
#[template(path = "ui/app_secrets.html")]
struct SecretsPage {
    frame: Frame,
    app: String,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    key: Option<Secret>,
}

#[derive(Template)]
#[template(path = "ui/new_app.html")]
struct NewAppPage {
    frame: Frame,
    accounts: Vec<String>,
    typed: Fields,
    error: Option<(String, Option<String>)>,
}

/// All apps.
pub(super) async fn apps(visitor: Visitor, asked: Asked) -> PageResult {
    let apps = visitor.control.apps().await?;
    let all = RequestQuery {
        limit: Some(1000),
        ..RequestQuery::default()
    };
    let mut last_use = HashMap::new();
    // The newest request comes first.
    for request in visitor.control.requests(all).await {
        if let Some(app) = request.app {
            last_use.entry(app).or_insert(request.ended_at);
        }
    }
    let apps = apps.into_iter().map(|app| Used {
        last_use: last_use.get(&app.name).copied(),
        app,
    });
    let (apps, table) = TABLE.page(asked, apps.collect(), |it| {
        let app = &it.app;
        let accounts = app.accounts.iter().map(|it| it.as_str());
        let texts = [app.name.as_str()].into_iter().chain(accounts);
        texts
            .chain(app.client_id.as_deref())
            .map(Into::into)
            .collect()
    });
    page(&AppsPage {
        apps: apps.into_iter().map(|it| row(&visitor, it)).collect(),
        table,
        frame: Frame::new(&visitor, Section::Apps, "Apps"),
    })
}

fn row(visitor: &Visitor, Used { app, last_use }: Used) -> Row {
    let accounts: Vec<&str> = app.accounts.iter().map(|it| it.as_str()).collect();
    Row {
        accounts: accounts.join(", "),
        name: app.name.to_string(),
        client_id: app.client_id,
        has_key: app.has_key,
        rate: app
            .rate
            .map(|rate| format!("{} a second, {} at once", rate.per_second, rate.burst)),
        declared: app.managed_by == ManagedBy::Config,
        last_use: last_use.map(|at| moment(visitor, at)),
    }
}

/// The form for a new app.
pub(super) async fn form(visitor: Visitor) -> PageResult {
    page(&new(&visitor, Fields::default(), None).await?)
}

async fn new(
    visitor: &Visitor,
    typed: Fields,
    error: Option<(String, Option<String>)>,
) -> Result<NewAppPage, PageError> {
    // A list of thousands helps nobody to choose: the names can be typed.
    let accounts = visitor.control.account_names(200).await?;
    Ok(NewAppPage {
        frame: Frame::new(visitor, Section::Apps, "Add an app"),
        accounts: accounts.iter().map(ToString::to_string).collect(),
        typed,
        error,
    })
}

/// Adds an app, and shows its secrets once.
pub(super) async fn add(visitor: Visitor, fields: Fields) -> PageResult {
    let added = match parse(&fields) {
        Ok(app) => (visitor.control.add_app(&visitor.actor, app).await).map_err(AdminError::from),
        Err(error) => Err(error),
    };
    match added {
        Ok(secrets) => page(&secrets_page(&visitor, secrets)),
        Err(error) => {
            let detail = error.detail();
            let shown = Some((detail.message, detail.remedy));
            Ok(render(error.status(), &new(&visitor, fields, shown).await?))
        }
    }
}

fn parse(fields: &Fields) -> Result<AddApp, AdminError> {
    let kind = fields.text("kind");
    Ok(AddApp {
        name: fields.parsed("name")?,
        client_id: None,
        client_secret: None,
        with_key: kind == "both",
        key: None,
        key_only: kind == "key",
        accounts: fields.list("accounts")?,
        rate: rate(fields)?,
        legacy_keys: Vec::new(),
    })
}

/// The rate limit; without a rate there is none, and without a burst it is the rate.
fn rate(fields: &Fields) -> Result<Option<RateLimit>, AdminError> {
    if fields.text("rate").is_empty() {
        return Ok(None);
    }
    let per_second: NonZeroU32 = fields.parsed("rate")?;
    let burst = if fields.text("burst").is_empty() {
        per_second
    } else {
        fields.parsed("burst")?
    };
    Ok(Some(RateLimit { per_second, burst }))
}

fn secrets_page(visitor: &Visitor, secrets: AppSecrets) -> SecretsPage {
    SecretsPage {
        frame: Frame::new(visitor, Section::Apps, "Copy these secrets now"),
        app: secrets.app.name.to_string(),
        client_id: secrets.app.client_id,
        client_secret: secrets.client_secret.map(|it| it.0),
        key: secrets.key.map(|it| it.0),
    }
}

fn name_of(text: &str) -> Result<AppId, PageError> {
    text.parse().map_err(|_invalid| {
        let message = "there is no app of this name".to_owned();
        PageError(AdminError::Invalid("bad_name", message))
    })
}

/// Replaces the secrets of an app, and shows them once.
pub(super) async fn rotate(visitor: Visitor, Path(name): Path<String>) -> PageResult {
    let name = name_of(&name)?;
    let which = RotateApp::default();
    match visitor
        .control
        .rotate_app(&visitor.actor, &name, which)
        .await
    {
        Ok(secrets) => page(&secrets_page(&visitor, secrets)),
        Err(error) => Ok(after(&visitor, Err::<String, _>(error.into()), "/ui/apps")),
    }
}

/// Removes an app.
pub(super) async fn remove(
    visitor: Visitor,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let name = name_of(&name)?;
    let done = if fields.text("confirm") == name.as_str() {
        let removed = visitor.control.remove_app(&visitor.actor, &name).await;
        removed
            .map(|()| format!("The app {name} is removed."))
            .map_err(PageError::from)
    } else {
        let message = format!("type {name} to remove the app; nothing was removed");
        Err(PageError(AdminError::Invalid("not_confirmed", message)))
    };
    Ok(after(&visitor, done, "/ui/apps"))
}
