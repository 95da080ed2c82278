//! The plugin host: finds, verifies, loads and drives carrier plugins.
//!
//! Invariant: it knows the ABI and no carrier by name. No byte of a plugin runs before the file was
//! inspected, and no call into one runs outside the pool but `sign`, which must not wait.
//!
//! A file's way, one module per stage: `discover` → `inspect` → `place` → `library` → `handshake`,
//! held together by `catalog`. An authorization's way: `instance` → `drive` (with `sink`, `raw`),
//! on the threads of `pool`, watched by `health`. A request is signed by `sign`, on its own thread.
//! `docs/plugin-host.md` tells it for operators.

mod authorize;
mod breach;
mod catalog;
mod consent;
mod context;
mod diagnosis;
mod digest;
mod discover;
mod drive;
mod fields;
mod handshake;
mod health;
mod host;
mod host_table;
mod inspect;
mod instance;
mod library;
mod limits;
mod manifest;
mod place;
mod plugin;
mod pool;
mod random;
mod raw;
mod refusal;
mod sign;
mod sink;
mod text;

pub use authorize::{Authorization, AuthorizeUrl, GrantChange, Issued, Reason};
pub use catalog::{Catalog, Entry, Fault, Policy, State, Verified, open};
pub use diagnosis::{
    Advice, Diagnosis, Negotiated, Ownership, Probe, ProbeRequest, Rates, codes_in,
};
pub use digest::{Digest, DigestError};
pub use discover::{DirectoryError, FileError};
pub use handshake::HandshakeError;
pub use host::Host;
pub use host_table::services;
pub use inspect::{Inspection, Report, inspect};
pub use instance::{Instance, InstanceOptions};
pub use limits::Limits;
pub use manifest::{AbiVersion, Manifest, ManifestError, SignBody, Signing};
pub use place::PlaceError;
pub use plugin::Plugin;
pub use random::{OsRandom, Random};
pub use refusal::Refusal;

pub use gateway_model::TokenFacts;

use breach::Breach;
