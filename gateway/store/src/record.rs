//! The records. Secrets in them are secret types; on disk they are sealed.

mod account;
mod app;
mod grant;
mod trail;

pub use account::{AccountRecord, GrantKind, ManagedBy};
pub use app::{AppRecord, LegacyKeyRecord, RateLimit, SecretDigest};
pub use grant::{
    Completion, GrantRecord, GrantStatus, Intent, Presentation, Resolution, StoredToken,
};
pub use trail::{
    AdminTokenRecord, AuditEntry, AuditId, ConsentRecord, MigrationRecord, NoticeKind,
    NoticeRecord, RenewalEntry, Role,
};
