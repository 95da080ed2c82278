//! `waybill plugin lock`: writes down which content each plugin may have.

use anyhow::Context as _;
use gateway_cli::{
    CliError, CommandOutcome,
    terminal::{Output, clean, prompt},
};
use gateway_plugin_host::{
    LOCK_FILE, LockChange, LockUpdate, LockedPlugin, LockingError, PluginLock, lock_update,
};
use serde::Serialize;
use std::path::Path;

/// For `--json`.
#[derive(Serialize)]
struct LockReport<'a> {
    file: String,
    changes: Vec<ChangeReport<'a>>,
    left_out: Vec<LeftOut>,
}

#[derive(Serialize)]
struct ChangeReport<'a> {
    name: &'a str,
    from: Option<Content<'a>>,
    to: Option<Content<'a>>,
}

#[derive(Serialize)]
struct Content<'a> {
    version: &'a str,
    sha256: String,
}

#[derive(Serialize)]
struct LeftOut {
    file: String,
    reason: String,
}

pub(super) fn run(
    dir: &Path,
    names: &[String],
    yes: bool,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let update = lock_update(dir, names).map_err(|error| match error {
        // What was asked for is not clear: the caller has to say more.
        error @ (LockingError::Unknown { .. }
        | LockingError::SameName { .. }
        | LockingError::SameCarrier { .. }) => CliError::Usage(error.into()),
        error @ (LockingError::Directory(_)
        | LockingError::Lock(_)
        | LockingError::Faulted { .. }) => CliError::Running(error.into()),
    })?;
    let path = dir.join(LOCK_FILE);
    // A lock file that cannot be read has to be written anew, whatever it would say.
    let stands = update.changes.is_empty() && PluginLock::read(dir).is_ok();
    if !output.is_json() {
        print(&update, output)?;
    }
    if !stands {
        let question = format!("Write {}?", path.display());
        prompt::confirm(&question, yes)?;
        let written = update.lock.write(dir);
        let context = || format!("cannot write {}", path.display());
        written.with_context(context).map_err(CliError::Running)?;
    }
    if output.is_json() {
        output.json(&report(&path, &update))?;
    } else if stands {
        output.line(format_args!("{} is up to date", path.display()))?;
    } else {
        output.line(format_args!("{} is written", path.display()))?;
    }
    Ok(CommandOutcome::Done)
}

fn print(update: &LockUpdate, output: &mut Output) -> Result<(), CliError> {
    for (file, reason) in &update.left_out {
        let file = clean(&file.display().to_string());
        output.line(format_args!("{file}: left out: {}", clean(reason)))?;
    }
    if !update.changes.is_empty() {
        let rows = update.changes.iter().map(row).collect();
        output.table(&["Plugin", "Change", "Version", "SHA-256"], rows)?;
    }
    Ok(())
}

fn row(change: &LockChange) -> Vec<String> {
    let both = |of: fn(&LockedPlugin) -> String| {
        let each = [&change.from, &change.to].into_iter().flatten().map(of);
        each.collect::<Vec<_>>().join("\n")
    };
    let what = match (&change.from, &change.to) {
        (None, _) => "added",
        (Some(_), Some(_)) => "changed\nto",
        (Some(_), None) => "removed",
    };
    vec![
        change.name.clone(),
        what.to_owned(),
        both(|locked| locked.version.clone()),
        both(|locked| locked.sha256.to_string()),
    ]
}

fn report<'a>(path: &Path, update: &'a LockUpdate) -> LockReport<'a> {
    fn content(locked: Option<&LockedPlugin>) -> Option<Content<'_>> {
        let locked = locked?;
        Some(Content {
            version: &locked.version,
            sha256: locked.sha256.to_string(),
        })
    }
    let change = |change: &'a LockChange| ChangeReport {
        name: &change.name,
        from: content(change.from.as_ref()),
        to: content(change.to.as_ref()),
    };
    let left_out = update.left_out.iter().map(|(file, reason)| LeftOut {
        file: file.display().to_string(),
        reason: reason.clone(),
    });
    LockReport {
        file: path.display().to_string(),
        changes: update.changes.iter().map(change).collect(),
        left_out: left_out.collect(),
    }
}
