//! The plugins of carriers.

use super::{
    page::{Frame, PageError, PageResult, Section, after, page},
    table::{Asked, Column, Compare, Table, TableKind},
    visitor::Visitor,
    words::{self, Badge},
};
use askama::Template;
use axum::{extract::Path, response::Response};
use gateway_api::PluginView;

const TABLE: TableKind<Compare<PluginView>> = TableKind {
    path: "/ui/plugins",
    hint: "name, file, carrier or state",
    usual: "",
    keeps: &[],
    columns: &[
        Column::sorts("Plugin", "name", |one, other| {
            (&one.name, &one.file).cmp(&(&other.name, &other.file))
        }),
        Column::sorts("State", "state", |one, other| one.state.cmp(&other.state)),
        Column::sorts("Carrier", "carrier", |one, other| {
            one.carrier.cmp(&other.carrier)
        }),
        Column::sorts("Runs", "runs", |one, other| {
            one.isolation.cmp(&other.isolation)
        }),
        Column::plain("Content"),
    ],
};

#[derive(Template)]
#[template(path = "ui/plugins.html")]
struct PluginsPage {
    frame: Frame,
    rows: Vec<Row>,
    table: Table,
}

struct Row {
    view: PluginView,
    badge: Badge,
    place: &'static str,
    /// What vouches for the content.
    trust: &'static str,
}

/// All plugin files.
pub(super) async fn plugins(visitor: Visitor, asked: Asked) -> PageResult {
    let plugins = visitor.control.plugins().await?;
    let (plugins, table) = TABLE.page(asked, plugins, |it| {
        let texts = [&it.name, &it.carrier, &it.reason].into_iter().flatten();
        let texts = texts.chain([&it.file]).map(|text| text.as_str().into());
        let state = words::plugin_state(&it.state).text;
        texts.chain([state.into()]).collect()
    });
    page(&PluginsPage {
        table,
        rows: plugins.into_iter().map(row).collect(),
        frame: Frame::new(&visitor, Section::Plugins, "Plugins"),
    })
}

fn row(view: PluginView) -> Row {
    Row {
        badge: words::plugin_state(&view.state),
        place: match view.isolation.as_deref() {
            Some("in_process") => "in the gateway's process",
            Some("process") => "in a process of its own",
            Some(_) | None => "–",
        },
        trust: match view.trust.as_str() {
            "pinned" => "the configuration vouches for it",
            "locked" => "plugins.lock vouches for it",
            "signed" => "a trusted key has signed it",
            _ => "nothing vouches for it",
        },
        view,
    }
}

/// Replaces a plugin by its present file.
pub(super) async fn reload(
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, PageError> {
    let done = visitor.control.reload_plugin(&visitor.actor, &name).await;
    let done = done
        .map(|done| said(&name, done.replaced))
        .map_err(Into::into);
    Ok(after(&visitor, done, "/ui/plugins"))
}

/// Lets the code serve again that served before the last reload.
pub(super) async fn roll_back(
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, PageError> {
    let done = visitor
        .control
        .roll_back_plugin(&visitor.actor, &name)
        .await;
    let done = done
        .map(|done| said(&name, done.replaced))
        .map_err(Into::into);
    Ok(after(&visitor, done, "/ui/plugins"))
}

fn said(name: &str, replaced: bool) -> String {
    if replaced {
        format!("Other code serves {name} now.")
    } else {
        format!("{name} serves on: the file has the content that runs.")
    }
}
