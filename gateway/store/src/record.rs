//! The records. Secrets in them are secret types; on disk they are sealed.

mod account;
mod app;
mod fleet;
mod grant;
mod manifest;
mod trail;

pub use account::AccountRecord;
pub use app::{AppRecord, LegacyKeyRecord, SecretDigest};
pub use fleet::{
    Claim, DemandCause, Duty, Fence, FleetOptions, Heartbeat, Ownership, ReplicaId, ReplicaInfo,
    ReplicaRecord, ReplicaState, StoreChange,
};
pub use grant::{
    Completion, GrantRecord, Intent, Presentation, Resolution, RestoredFrom, StoredFailure,
    StoredSlot, StoredToken,
};
pub use manifest::ManifestRecord;
pub use trail::{
    AdminTokenRecord, AuditEntry, AuditId, ConsentRecord, InvitationRecord, MigrationRecord,
    NoticeRecord, RenewalEntry, SessionRecord,
};
