//! `waybill plugin`: plugin files on this machine, and plugins of a running gateway.

use crate::{
    error::{CliError, CommandOutcome},
    local::PluginCommand,
    remote::{RemoteArgs, Session},
    terminal::{Output, clean, when_known},
};
use clap::Subcommand;
use gateway_api::{PluginReloaded, PluginView};

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommands {
    #[command(flatten)]
    Files(PluginCommand),
    /// Show how the plugins of the running gateway stand, and why one does not work
    Status {
        #[command(flatten)]
        at: RemoteArgs,
    },
    /// Let the running gateway replace plugins by their present files, while it serves
    Reload {
        #[command(flatten)]
        at: RemoteArgs,
        /// The plugin; every plugin whose file or whose process is another one by now if absent
        name: Option<String>,
    },
    /// Let the running gateway go back to the plugin that served before the last reload
    Rollback {
        #[command(flatten)]
        at: RemoteArgs,
        /// The plugin
        name: String,
    },
}

pub(crate) fn status(session: &Session, output: &mut Output) -> Result<CommandOutcome, CliError> {
    let plugins = session.ask(session.client.plugins())?;
    if output.is_json() {
        output.json(&plugins)?;
        return Ok(CommandOutcome::Done);
    }
    let header = [
        "Name",
        "Version",
        "Carrier",
        "State",
        "Trust",
        "Isolation",
        "Worker process",
    ];
    output.table(&header, plugins.iter().map(status_row).collect())?;
    for plugin in &plugins {
        let name = plugin.name.as_deref().unwrap_or(&plugin.file);
        if let Some(reason) = &plugin.reason {
            output.line(format_args!("{}: {}", clean(name), clean(reason)))?;
        }
        let ended = plugin.worker.iter().find_map(|worker| {
            let at = when_known(worker.last_ended_at);
            Some((worker.last_ending.as_deref()?, at))
        });
        if let Some((why, at)) = ended {
            let name = clean(name);
            output.line(format_args!(
                "{name}: its worker process ended at {at}: {}",
                clean(why)
            ))?;
        }
        if let Some(found) = &plugin.found {
            let name = clean(name);
            let tried = plugin.state == "faulted" && plugin.sha256.as_ref() == Some(&found.sha256);
            let what = if tried {
                "the folder holds the same file: to try it again,"
            } else {
                "the folder holds something else:"
            };
            output.line(format_args!(
                "{name}: {what} run `waybill plugin reload {name}`"
            ))?;
        }
    }
    Ok(CommandOutcome::Done)
}

fn status_row(plugin: &PluginView) -> Vec<String> {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| "-".into(), clean);
    let worker = plugin.worker.as_ref().map(|worker| {
        let state = if worker.running { "runs" } else { "ended" };
        format!("{state}, {} restarts", worker.restarts)
    });
    vec![
        plugin
            .name
            .as_deref()
            .map_or_else(|| clean(&plugin.file), clean),
        text(&plugin.version),
        text(&plugin.carrier),
        clean(&plugin.state),
        clean(&plugin.trust),
        text(&plugin.isolation),
        text(&worker),
    ]
}

pub(crate) fn reload(
    name: Option<&str>,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let Some(name) = name else {
        return reload_all(session, output);
    };
    let done = session.ask(session.client.reload_plugin(name))?;
    if output.is_json() {
        output.json(&done)?;
    } else {
        print(&done, output)?;
    }
    Ok(CommandOutcome::Done)
}

fn reload_all(session: &Session, output: &mut Output) -> Result<CommandOutcome, CliError> {
    let plugins = session.ask(session.client.plugins())?;
    let mut all = Vec::new();
    for name in plugins.iter().filter_map(changed) {
        let done = session.ask(session.client.reload_plugin(name))?;
        // Each at once: what was done stays done if a later one is refused.
        if !output.is_json() {
            print(&done, output)?;
        }
        all.push(done);
    }
    if output.is_json() {
        output.json(&all)?;
    } else if all.is_empty() {
        output.line(
            "every plugin runs the content of its file, in the process where it should run",
        )?;
    }
    Ok(CommandOutcome::Done)
}

/// The name to reload by, if the folder holds something that does not run.
fn changed(plugin: &PluginView) -> Option<&str> {
    let is_new = plugin.found.is_some() || plugin.state == "verified";
    plugin.name.as_deref().filter(|_| is_new)
}

pub(crate) fn roll_back(
    name: &str,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let done = session.ask(session.client.roll_back_plugin(name))?;
    if output.is_json() {
        output.json(&done)?;
        return Ok(CommandOutcome::Done);
    }
    print(&done, output)?;
    // Said at once: a start weeks later would surprise everybody.
    output.hint(
        "the file was not changed, so the next start loads what the folder holds then: put the file that \
         you want in its place",
    );
    Ok(CommandOutcome::Done)
}

fn print(done: &PluginReloaded, output: &mut Output) -> Result<(), CliError> {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| "-".into(), clean);
    let plugin = &done.plugin;
    let (name, version, digest) = (
        text(&plugin.name),
        text(&plugin.version),
        text(&plugin.sha256),
    );
    let accounts = done.accounts;
    if done.replaced {
        output.line(format_args!(
            "plugin {name} {version} ({digest}) serves {accounts} accounts now"
        ))?;
    } else {
        output.line(format_args!(
            "plugin {name} {version} runs the content of its file already ({digest}): nothing was changed"
        ))?;
    }
    // A quarantined plugin is not cured by its own content.
    if let Some(reason) = &plugin.reason {
        output.line(format_args!("plugin {name}: {}", clean(reason)))?;
    }
    Ok(())
}
