//! The stages between file and plugin.

use super::{
    choice,
    entry::{CatalogEntry, PluginFault, VerifiedFile},
};
use crate::{
    Host, Inspection, Manifest, Plugin, PluginLock, WorkerEnding, WorkerProgram, digest_of,
    discover, handshake,
    health::{Health, Watch},
    host_table, inspect, library,
    loaded::{Code, LibraryFile, LoadedPlugin},
    private_copy,
    worker::{SignLane, WorkerClient, WorkerSource},
};
use gateway_model::{Clock, Digest, Isolation, IsolationPolicy, PluginPolicy};
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

/// Worker processes that start at a time. One that hangs takes ten seconds, and a start must not add those up;
/// more at a time would make the others late on a small machine.
const STARTS: usize = 32;

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

/// Takes all of them as far as they come, and logs how far that is.
pub(super) fn activate_all(
    entries: &mut [CatalogEntry],
    policy: &PluginPolicy,
    cache: &Path,
    host: &Host,
) {
    let (apart, here): (Vec<_>, Vec<_>) = entries
        .iter_mut()
        .partition(|entry| entry.isolation() == Some(Isolation::Process));
    let load = |entry: &mut CatalogEntry| {
        activate(entry, policy, cache, host);
        entry.log();
    };
    let starts = apart.len().min(STARTS);
    let waiting = Mutex::new(apart.into_iter());
    let next = || {
        waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next()
    };
    let load_apart = || {
        while let Some(entry) = next() {
            load(entry);
        }
    };
    thread::scope(|scope| {
        for _ in 0..starts {
            let thread = thread::Builder::new().name("plugin-start".into());
            // Without this thread the others, or the last lines, load what is left.
            let _ = thread.spawn_scoped(scope, load_apart);
        }
        // One after the other, so that the log tells which of them a start waits for.
        here.into_iter().for_each(load);
        load_apart();
    });
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
            load_in_worker(&file, &verified, digest, cache, host, &policy.isolation)
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
        library::unmap_pages(entry);
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

/// Loads the file in a worker process, to be tried there. A host without a worker program tries nothing.
pub(crate) fn try_out(
    entry: &CatalogEntry,
    policy: &PluginPolicy,
    cache: &Path,
    host: &Host,
) -> Result<Option<Plugin>, PluginFault> {
    let (Some(verified), Some(digest)) = (entry.verified(), entry.sha256()) else {
        return Ok(None);
    };
    let Some(start) = WorkerStart::of(verified, digest, cache, host, &policy.isolation)? else {
        return Ok(None);
    };
    let tried = start.run(None);
    let client = tried.map_err(|ending| PluginFault::Probe(ending.to_string()))?;
    start.plugin(client, None, entry.file()).map(Some)
}

/// Loads what the private copy still holds of a file that ran in a worker process and was replaced.
pub(crate) fn load_copy(
    replaced: &CatalogEntry,
    policy: &PluginPolicy,
    cache: &Path,
    host: &Host,
) -> CatalogEntry {
    let mut entry = replaced.without_plugin();
    match replaced.sha256().map(|digest| verify_copy(digest, cache)) {
        Some(Ok((bytes, inspection))) => {
            entry.set_verified(bytes, inspection);
            activate(&mut entry, policy, cache, host);
        }
        Some(Err(fault)) => entry.fault(fault),
        None => {}
    }
    entry
}

fn verify_copy(digest: Digest, cache: &Path) -> Result<(Vec<u8>, Inspection), PluginFault> {
    let bytes = private_copy::read(cache, digest)?;
    let inspection = inspect(&bytes)?;
    Ok((bytes, inspection))
}

/// What starts a plugin's worker processes.
struct WorkerStart<'a> {
    source: Arc<WorkerSource>,
    program: WorkerProgram,
    clock: Arc<dyn Clock>,
    health: Arc<Health>,
    manifest: Arc<Manifest>,
    host: &'a Host,
}

impl<'a> WorkerStart<'a> {
    /// None if this host has no worker program.
    fn of(
        verified: &VerifiedFile,
        digest: Digest,
        cache: &Path,
        host: &'a Host,
        policy: &IsolationPolicy,
    ) -> Result<Option<Self>, PluginFault> {
        let Some((clock, program)) = host.for_workers() else {
            return Ok(None);
        };
        let inspection = &verified.inspection;
        let manifest = Arc::clone(&inspection.manifest);
        let source = WorkerSource {
            library: private_copy::make(cache, &verified.bytes, digest)?,
            digest,
            manifest: inspection.manifest_bytes.clone(),
            version: manifest.version.clone(),
            memory: policy.memory,
        };
        Ok(Some(Self {
            source: Arc::new(source),
            program,
            clock,
            health: host.health(&manifest.name, Watch::Deadline),
            manifest,
            host,
        }))
    }

    /// With a deadline it is one for signatures.
    fn run(&self, sign_deadline: Option<Duration>) -> Result<Arc<WorkerClient>, WorkerEnding> {
        WorkerClient::start(
            Arc::clone(&self.source),
            self.program.clone(),
            Arc::clone(&self.clock),
            Arc::clone(&self.health),
            sign_deadline,
        )
    }

    fn plugin(
        self,
        client: Arc<WorkerClient>,
        lane: Option<SignLane>,
        file: &Path,
    ) -> Result<Plugin, PluginFault> {
        let file = LibraryFile {
            path: file.to_owned(),
            sha256: self.source.digest,
            entry: None,
        };
        let code = Code::Worker(client, lane);
        let loaded = LoadedPlugin::new(code, self.host, self.health, self.manifest, Some(file))?;
        Ok(Plugin::new(loaded))
    }
}

/// As in the gateway's process, but that the library is opened by another one.
fn load_in_worker(
    file: &Path,
    verified: &VerifiedFile,
    digest: Digest,
    cache: &Path,
    host: &Host,
    policy: &IsolationPolicy,
) -> Result<Plugin, PluginFault> {
    let name = &verified.inspection.manifest.name;
    let start = WorkerStart::of(verified, digest, cache, host, policy)?;
    let start = start.ok_or_else(|| PluginFault::NoWorkers(name.clone()))?;
    let lost = |ending: WorkerEnding| PluginFault::Worker(ending.to_string());
    let client = start.run(None).map_err(lost)?;
    let lane = if client.functions().signs {
        // A process of its own: a signature must not wait for an authorization.
        let deadline = policy.sign_deadline;
        let signer = start.run(Some(deadline)).map_err(lost)?;
        let lane = SignLane::start(signer, deadline);
        Some(lane.map_err(|error| PluginFault::Lost(format!("no thread for signatures: {error}")))?)
    } else {
        None
    };
    start.plugin(client, lane, file)
}
