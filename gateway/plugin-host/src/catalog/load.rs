//! The stages between file and plugin.

use super::{
    choice,
    entry::{CatalogEntry, PluginFault, VerifiedFile},
};
use crate::{
    Host, Plugin, PluginLock, digest_of, discover, handshake,
    health::Watch,
    host_table, inspect, library,
    loaded::{Code, LibraryFile, LoadedPlugin},
    private_copy,
    worker::{SignLane, WorkerClient, WorkerSource},
};
use gateway_model::{Digest, Isolation, IsolationPolicy, PluginPolicy};
use std::{path::Path, sync::Arc};

/// Checks one file's bytes, as [`crate::Catalog::verify`] does with a folder's; none of its code runs.
pub fn verify_file(file: &Path, policy: &PluginPolicy) -> CatalogEntry {
    let mut entries = [CatalogEntry::new(file.to_owned())];
    for entry in &mut entries {
        verify(entry);
    }
    // Alone, without a lock file: the caller chose it.
    choice::choose(&mut entries, policy, &PluginLock::default());
    let [entry] = entries;
    entry
}

/// Takes one file through all stages, as [`crate::Catalog::load`] does with a folder's.
pub fn load_file(file: &Path, policy: &PluginPolicy, cache: &Path, host: &Host) -> CatalogEntry {
    let mut entry = verify_file(file, policy);
    activate(&mut entry, policy, cache, host);
    entry
}

/// From *discovered* to *verified*: reads the file once and checks those bytes.
pub(super) fn verify(entry: &mut CatalogEntry) {
    if let Err(fault) = check(entry) {
        entry.fault(fault);
    }
}

fn check(entry: &mut CatalogEntry) -> Result<(), PluginFault> {
    // Once: what is checked and what is loaded are the same bytes.
    let bytes = discover::read(entry.file())?;
    // Before the inspection, so that a refused file can be named by its content.
    entry.set_digest(digest_of(&bytes));
    let inspection = inspect(&bytes)?;
    entry.set_verified(bytes, inspection);
    Ok(())
}

/// From *verified* to *active*; leaves other states as they are.
pub(crate) fn activate(entry: &mut CatalogEntry, policy: &PluginPolicy, cache: &Path, host: &Host) {
    let file = entry.file().to_owned();
    let Some(isolation) = entry.isolation() else {
        return;
    };
    let Some((verified, digest)) = entry.take_verified() else {
        return;
    };
    let loaded = match isolation {
        Isolation::InProcess => load_in_process(&file, *verified, digest, cache, host),
        Isolation::Process => {
            load_in_worker(&file, *verified, digest, cache, host, &policy.isolation)
        }
    };
    match loaded {
        Ok(plugin) => entry.set_active(plugin),
        Err(fault) => entry.fault(fault),
    }
}

fn load_in_process(
    file: &Path,
    verified: VerifiedFile,
    digest: Digest,
    cache: &Path,
    host: &Host,
) -> Result<Plugin, PluginFault> {
    // The copy is made from the bytes that were checked, not from the file, which may have changed.
    let copy = private_copy::make(cache, &verified.bytes, digest)?;
    let manifest = verified.inspection.manifest;
    let bytes = verified.inspection.manifest_bytes;
    let health = host.health(&manifest.name, Watch::Pool);
    // Constructors and the entry point are the plugin's code: on the pool, under the watchdog.
    let loaded = host.call_blocking(&health, move || {
        // SAFETY: inspected, private, never written again.
        let entry = unsafe { library::open(&copy) }.map_err(PluginFault::Load)?;
        // SAFETY: the entry point of a library that says it follows the header.
        let table = unsafe { handshake::enter(entry, &host_table::TABLE, &bytes) };
        table.map(|table| (table, entry)).map_err(PluginFault::from)
    });
    let (table, entry) = loaded.map_err(|failure| PluginFault::Lost(failure.message))??;
    let file = LibraryFile {
        path: file.to_owned(),
        sha256: digest,
        entry: Some(entry),
    };
    let code = Code::InProcess(table);
    let loaded = LoadedPlugin::new(code, host, health, manifest, Some(file))?;
    Ok(Plugin::new(loaded))
}

/// Tries the file in a process that ends afterwards. A host without a worker program tries nothing.
pub(crate) fn probe(
    entry: &CatalogEntry,
    policy: &PluginPolicy,
    cache: &Path,
    host: &Host,
) -> Result<(), PluginFault> {
    let (Some(verified), Some(digest)) = (entry.verified(), entry.sha256()) else {
        return Ok(());
    };
    let Some((clock, program)) = host.for_workers() else {
        return Ok(());
    };
    let source = worker_source(verified, digest, cache, &policy.isolation)?;
    let health = host.health(&verified.inspection.manifest.name, Watch::Deadline);
    let tried = WorkerClient::try_out(source, program, clock, health);
    tried.map_err(|ending| PluginFault::Probe(ending.to_string()))
}

fn worker_source(
    verified: &VerifiedFile,
    digest: Digest,
    cache: &Path,
    policy: &IsolationPolicy,
) -> Result<Arc<WorkerSource>, PluginFault> {
    let inspection = &verified.inspection;
    Ok(Arc::new(WorkerSource {
        library: private_copy::make(cache, &verified.bytes, digest)?,
        digest,
        manifest: inspection.manifest_bytes.clone(),
        version: inspection.manifest.version.clone(),
        memory: policy.memory,
    }))
}

/// As in the gateway's process, but that the library is opened by another one.
fn load_in_worker(
    file: &Path,
    verified: VerifiedFile,
    digest: Digest,
    cache: &Path,
    host: &Host,
    policy: &IsolationPolicy,
) -> Result<Plugin, PluginFault> {
    let source = worker_source(&verified, digest, cache, policy)?;
    let manifest = verified.inspection.manifest;
    let health = host.health(&manifest.name, Watch::Deadline);
    let parts = host.for_workers();
    let (clock, program) = parts.ok_or_else(|| PluginFault::NoWorkers(manifest.name.clone()))?;
    let start = || {
        let (source, program) = (Arc::clone(&source), program.clone());
        let started = WorkerClient::start(source, program, Arc::clone(&clock), Arc::clone(&health));
        started.map_err(|failure| PluginFault::Lost(failure.message))
    };
    let client = start()?;
    let lane = if client.functions().signs {
        // A process of its own: a signature must not wait for an authorization.
        let lane = SignLane::start(start()?, policy.sign_deadline);
        Some(lane.map_err(|error| PluginFault::Lost(format!("no thread for signatures: {error}")))?)
    } else {
        None
    };
    let file = LibraryFile {
        path: file.to_owned(),
        sha256: digest,
        entry: None,
    };
    let code = Code::Worker(client, lane);
    let loaded = LoadedPlugin::new(code, host, health, manifest, Some(file))?;
    Ok(Plugin::new(loaded))
}
