//! The configuration: read once, every mistake reported at once, parsed into the gateway's own
//! types.
//!
//! Each section has a file in `sections` that describes its keys; from the same descriptions come
//! the reader's checks, `docs/configuration.md` and the JSON schema. Checks that need more than one
//! section are in `checks`.
//!
//! Invariants: no message and no `Debug` prints a secret, and none quotes a line of the file.
//! Reading takes time in proportion to the file: thousands of accounts are ordinary.

mod changes;
mod checks;
mod config;
mod description;
mod error;
mod listing;
mod partial;
mod reader;
mod schema;
mod sections;

pub use changes::{Changes, NameChanges};
pub use config::Config;
pub use error::{ConfigErrors, Mistake, Note, Place, Report, located};
pub use listing::Setting;
pub use partial::{AdminAccess, load_plugins, load_store};
pub use reader::{ProcessVariables, Variables};
pub use schema::{json_schema, reference};
pub use sections::{
    Account, Admin, App, AppLogin, Collector, Consent, Fleet, Http1Server, Limits, Listen,
    ListenTls, Log, LogFormat, Mail, MailLogin, MailServer, Metrics, Plugins, Reminders, Route,
    Telemetry, Tokens, Upstream, Webhook, Workers, cache_folder,
};

#[cfg(test)]
mod tests;
