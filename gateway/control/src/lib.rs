//! The control plane: what an operator does, whatever the surface.
//!
//! [`ControlPlane`] joins store, broker and plugins. The admin API is HTTP over it, the CLI is a
//! client of that; the data plane does not know it, and is told of changes by a [`Publisher`].
//!
//! | file | what |
//! |---|---|
//! | `plane`, `settings`, `wiring`, `signing`, `served` | what everything here shares; an account's connections; who signs its requests; what the data plane is told |
//! | `load` | the start: what the configuration declares, what the store kept, what a crash left open |
//! | `accounts`, `tokens`, `apps`, `admins` | what an operator manages |
//! | `consent`, `pasted`, `probe` | a person signs in; one harmless call proves it |
//! | `reminders` | who must sign in again hears of it in time |
//! | `doctor` | a diagnosis: gateway, ways to carriers, accounts |
//! | `migration` | from retired access keys to OAuth; only adds, so it can be undone |
//! | `trail`, `audit` | what happened, who did it |
//! | `ledger`, `backup` | the store as the broker sees it; its backup and its master key |

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
mod served;
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
pub use served::{Publisher, Served, ServedAccount};
pub use settings::{Files, PrivateFile, Realm, Settings};
pub use wiring::WiringError;
