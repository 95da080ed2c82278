//! What `waybill` does with the gateway's own parts, for its command line.

use crate::{
    Overrides,
    clock::SystemClock,
    composition::preflight,
    hand_over::Beginning,
    lifecycle, service_manager,
    telemetry::{LEVEL_VARIABLE, Telemetry, forbid_core_dumps, install_panic_hook},
};
use gateway_cli::{
    CliError, CommandOutcome, LocalCommands, PluginCommand, RestoreArgs, ServeArgs, StoreCommand,
    terminal::Output,
};
use gateway_config::{Config, located};
use gateway_model::{Clock, Protection, Recipient};
use gateway_otlp::LogQueue;
use gateway_plugin_host::{WorkerProgram, watch_exits};
use std::{path::Path, sync::Arc};

/// The commands of the `waybill` binary that are no client of a running gateway.
#[derive(Clone, Copy, Debug, Default)]
pub struct Commands;

impl LocalCommands for Commands {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    fn serve(&self, args: &ServeArgs, output: &mut Output) -> Result<CommandOutcome, CliError> {
        serve(args, output)
    }

    fn check_config(&self, config: &Path, output: &mut Output) -> Result<CommandOutcome, CliError> {
        gateway_cli_local::check_config(config, preflight, output)
    }

    fn plugin(
        &self,
        command: &PluginCommand,
        output: &mut Output,
    ) -> Result<CommandOutcome, CliError> {
        gateway_cli_local::plugin(command, self.clock(), output)
    }

    fn backup_store(
        &self,
        config: &Path,
        protection: &Protection,
        output: &Output,
    ) -> Result<Vec<u8>, CliError> {
        gateway_cli_local::backup_store(config, protection, SystemClock.wall(), output)
    }

    fn store(
        &self,
        command: &StoreCommand,
        output: &mut Output,
    ) -> Result<CommandOutcome, CliError> {
        match command {
            StoreCommand::Create { config } => gateway_cli_local::create_store(config, output),
        }
    }

    fn restore(&self, args: &RestoreArgs, output: &mut Output) -> Result<CommandOutcome, CliError> {
        gateway_cli_local::restore(args, output)
    }

    fn backup_key(&self, file: &Path) -> Result<Protection, CliError> {
        gateway_cli_local::backup_key(file)
    }

    fn recipient(&self, key_file: &Path) -> Result<Recipient, CliError> {
        gateway_cli_local::recipient(key_file)
    }
}

fn serve(args: &ServeArgs, output: &mut Output) -> Result<CommandOutcome, CliError> {
    let file = args.config.as_path();
    // Before the first secret is read: a core dump would hold it.
    let dumps = forbid_core_dumps();
    // Before the log, which has a thread.
    let sockets = service_manager::sockets().map_err(|error| CliError::Usage(error.into()))?;
    // Before the log is set up, because it says how: its own mistakes go to the terminal.
    let config = Config::load(file)?;
    service_manager::check(&sockets, &config.listen)
        .map_err(|error| CliError::Usage(error.into()))?;
    let level = std::env::var(LEVEL_VARIABLE).ok();
    let exports_log = config
        .telemetry
        .collector
        .as_ref()
        .is_some_and(|it| it.logs);
    let log_records = exports_log.then(LogQueue::new);
    let (color, queue) = (output.error_color(), log_records.clone());
    let telemetry = Telemetry::install(&config.log, level.as_deref(), color, queue)
        .map_err(|error| CliError::Usage(error.into()))?;
    // After the log, since the hook writes there.
    install_panic_hook();
    // Reported only now: there was no log before.
    if let Err(error) = dumps {
        tracing::warn!(%error, "core dumps could not be turned off: they would hold secrets");
    }
    for note in &config.notes {
        tracing::info!(place = located(file, &note.place), "{}", note.message);
    }
    let overrides = Overrides {
        dropped_log_lines: Arc::new(telemetry.dropped_lines_counter()),
        log_records,
        log_level: Arc::new(telemetry.level_switch()),
        // This very program: `main` knows the command.
        worker_program: Some(WorkerProgram::default()),
        ..Overrides::default()
    };
    let beginning = Beginning {
        overrides,
        sockets,
        take_over: args.take_over,
    };
    // A plugin must not end the gateway unnoticed; once `serve` returned, the end is wanted.
    let exits = watch_exits();
    let result = lifecycle::serve(&config, beginning, output);
    drop(exits);
    // After the last request, so that the number is final.
    if telemetry.dropped_lines() > 0 {
        tracing::warn!(lines = telemetry.dropped_lines(), "log lines were dropped");
    }
    result.map_err(CliError::Running)?;
    Ok(CommandOutcome::Done)
}
