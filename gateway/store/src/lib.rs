//! What the gateway remembers: accounts, grants, apps, audit trail; in SQLite or PostgreSQL.
//!
//! One set of statements serves both databases; `docs/store.md` describes the schema, the sealing
//! and the backup format. Every call has a deadline, and a call that failed wrote nothing or can be
//! repeated.

mod access;
mod accounts;
mod admin_tokens;
mod apps;
mod audit;
mod backup;
#[doc(hidden)]
pub mod bench_support;
mod claim_queue;
mod classify;
mod consents;
mod creation;
mod db;
mod derive;
mod doc;
mod error;
mod file;
mod fleet;
mod grants;
mod invitations;
mod key;
mod key_ring;
mod lock;
mod lookups;
mod manifests;
mod membership;
mod meta;
mod migrations;
mod notices;
mod open;
mod preflight;
mod read;
mod record;
mod recover;
mod renewals;
mod rescue;
mod rotate;
mod seal;
mod sessions;
mod statement;
mod store;
mod table;
mod time;

pub use access::Access;
pub use backup::{
    BackupError, BackupSummary, Overwrite, inspect_backup, protection_from_key_file, recipient_of,
};
pub use consents::TakenConsent;
pub use db::migrate::schema_version;
pub use derive::Purpose;
pub use error::{KeyError, OpenError, StoreError};
pub use fleet::{HeardChange, StoreChanges};
/// Which store, and its keys: words that the configuration shares with the store.
pub use gateway_model::{MasterKeySource, StoreOptions, StoreUrl};
pub use invitations::{invitation_of, invitation_record_id};
pub use notices::NoticeChannel;
pub use preflight::{check_options, place};
pub use record::{
    AccountRecord, AdminTokenRecord, AppRecord, AuditEntry, AuditId, Claim, Completion,
    ConsentRecord, DemandCause, Duty, Fence, FleetOptions, GrantRecord, Heartbeat, Intent,
    InvitationRecord, LegacyKeyRecord, ManifestRecord, MigrationRecord, NoticeRecord, Ownership,
    Presentation, RenewalEntry, ReplicaId, ReplicaInfo, ReplicaRecord, ReplicaState, Resolution,
    RestoredFrom, SecretDigest, SessionRecord, StoreChange, StoredFailure, StoredSlot, StoredToken,
};
pub use sessions::SessionLimits;
pub use store::{Quarantined, Store};
pub use time::Timestamp;
