//! The plugin host: finds, verifies, loads and drives carrier plugins.
//!
//! Invariant: it knows the ABI and no carrier by name. No byte of a plugin runs before the file was
//! inspected, and no call into one runs outside the pool but `sign`, which must not wait.
//!
//! A file's way, one module per stage: `discover` → `inspect` → `lock` and `signature` → `private_copy` → `library` →
//! `handshake`, held together by `catalog`. What comes out is a `loaded` plugin.
//!
//! An authorization's way: `instance` → `drive` → `handle` → `call` (with `sink` and `ffi`), on the threads of
//! `pool`, watched by `health`. A plugin that does not run in this process has `worker` between `handle` and
//! `call`. `consent` asks for the URL of a consent. `sign` signs a request on the thread that
//! serves it. `docs/plugin-host.md` describes all of it for operators.

mod authorization;
mod call;
mod catalog;
mod codes;
mod consent;
mod context;
mod diagnosis;
mod digest;
mod discover;
mod drive;
mod exit_watch;
mod ffi;
mod fields;
mod handle;
mod handshake;
mod health;
mod host;
mod host_table;
mod inspect;
mod instance;
mod instance_result;
mod library;
mod limits;
mod loaded;
mod lock;
mod locking;
mod manifest;
mod plugin;
mod plugin_log;
mod pool;
mod private_copy;
mod random;
mod refusal;
mod registry;
mod sign;
mod sign_call;
mod sign_watch;
mod signature;
mod sink;
mod text;
mod trust;
mod violation;
mod worker;

pub use authorization::{
    Authorization, AuthorizationReason, ConsentRequest, GrantChange, Issued, IssuedSlot,
};
pub use catalog::{
    Catalog, CatalogEntry, EntryState, PluginFault, VerifiedFile, load_file, verify_file,
};
pub use codes::CodePlaces;
pub use diagnosis::{Advice, Diagnosis, Negotiated, Ownership, Probe, ProbeRequest, Rates};
pub use digest::digest_of;
pub use discover::{DirectoryError, FileError};
pub use exit_watch::{ExitWatch, watch_exits};
pub use gateway_model::{Digest, Isolation, IsolationPolicy, PluginPolicy, TrustedKey};
pub use handshake::HandshakeError;
pub use host::Host;
pub use host_table::services;
pub use inspect::{Inspection, Report, inspect};
pub use instance::{Instance, InstanceOptions};
pub use library::unmap_own_pages;
pub use limits::Limits;
pub use lock::{LOCK_FILE, LockError, LockSyntaxError, LockedPlugin, PluginLock};
pub use locking::{LockChange, LockUpdate, LockingError, lock_update};
pub use manifest::{AbiVersion, Manifest, ManifestError, SignBody, Signing};
pub use plugin::Plugin;
pub use private_copy::PrivateCopyError;
pub use random::{OsRandom, Random};
pub use refusal::Refusal;
pub use registry::{KnownCarrier, LastManifest, Registry, Reload, ReloadError, Replacement, Trial};
pub use signature::SignatureError;
pub use trust::Trust;
pub use worker::{
    SystemCall, WORKER_ENDED, WorkerEnding, WorkerProgram, WorkerStartError, WorkerState,
    WorkerStatus, run_worker,
};
#[doc(hidden)]
pub use worker::{reread_answer, survive_hostile_ring};

pub use gateway_model::TokenFacts;

use violation::Violation;
