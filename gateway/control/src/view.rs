//! What travels between the control plane, the admin API and its clients.
//!
//! Times are RFC 3339 in UTC; whoever shows them to people chooses the zone.

mod account;
mod app;
mod doctor;
mod migration;
mod secret;
mod token;
mod trail;

pub use account::{
    AccountState, AccountView, AddAccount, ConsentDone, ConsentStarted, PasteConsent, ProbeReport,
    UpdateAccount,
};
pub use app::{AddApp, AppSecrets, AppView, LegacyKeyView, RotateApp, UpdateApp};
pub use doctor::{Check, DoctorReport, Verdict};
pub use migration::{
    LegacyProfile, MigrationItem, MigrationPlan, MigrationState, MigrationView, StartMigration,
};
pub use secret::SecretText;
pub use token::{RefreshView, RenewalView, TokenView};
pub use trail::{
    AddAdminToken, AdminTokenSecret, AdminTokenView, AuditView, KeyRotated, NoticeView, RotateKey,
    StatusView,
};
