//! The control plane: everything that an operator can do, independent of the interface.
//!
//! [`ControlPlane`] joins the store, the broker and the plugins. The admin API is HTTP over it, and
//! the command line is a client of that API. The data plane does not depend on this crate; a
//! [`Publisher`] tells it of changes.
//!
//! | File | Contents |
//! |---|---|
//! | `plane`, `settings` | the control plane, its settings |
//! | `serving`, `publication` | what it publishes to the data plane, and how a change reaches that |
//! | `instances`, `wiring`, `signing` | an account's plugin instances, broker slot and signer |
//! | `plugins`, `blocking` | plugins are replaced while the gateway serves |
//! | `reload` | another configuration takes over while the gateway serves |
//! | `load` | the start: configuration, stored accounts, presentations that a crash interrupted |
//! | `accounts`, `tokens`, `apps`, `admins` | accounts, tokens, apps, admin tokens |
//! | `sessions` | who is signed in to the web interface |
//! | `account_list`, `account_index`, `search` | thousands of accounts as lists show them, from memory |
//! | `carriers` | carriers, and whether their plugins accept an account |
//! | `consent`, `pasted`, `probe`, `rates` | a person signs in; a test call proves the login |
//! | `invitations`, `invitation_record`, `logins` | somebody outside signs in with a link, and sees nothing else; which accounts are of one login |
//! | `reminders`, `reminder_state` | notices in good time before an account stops working; what the tasks remember |
//! | `doctor` | a diagnosis of the gateway, its connections to carriers, and accounts |
//! | `migration` | the migration from retired access keys to OAuth; it only adds, so it can be undone |
//! | `trail`, `audit`, `basis`, `overtaken`, `api_time` | the audit trail, open notices, the status; what others changed meanwhile; times as the admin API shows them |
//! | `fleet`, `fleet_state`, `declared` | several gateways on one PostgreSQL; what the file of each declares |
//! | `requests` | the last requests of apps; the data plane remembers them |
//! | `backup`, `store_watch` | backups of the store, and rotation of its master key; whether the store works |

mod account_index;
mod account_list;
mod account_record;
mod account_view;
mod accounts;
mod actor;
mod admins;
mod api_time;
mod apps;
mod audit;
mod backup;
mod basis;
mod blocking;
mod carriers;
mod consent;
mod declared;
mod doctor;
mod error;
mod fleet;
mod fleet_state;
mod instances;
mod invitation_record;
mod invitations;
mod load;
mod logins;
mod migration;
mod overtaken;
mod pasted;
mod plane;
mod plugin_settings;
mod plugins;
mod probe;
mod publication;
mod rates;
mod reload;
mod reminder_state;
mod reminders;
mod requests;
mod restored;
mod search;
mod secret_digest;
mod serving;
mod sessions;
mod settings;
mod signing;
mod store_watch;
mod tokens;
mod trail;
mod wiring;

pub use account_list::{AccountList, AccountOrder, AccountQuery, AccountSummary, AccountsInBrief};
pub use accounts::default_subject;
pub use actor::Actor;
pub use admins::Identity;
pub use basis::Basis;
pub use declared::{Declared, DeclaredApp};
pub use error::{ControlError, Fault};
pub use fleet::FleetStatus;
pub use instances::{Instances, WiringError};
pub use invitations::{Invited, InvitedAccount};
pub use plane::{ControlPlane, Parts};
pub use plugin_settings::key_at_fault;
pub use reload::{NewConfiguration, Objection, ReloadRefusal};
pub use search::SearchWords;
pub use serving::{Publisher, Reloader, RequestHistory, ServingAccount, ServingState};
pub use sessions::{NewSession, Session, SessionKey};
pub use settings::{
    Files, Fleet, Mail, MailLogin, MailSecurity, PrivateFile, Realm, Reminders, Settings, Webhook,
};
