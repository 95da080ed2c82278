//! `waybill config`: the settings with which the gateway runs.

use crate::{
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{Output, clean},
};
use gateway_api::{SettingSource, SettingView};

pub(crate) fn run(
    section: Option<&str>,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let mut view = session.ask(session.client.configuration())?;
    if let Some(section) = section {
        view.settings.retain(|setting| is_of(setting, section));
        if view.settings.is_empty() {
            return Err(CliError::Usage(anyhow::anyhow!(
                "there is no setting of a section {section:?}: `waybill config` shows all of them"
            )));
        }
    }
    if output.is_json() {
        output.json(&view)?;
        return Ok(CommandOutcome::Done);
    }
    output.facts(&[("file", clean(&view.file))])?;
    output.table(
        &["Section", "Key", "Value", "From"],
        view.settings.iter().map(row).collect(),
    )?;
    if view.settings.iter().any(|setting| setting.pending) {
        output.hint("a restart takes the values that the file has by now");
    }
    Ok(CommandOutcome::Done)
}

/// Whether a setting is of a section, which people write with brackets or without.
fn is_of(setting: &SettingView, section: &str) -> bool {
    let name = setting.section.trim_start_matches('[');
    let name = name.split(']').next().unwrap_or_default();
    name == section.trim_matches(['[', ']'])
}

fn row(setting: &SettingView) -> Vec<String> {
    let from = match (setting.source, setting.line, &setting.variable) {
        (SettingSource::Default, _, _) => "default".to_owned(),
        (SettingSource::File, Some(line), _) => format!("line {line}"),
        (SettingSource::Environment, _, Some(name)) => clean(name),
        (SettingSource::File, None, _) => "file".to_owned(),
        (SettingSource::Environment, _, None) => "environment".to_owned(),
    };
    let pending = if setting.pending {
        "; the file has another value, which a restart takes"
    } else {
        ""
    };
    vec![
        clean(&setting.section),
        clean(&setting.key),
        clean(&setting.value),
        format!("{from}{pending}"),
    ]
}
