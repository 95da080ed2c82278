//! The configuration: read once, every mistake reported at once, parsed into the gateway's own
//! types.
//!
//! Each section has a file that describes its keys; from the same descriptions come the reader's
//! checks, `docs/configuration.md` and the JSON schema. What only shows when sections are held
//! beside each other is in `cross.rs`.
//!
//! Invariant: nothing here prints a secret. Mistakes quote names, numbers and places; they never
//! quote a line of the file.

mod account;
mod app;
mod cross;
mod error;
mod find;
mod key;
mod limits;
mod listen;
mod log;
mod path;
mod plugins;
mod read;
mod route;
mod schema;
mod secret;
mod source;
mod store;
mod tokens;
mod upstream;
mod value;
mod workers;

pub use account::Account;
pub use app::{App, AppLogin};
pub use error::{ConfigErrors, Mistake, Note, Place};
pub(crate) use error::{Report, located};
pub use limits::Limits;
pub use listen::{Listen, ListenTls};
pub use log::{Log, LogFormat};
pub use plugins::Plugins;
pub(crate) use plugins::cache_folder;
pub use route::Route;
pub use schema::{json_schema, reference};
pub use source::{ProcessVariables, Variables};
pub use store::Store;
pub use tokens::Tokens;
pub use upstream::Upstream;
pub use workers::Workers;

use cross::Drafts;
use find::{note_near_variables, read_single, refuse_unknown_sections, repeated, single};
use key::Section;
use read::Context;
use std::{
    io::Read as _,
    path::{Path, PathBuf},
};
use toml_span::value::Table as TomlTable;

/// A configuration that can be used.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from.
    pub file: PathBuf,
    /// Where the gateway is reached.
    pub listen: Listen,
    /// The threads of the data plane.
    pub workers: Workers,
    /// Where tokens are kept.
    pub store: Store,
    /// Which plugin files may run.
    pub plugins: Plugins,
    /// How carriers are reached.
    pub upstream: Upstream,
    /// Bounds of everything a peer can make large or slow.
    pub limits: Limits,
    /// When tokens are renewed.
    pub tokens: Tokens,
    /// What the gateway tells about itself.
    pub log: Log,
    /// What apps may reach.
    pub routes: Vec<Route>,
    /// Credentials at carriers.
    pub accounts: Vec<Account>,
    /// Callers.
    pub apps: Vec<App>,
    /// What works but the operator should know.
    pub notes: Vec<Note>,
}

/// In the order of the reference.
static SECTIONS: [&Section; 12] = [
    &listen::SECTION,
    &listen::TLS,
    &workers::SECTION,
    &plugins::SECTION,
    &route::SECTION,
    &account::SECTION,
    &app::SECTION,
    &tokens::SECTION,
    &upstream::SECTION,
    &limits::SECTION,
    &log::SECTION,
    &store::SECTION,
];

/// Larger than any configuration; a wrong path stops here.
const LONGEST: u64 = 4 * 1024 * 1024;

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
        let (text, private) = read_file(file).map_err(|problem| {
            let mistake = Mistake {
                place: Place::File,
                message: problem,
                fix: "name a configuration file with --config".into(),
            };
            ConfigErrors::new(file, vec![mistake])
        })?;
        let mut cx = Context {
            text: &text,
            variables,
            folder: file.parent().unwrap_or_else(|| Path::new("")),
            private,
            mistakes: Vec::new(),
            notes: Vec::new(),
        };
        let config = match toml_span::parse(&text) {
            Ok(root) => Self::read(file, &mut cx, root.as_table()),
            Err(error) => {
                let place = cx.place(error.span);
                cx.mistake(
                    place,
                    format!("not TOML: {error}"),
                    "correct the syntax first",
                );
                None
            }
        };
        match config {
            Some(mut config) if cx.mistakes.is_empty() => {
                config.notes = cx.notes;
                Ok(config)
            }
            Some(_) | None => Err(ConfigErrors::new(file, cx.mistakes)),
        }
    }

    fn read<'t>(
        file: &Path,
        cx: &mut Context<'_>,
        root: Option<&'t TomlTable<'t>>,
    ) -> Option<Self> {
        refuse_unknown_sections(cx, root);
        note_near_variables(cx);
        let listen = single(cx, root, &listen::SECTION);
        let tls = single(cx, root, &listen::TLS);
        let config = Self {
            file: file.to_owned(),
            listen: Listen::read(cx, &listen, &tls),
            workers: read_single(cx, root, &workers::SECTION, Workers::read),
            store: read_single(cx, root, &store::SECTION, Store::read),
            plugins: read_single(cx, root, &plugins::SECTION, Plugins::read),
            upstream: read_single(cx, root, &upstream::SECTION, Upstream::read),
            limits: read_single(cx, root, &limits::SECTION, Limits::read),
            tokens: read_single(cx, root, &tokens::SECTION, Tokens::read),
            log: read_single(cx, root, &log::SECTION, Log::read),
            routes: Vec::new(),
            accounts: Vec::new(),
            apps: Vec::new(),
            notes: Vec::new(),
        };
        let drafts = Drafts {
            routes: repeated(cx, root, &route::SECTION, |cx, t| route::Draft::read(cx, t)),
            accounts: repeated(cx, root, &account::SECTION, account::Draft::read),
            apps: repeated(cx, root, &app::SECTION, app::Draft::read),
        };
        drafts.check(cx);
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
        } = drafts;
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

/// The text, and whether only the owner can read it.
fn read_file(path: &Path) -> Result<(String, bool), String> {
    let file = std::fs::File::open(path).map_err(|e| format!("cannot be read: {e}"))?;
    let metadata = file
        .metadata()
        .map_err(|e| format!("cannot be read: {e}"))?;
    if metadata.is_dir() {
        return Err("is a folder".into());
    }
    let mut text = String::new();
    let length = file
        .take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(|e| format!("cannot be read: {e}"))?;
    if length as u64 > LONGEST {
        return Err("is longer than 4MiB".into());
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
    Ok((text, mode & 0o077 == 0))
}

#[cfg(test)]
mod tests;
