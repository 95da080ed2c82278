//! A configuration as a whole: its sections are read one by one, then checked against each other.

use crate::{
    checks::{self, Drafts},
    error::{ConfigErrors, Note, Place},
    listing::{self, Setting},
    reader::{
        Context, ProcessVariables, Variables, file, note_near_variables, read_single,
        refuse_unknown_sections, repeated, single,
    },
    sections::{
        Account, Admin, App, Consent, Fleet, Limits, Listen, Log, Metrics, Plugins, Reminders,
        Route, SECTIONS, Telemetry, Tokens, Upstream, Workers, account, admin, app, consent, fleet,
        limits, listen, log, mail, metrics, plugins, reminders, route, store, telemetry, tokens,
        upstream, workers,
    },
};
use gateway_model::{StoreOptions, StoreUrl};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};
use toml_span::value::Table as TomlTable;

/// A configuration that can be used.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from.
    pub file: PathBuf,
    /// The addresses on which the gateway listens.
    pub listen: Listen,
    /// The threads of the data plane.
    pub workers: Workers,
    /// Access to the admin API.
    pub admin: Admin,
    /// Where accounts, grants and tokens are kept.
    pub store: StoreOptions,
    /// How this gateway takes part in a fleet.
    pub fleet: Fleet,
    /// How a person signs in at a carrier.
    pub consent: Consent,
    /// The reminders that are sent before a grant ends.
    pub reminders: Reminders,
    /// Which plugin files may run.
    pub plugins: Plugins,
    /// Connections to carriers.
    pub upstream: Upstream,
    /// Bounds of everything a peer can make large or slow.
    pub limits: Limits,
    /// When tokens are renewed.
    pub tokens: Tokens,
    /// The log.
    pub log: Log,
    /// How much the metrics tell.
    pub metrics: Metrics,
    /// Distributed traces.
    pub telemetry: Telemetry,
    /// The carriers and environments that apps may reach.
    pub routes: Vec<Route>,
    /// Credentials at carriers.
    pub accounts: Vec<Account>,
    /// The programs that call the gateway.
    pub apps: Vec<App>,
    /// What works but the operator should know.
    pub notes: Vec<Note>,
    /// Every setting with its value and where it is from, without secrets.
    pub settings: Vec<Setting>,
}

impl Config {
    /// Reads a file, with the overrides of this process's environment.
    ///
    /// # Errors
    /// With every mistake in it.
    pub fn load(file: &Path) -> Result<Self, ConfigErrors> {
        Self::load_with(file, &ProcessVariables)
    }

    /// Reads a file, with overrides and secrets from `variables`.
    ///
    /// # Errors
    /// With every mistake in it.
    pub fn load_with(file: &Path, variables: &dyn Variables) -> Result<Self, ConfigErrors> {
        let (mut config, notes) = file::read(file, &SECTIONS, variables, |cx, root| {
            Self::read(file, cx, root)
        })?;
        config.notes = notes;
        Ok(config)
    }

    /// Where the carrier sends people back to, once the admin listener's address is known.
    pub fn redirect_uri(&self, admin: SocketAddr) -> String {
        let made_up = || format!("{}/oauth/callback", self.listen.admin_url(admin));
        self.consent.redirect_uri.clone().unwrap_or_else(made_up)
    }

    fn read<'t>(
        file: &Path,
        cx: &mut Context<'_>,
        root: Option<&'t TomlTable<'t>>,
    ) -> Option<Self> {
        refuse_unknown_sections(cx, root);
        // Only a note: other programs may set variables with this prefix.
        note_near_variables(cx);
        let listen = single(cx, root, &listen::SECTION);
        let tls = single(cx, root, &listen::TLS);
        let admin_tls = single(cx, root, &listen::ADMIN_TLS);
        let listen = Listen::read(cx, &listen, (&tls, &admin_tls));
        let consent = single(cx, root, &consent::SECTION);
        // Needs the admin address, which the redirect URI falls back to.
        let consent = Consent::read(cx, &consent, listen.admin);
        let config = Self {
            file: file.to_owned(),
            listen,
            workers: read_single(cx, root, &workers::SECTION, Workers::read),
            admin: read_single(cx, root, &admin::SECTION, Admin::read),
            store: read_single(cx, root, &store::SECTION, store::read),
            fleet: read_single(cx, root, &fleet::SECTION, Fleet::read),
            consent,
            reminders: read_reminders(cx, root),
            plugins: read_single(cx, root, &plugins::SECTION, Plugins::read),
            upstream: read_single(cx, root, &upstream::SECTION, Upstream::read),
            limits: read_single(cx, root, &limits::SECTION, Limits::read),
            tokens: read_single(cx, root, &tokens::SECTION, Tokens::read),
            log: read_single(cx, root, &log::SECTION, Log::read),
            metrics: read_single(cx, root, &metrics::SECTION, Metrics::read),
            telemetry: read_single(cx, root, &telemetry::SECTION, Telemetry::read),
            // Filled after the checks, which work on drafts.
            routes: Vec::new(),
            accounts: Vec::new(),
            apps: Vec::new(),
            notes: Vec::new(),
            settings: listing::settings(cx, root),
        };
        // Drafts, not finished values: a mistake in one table must not hide those between tables.
        let drafts = Drafts {
            routes: repeated(cx, root, &route::SECTION, |cx, t| route::Draft::read(cx, t)),
            accounts: repeated(cx, root, &account::SECTION, account::Draft::read),
            apps: repeated(cx, root, &app::SECTION, app::Draft::read),
            // Accounts that are not in the file may be in a store that lasts.
            store_lasts: !matches!(config.store.url, StoreUrl::Memory),
        };
        // After all sections were read: every mistake is reported in one run.
        checks::check(&drafts, cx);
        // Advice only: an app may come later by the admin API.
        if !config.listen.trust_loopback && drafts.apps.is_empty() {
            cx.note(
                Place::File,
                "there is no [[app]] and trust_loopback is false: every request will be refused",
            );
        }
        let Drafts {
            routes,
            accounts,
            apps,
            ..
        } = drafts;
        // From here on every draft is complete, or its mistake is on record.
        Some(Self {
            routes: routes
                .into_iter()
                .map(route::Draft::finish)
                .collect::<Option<_>>()?,
            accounts: accounts
                .into_iter()
                .map(account::Draft::finish)
                .collect::<Option<_>>()?,
            apps: apps
                .into_iter()
                .map(app::Draft::finish)
                .collect::<Option<_>>()?,
            ..config
        })
    }
}

fn read_reminders<'t>(cx: &mut Context<'_>, root: Option<&'t TomlTable<'t>>) -> Reminders {
    let table = single(cx, root, &reminders::SECTION);
    let webhook = single(cx, root, &reminders::WEBHOOK);
    let mail = single(cx, root, &mail::SECTION);
    Reminders::read(cx, &table, &webhook, &mail)
}
