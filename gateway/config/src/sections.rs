//! The sections of the file: for each a file with the descriptions of its keys, and what they become.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod app;
mod client_address;
pub(crate) mod consent;
pub(crate) mod fleet;
pub(crate) mod limits;
pub(crate) mod listen;
pub(crate) mod log;
pub(crate) mod mail;
pub(crate) mod metrics;
pub(crate) mod plugins;
pub(crate) mod reminders;
pub(crate) mod route;
pub(crate) mod store;
pub(crate) mod telemetry;
pub(crate) mod tokens;
pub(crate) mod upstream;
pub(crate) mod workers;

pub use account::Account;
pub use admin::Admin;
pub use app::{App, AppLogin};
pub use consent::Consent;
pub use fleet::Fleet;
pub use limits::{Http1Server, Limits};
pub use listen::{Listen, ListenTls};
pub use log::{Log, LogFormat};
pub use mail::{Mail, MailLogin, MailServer};
pub use metrics::Metrics;
pub use plugins::{Plugins, cache_folder};
pub use reminders::{Reminders, Webhook};
pub use route::Route;
pub use telemetry::{Collector, Telemetry};
pub use tokens::Tokens;
pub use upstream::Upstream;
pub use workers::Workers;

use crate::description::Section;

/// In the order of the reference.
pub(crate) static SECTIONS: [&Section; 21] = [
    &listen::SECTION,
    &listen::TLS,
    &listen::ADMIN_TLS,
    &admin::SECTION,
    &workers::SECTION,
    &plugins::SECTION,
    &route::SECTION,
    &account::SECTION,
    &app::SECTION,
    &tokens::SECTION,
    &upstream::SECTION,
    &limits::SECTION,
    &log::SECTION,
    &metrics::SECTION,
    &telemetry::SECTION,
    &store::SECTION,
    &fleet::SECTION,
    &consent::SECTION,
    &reminders::SECTION,
    &reminders::WEBHOOK,
    &mail::SECTION,
];
