//! The settings with which the gateway runs, to be read only.

use super::{
    page::{Frame, PageResult, Section, page},
    visitor::Visitor,
};
use askama::Template;
use gateway_api::{SettingSource, SettingView};

#[derive(Template)]
#[template(path = "ui/configuration.html")]
struct ConfigurationPage {
    frame: Frame,
    /// `None`: the gateway has no configuration file.
    file: Option<String>,
    sections: Vec<SectionRows>,
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
pub(super) async fn configuration(visitor: Visitor) -> PageResult {
    let (file, settings) = match visitor.control.configuration() {
        Ok(view) => (Some(view.file), view.settings),
        Err(error) if error.code == "no_configuration" => (None, Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut sections: Vec<SectionRows> = Vec::new();
    for setting in settings {
        match sections.last_mut() {
            Some(section) if section.title == setting.section => section.rows.push(row(setting)),
            Some(_) | None => sections.push(SectionRows {
                title: setting.section.clone(),
                rows: vec![row(setting)],
            }),
        }
    }
    page(&ConfigurationPage {
        frame: Frame::new(&visitor, Section::Configuration, "Configuration"),
        file,
        sections,
    })
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
