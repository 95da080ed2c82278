//! The settings with which the gateway runs, to be read only.

use super::{
    page::{Frame, PageResult, Section, page},
    table::{Asked, Column, Compare, Table, TableKind},
    visitor::Visitor,
};
use askama::Template;
use gateway_api::{SettingSource, SettingView};
use std::borrow::Cow;

const TABLE: TableKind<Compare<SettingView>> = TableKind {
    path: "/ui/configuration",
    hint: "section, key, value or purpose",
    // The order of the documents.
    usual: "",
    keeps: &[],
    columns: &[
        Column::sorts("Key", "key", |one, other| one.key.cmp(&other.key)),
        Column::sorts("Value", "value", |one, other| one.value.cmp(&other.value)),
        // What is not the default comes first.
        Column::sorts("From", "from", |one, other| {
            let place = |it: &SettingView| (it.source == SettingSource::Default, it.line);
            place(one).cmp(&place(other))
        }),
        Column::plain("What it is for"),
    ],
};

#[derive(Template)]
#[template(path = "ui/configuration.html")]
struct ConfigurationPage {
    frame: Frame,
    /// `None`: the gateway has no configuration file.
    file: Option<String>,
    sections: Vec<SectionRows>,
    /// What is the same for the tables of all sections.
    table: Table,
}

struct SectionRows {
    title: String,
    rows: Vec<Row>,
}

struct Row {
    view: SettingView,
    from: String,
    is_default: bool,
}

/// The settings, by section.
pub(super) async fn configuration(visitor: Visitor, asked: Asked) -> PageResult {
    let (file, settings) = match visitor.control.configuration() {
        Ok(view) => (Some(view.file), view.settings),
        Err(error) if error.code == "no_configuration" => (None, Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let total = settings.len();
    let mut sections: Vec<(String, Vec<SettingView>)> = Vec::new();
    for setting in settings {
        match sections.last_mut() {
            Some((section, settings)) if *section == setting.section => settings.push(setting),
            Some(_) | None => sections.push((setting.section.clone(), vec![setting])),
        }
    }
    // Each section is a table of its own, and all of them are searched and sorted alike.
    let sections = sections.into_iter().map(|(title, settings)| SectionRows {
        rows: (TABLE.find(&asked, settings, texts).into_iter())
            .map(row)
            .collect(),
        title,
    });
    let sections: Vec<SectionRows> = sections.filter(|it| !it.rows.is_empty()).collect();
    let found = sections.iter().map(|section| section.rows.len()).sum();
    page(&ConfigurationPage {
        frame: Frame::new(&visitor, Section::Configuration, "Configuration"),
        file,
        sections,
        table: TABLE.table(asked, found, total),
    })
}

/// What a setting is searched by. The value of a secret is not in it.
fn texts(setting: &SettingView) -> Vec<Cow<'_, str>> {
    let texts = [
        &setting.section,
        &setting.key,
        &setting.value,
        &setting.description,
    ];
    texts.map(|text| text.as_str().into()).into()
}

fn row(view: SettingView) -> Row {
    let from = match (view.source, view.line, &view.variable) {
        (SettingSource::Default, _, _) => "default".to_owned(),
        (SettingSource::File, Some(line), _) => format!("line {line}"),
        (SettingSource::File, None, _) => "file".to_owned(),
        (SettingSource::Environment, _, Some(name)) => format!("variable {name}"),
        (SettingSource::Environment, _, None) => "environment".to_owned(),
    };
    Row {
        from,
        is_default: view.source == SettingSource::Default,
        view,
    }
}
