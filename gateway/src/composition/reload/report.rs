//! What a reload tells: to its caller, to the audit trail, to the log.

use gateway_api::{MistakeView, NameChanges, ReloadReport, SettingSource, SettingView};
use gateway_config::{Changes, Config, Mistake, Place, Setting, located};
use gateway_control::{ControlError, Fault, Objection};
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn report(changes: &Changes, needs_restart: Vec<String>, new: &Config) -> ReloadReport {
    let names = |changes: &gateway_config::NameChanges| NameChanges {
        added: changes.added.clone(),
        removed: changes.removed.clone(),
        changed: changes.changed.clone(),
    };
    let notes = new.notes.iter();
    let notes = notes.map(|note| format!("{}: {}", located(&new.file, &note.place), note.message));
    ReloadReport {
        dry_run: false,
        file: new.file.display().to_string(),
        settings: changes.settings.clone(),
        needs_restart,
        routes: names(&changes.routes),
        accounts: names(&changes.accounts),
        apps: names(&changes.apps),
        plugins: Vec::new(),
        certificate: false,
        notes: notes.collect(),
    }
}

/// A setting, as the admin API tells it.
pub(super) fn setting(setting: &Setting) -> SettingView {
    let (source, line, variable) = match &setting.place {
        None => (SettingSource::Default, None, None),
        Some(Place::File) => (SettingSource::File, None, None),
        Some(Place::At { line, .. }) => (SettingSource::File, Some(*line), None),
        Some(Place::Variable(name)) => (SettingSource::Environment, None, Some(name.clone())),
    };
    SettingView {
        section: setting.section.clone(),
        key: setting.key.to_owned(),
        value: setting.value.clone(),
        secret: setting.secret,
        source,
        line,
        variable,
        needs_restart: setting.needs_restart(),
        pending: setting.pending,
        description: setting.doc.to_owned(),
    }
}

/// For the audit trail: numbers, because there may be thousands of names.
pub(super) fn detail(report: &ReloadReport) -> Value {
    let numbers = |names: &NameChanges| {
        json!({
            "added": names.added.len(), "removed": names.removed.len(), "changed": names.changed.len(),
        })
    };
    json!({
        "settings": report.settings, "needs_restart": report.needs_restart,
        "routes": numbers(&report.routes), "accounts": numbers(&report.accounts),
        "apps": numbers(&report.apps), "plugins": report.plugins,
        "certificate": report.certificate,
    })
}

/// A mistake without a line: it is in a file that the configuration names.
pub(super) fn in_file(message: String, fix: &str) -> Mistake {
    Mistake {
        place: Place::File,
        message,
        fix: fix.to_owned(),
    }
}

/// With the line of the key that is at fault, if the file has it, else that of the account.
pub(super) fn mistake_of(objection: Objection, config: &Config) -> Mistake {
    let Objection {
        account,
        key,
        message,
        fix,
    } = objection;
    let account = account.and_then(|name| config.accounts.iter().find(|it| it.id == name));
    let place = account.map_or(Place::File, |account| {
        let key = key.and_then(|key| account.places.get(&key));
        key.unwrap_or(&account.place).clone()
    });
    Mistake {
        place,
        message,
        fix,
    }
}

pub(super) fn bad_config(file: &Path, mistakes: &[Mistake]) -> ControlError {
    let mut views: Vec<(Place, MistakeView)> = mistakes
        .iter()
        .map(|mistake| (mistake.place.clone(), view(file, mistake)))
        .collect();
    // In the order of the file, whichever part has found them.
    views.sort_by(|one, other| one.0.cmp(&other.0));
    let message = match views.len() {
        1 => "the configuration has a mistake, so nothing was changed".to_owned(),
        count => format!("the configuration has {count} mistakes, so nothing was changed"),
    };
    let mut error = ControlError::new(Fault::Invalid, "bad_config", message)
        .remedy("correct the configuration, and repeat `waybill reload`");
    error.mistakes = views.into_iter().map(|(_, view)| view).collect();
    error
}

fn view(file: &Path, mistake: &Mistake) -> MistakeView {
    let (line, column) = match &mistake.place {
        Place::At { line, column } => (Some(*line), Some(*column)),
        Place::File | Place::Variable(_) => (None, None),
    };
    MistakeView {
        place: located(file, &mistake.place),
        line,
        column,
        message: mistake.message.clone(),
        fix: mistake.fix.clone(),
    }
}

pub(super) fn log(result: &Result<ReloadReport, ControlError>) {
    match result {
        Err(error) => {
            for mistake in &error.mistakes {
                let MistakeView {
                    place,
                    message,
                    fix,
                    ..
                } = mistake;
                tracing::error!("{place}: {message}; {fix}");
            }
            tracing::error!(
                code = error.code,
                "the configuration was not reloaded: {error}"
            );
        }
        Ok(report) => {
            let ReloadReport {
                settings, plugins, ..
            } = report;
            let count =
                |names: &NameChanges| names.added.len() + names.removed.len() + names.changed.len();
            tracing::info!(
                ?settings,
                ?plugins,
                routes = count(&report.routes),
                accounts = count(&report.accounts),
                apps = count(&report.apps),
                certificate = report.certificate,
                "the configuration was reloaded"
            );
            if !report.needs_restart.is_empty() {
                let left = report.needs_restart.join(", ");
                tracing::warn!("these settings differ in the file and need a restart: {left}");
            }
        }
    }
}
