//! The contract of the admin API: the documents that travel, and a typed client.
//!
//! A program that only calls a gateway links this crate and not the gateway's store, broker or
//! data plane. The control plane returns these documents, the admin listener serialises them, and
//! [`client::Client`] reads them back, so all three agree by type.
//!
//! Times are RFC 3339 in UTC; a program that shows them to people chooses the zone. The OpenAPI
//! document that the gateway serves at `/openapi.json` is generated from these types.
//!
//! | Module | Contents |
//! |---|---|
//! | `account`, `consent`, `probe`, `token` | accounts, sign-ins, test calls, tokens |
//! | `invitation` | links with which somebody outside signs in |
//! | `app`, `admin_token` | programs that call the gateway; people who manage it |
//! | `request`, `new_requests` | the last requests of apps, and why they failed; those that came since the last look |
//! | `audit`, `notice`, `gateway`, `backup` | what happened, what needs attention, the gateway as a whole |
//! | `replica` | the gateways that share a store |
//! | `carrier` | carriers, and what their plugins want to know of an account |
//! | `plugin` | plugins of carriers, and what a reload did |
//! | `configuration` | the settings with which the gateway runs |
//! | `reload` | what a reload of the configuration changed, and mistakes in it |
//! | `doctor`, `migration` | a diagnosis; the migration from access keys |
//! | [`migration_list`] | reads the list of accounts that a migration begins with |
//! | `secret_text`, `error_body`, `protocol` | secrets in transit, errors, paths and versions |
//! | `page_of_command` | the page of the web interface that does what a command does |
//! | [`client`] | one method for each route |

mod account;
mod admin_token;
mod app;
mod audit;
mod backup;
mod carrier;
pub mod client;
mod configuration;
mod consent;
mod doctor;
mod error_body;
mod gateway;
mod invitation;
mod migration;
pub mod migration_list;
mod new_requests;
mod notice;
mod page_of_command;
mod plugin;
mod probe;
mod protocol;
mod reload;
mod replica;
mod request;
mod secret_text;
mod token;

pub use account::{AccountState, AccountView, AddAccount, UpdateAccount};
pub use admin_token::{AddAdminToken, AdminTokenSecret, AdminTokenView};
pub use app::{AddApp, AppSecrets, AppView, LegacyKeyView, RateChange, RotateApp, UpdateApp};
pub use audit::AuditView;
pub use backup::BackupRequest;
pub use carrier::{CarrierSetting, CarrierView, SettingKind};
pub use configuration::{ConfigurationView, SettingSource, SettingView};
pub use consent::{ConsentDone, ConsentStarted, PasteConsent};
pub use doctor::{Check, DoctorReport, Verdict};
pub use error_body::{ErrorBody, ErrorDetail};
pub use gateway::{KeyRotated, RotateKey, StatusView};
pub use invitation::{
    AddInvitation, InvitationLink, InvitationState, InvitationView, InvitedAccount,
};
pub use migration::{
    MigrationItem, MigrationPlan, MigrationProfile, MigrationState, MigrationView, StartMigration,
};
pub use new_requests::NewRequests;
pub use notice::NoticeView;
pub use page_of_command::{page_of_command, with_page};
pub use plugin::{PluginContent, PluginReloaded, PluginView, PluginWorkerView};
pub use probe::{ProbeReport, RatesView};
pub use protocol::{BASE_PATH, VERSION, VERSION_HEADER};
pub use reload::{MistakeView, NameChanges, ReloadReport};
pub use replica::{FleetView, ReplicaView};
pub use request::{RequestFailureView, RequestQuery, RequestView};
pub use secret_text::SecretText;
pub use token::{RefreshView, RenewalView, SlotView, TokenView};
