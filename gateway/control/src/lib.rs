//! The control plane: everything that an operator can do, independent of the interface.
//!
//! [`ControlPlane`] joins the store, the broker and the plugins. The admin API is HTTP over it, and
//! the command line is a client of that API. The data plane does not depend on this crate; a
//! [`Publisher`] tells it of changes.
//!
//! | File | Contents |
//! |---|---|
//! | `plane`, `settings`, `serving` | the control plane, its settings, and what it publishes to the data plane |
//! | `wiring`, `signing` | an account's plugin instances, broker slot and signer |
//! | `load` | the start: configuration, stored accounts, presentations that a crash interrupted |
//! | `accounts`, `tokens`, `apps`, `admins` | accounts, tokens, apps, admin tokens |
//! | `consent`, `pasted`, `probe` | a person signs in; a test call proves the login |
//! | `reminders` | notices in good time before an account stops working |
//! | `doctor` | a diagnosis of the gateway, its connections to carriers, and accounts |
//! | `migration` | the migration from retired access keys to OAuth; it only adds, so it can be undone |
//! | `trail`, `audit` | the audit trail, open notices, the status |
//! | `backup` | backups of the store, and rotation of its master key |

mod accounts;
mod admins;
mod apps;
mod audit;
mod backup;
mod consent;
mod doctor;
mod error;
mod load;
mod migration;
mod pasted;
mod plane;
mod probe;
mod reminders;
mod secret_digest;
mod serving;
mod settings;
mod signing;
mod tokens;
mod trail;
mod wiring;

pub use admins::Identity;
pub use error::{ControlError, Fault};
pub use load::{Declared, DeclaredApp};
pub use plane::{Actor, ControlPlane, Parts};
pub use reminders::{Mail, MailLogin, MailSecurity, Reminders, Webhook};
pub use serving::{Publisher, ServingAccount, ServingState};
pub use settings::{Files, PrivateFile, Realm, Settings};
pub use wiring::WiringError;
