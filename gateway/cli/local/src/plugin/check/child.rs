//! The process in which the plugin's code runs: it loads the file, runs one section, and reports as it goes.

use super::{
    events::{Channel, Event, LOADS},
    inputs::{invented, policy, read_config, read_script},
};
use anyhow::{Context as _, anyhow};
use gateway_cli::{CliError, CommandOutcome, ConformArgs};
use gateway_model::Clock;
use gateway_plugin_host::{Isolation, WorkerProgram, load_file};
use plugins_conformance::{
    Check, CheckOutcome, LogWatch, ProcessState, ProcessWatch, Progress as _, Section, Suite,
};
use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};
use std::{sync::Arc, time::Duration};

/// Far more than a plugin needs. A sanitizer reserves terabytes, so it is not applied under one.
const MAX_MEMORY: u64 = 4 << 30;
/// The largest file: the private copy of a plugin.
const MAX_FILE: u64 = 128 << 20;
const MAX_FILES: u64 = 64;
/// Longer than a busy machine needs. Whether a signer is fast is not checked.
const SIGN_DEADLINE: Duration = Duration::from_secs(2);

/// The hidden command `waybill plugin conform`.
pub(in crate::plugin) fn conform(
    args: &ConformArgs,
    clock: Arc<dyn Clock>,
) -> Result<CommandOutcome, CliError> {
    let section = Section::named(&args.section)
        .ok_or_else(|| CliError::Usage(anyhow!("no section is called {}", args.section)))?;
    let config = args.config.as_deref().map(read_config).transpose()?;
    let script = args.script.as_deref().map(read_script).transpose()?;
    let confined = confine().context("cannot limit this process");
    let channel = confined
        .and_then(|()| Channel::take().context("no channel on standard input"))
        .map_err(CliError::Running)?;
    let log = LogWatch::install();
    // Before the first byte of the plugin is mapped: a constructor may change the process already.
    let before = ProcessState::now();
    channel.at(LOADS, "");
    // The suite's own host, which has nothing of a gateway's.
    let host = plugins_conformance::host(clock).with_worker_program(WorkerProgram {
        tells_refused_calls: true,
        ..WorkerProgram::default()
    });
    let isolation = isolation(section);
    let mut policy = policy(args.strict);
    policy.isolation.default = Some(isolation);
    policy.isolation.sign_deadline = SIGN_DEADLINE;
    let entry = load_file(&args.file, &policy, &args.cache, &host);
    channel.send(&Event::Loaded {
        state: entry.state_name().to_owned(),
        reason: entry.reason(),
    });
    if let Some(plugin) = entry.plugin() {
        channel.ended(&Check {
            name: LOADS.into(),
            outcome: CheckOutcome::Passed,
        });
        let config = config.unwrap_or_else(|| invented(plugin));
        log.look_for(&config, plugin.manifest().config_schema.as_ref());
        let suite = Suite {
            plugin,
            config: &config,
            script: script.unwrap_or_default(),
            progress: &channel,
            // Of another process nothing is watched here: its worker watches it.
            process: (isolation == Isolation::InProcess).then_some(ProcessWatch {
                log: &log,
                before: &before,
            }),
        };
        tokio::runtime::Builder::new_current_thread()
            // Time only: the suite does no I/O of its own.
            .enable_time()
            .build()
            .context("cannot start the suite")
            .map_err(CliError::Running)?
            .block_on(plugins_conformance::check_section(&suite, section));
    }
    channel.send(&Event::Done);
    Ok(CommandOutcome::Done)
}

/// Where the section's plugin runs.
fn isolation(section: Section) -> Isolation {
    // A sanitizer that is preloaded does not reach a worker process, which has no environment.
    let process = section == Section::Worker && std::env::var_os("LD_PRELOAD").is_none();
    if process {
        Isolation::Process
    } else {
        Isolation::InProcess
    }
}

/// Bounds what a plugin that runs wild can do to the machine. It is no sandbox.
fn confine() -> rustix::io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let limit = |resource, most: u64| {
        setrlimit(
            resource,
            Rlimit {
                current: Some(most),
                maximum: Some(most),
            },
        )
    };
    limit(Resource::Core, 0)?;
    limit(Resource::Fsize, MAX_FILE)?;
    limit(Resource::Nofile, MAX_FILES)?;
    if std::env::var_os("LD_PRELOAD").is_none() {
        limit(Resource::As, MAX_MEMORY)?;
    }
    Ok(())
}
