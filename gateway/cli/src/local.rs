//! Commands that need the gateway's own parts. The program hands them in, so that this crate links
//! neither the store nor the plugin host nor the data plane.

use crate::{
    error::{CliError, CommandOutcome},
    terminal::{Output, secret_input},
};
use anyhow::anyhow;
use clap::Subcommand;
use gateway_model::{Clock, Protection, Recipient, Secret};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// The arguments of `waybill serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Configuration file
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "waybill.toml",
        env = "WAYBILL_CONFIG"
    )]
    pub config: PathBuf,

    /// Go on in the place of the running gateway, without a refused connection; start as usual if none runs
    #[arg(long)]
    pub take_over: bool,
}

/// Commands on this machine's files and ports.
pub trait LocalCommands {
    /// Where time comes from.
    fn clock(&self) -> Arc<dyn Clock>;

    /// `waybill serve`: runs the gateway until it is told to stop.
    ///
    /// # Errors
    /// When it cannot start.
    fn serve(&self, args: &ServeArgs, output: &mut Output) -> Result<CommandOutcome, CliError>;

    /// `waybill check-config`: reports everything for which `serve` would refuse a configuration.
    ///
    /// # Errors
    /// With every mistake in it.
    fn check_config(&self, config: &Path, output: &mut Output) -> Result<CommandOutcome, CliError>;

    /// `waybill plugin`.
    ///
    /// # Errors
    /// When the files cannot be read.
    fn plugin(
        &self,
        command: &PluginCommand,
        output: &mut Output,
    ) -> Result<CommandOutcome, CliError>;

    /// A sealed backup of the configured store, made while no gateway runs on it.
    ///
    /// # Errors
    /// When the store cannot be opened or read.
    fn backup_store(
        &self,
        config: &Path,
        protection: &Protection,
        output: &Output,
    ) -> Result<Vec<u8>, CliError>;

    /// `waybill store`.
    ///
    /// # Errors
    /// When there is a store already, or it cannot be made.
    fn store(
        &self,
        command: &StoreCommand,
        output: &mut Output,
    ) -> Result<CommandOutcome, CliError>;

    /// `waybill restore`: puts a backup into the configured store.
    ///
    /// # Errors
    /// When the backup cannot be opened, or the store does not take it; then nothing was changed.
    fn restore(&self, args: &RestoreArgs, output: &mut Output) -> Result<CommandOutcome, CliError>;

    /// The backup key in a file.
    ///
    /// # Errors
    /// When the file holds none.
    fn backup_key(&self, file: &Path) -> Result<Protection, CliError>;

    /// The public half of the backup key in a file.
    ///
    /// # Errors
    /// When the file holds none.
    fn recipient(&self, key_file: &Path) -> Result<Recipient, CliError>;
}

/// The commands of `waybill plugin`.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// List the plugin files of the configured folder, without running any of their code
    List {
        /// Configuration file
        #[arg(
            long,
            short,
            value_name = "FILE",
            default_value = "waybill.toml",
            env = "WAYBILL_CONFIG"
        )]
        config: PathBuf,
        /// List this folder instead, without a configuration
        #[arg(long, value_name = "FOLDER", conflicts_with = "config")]
        dir: Option<PathBuf>,
    },
    /// Write a new plugin that builds and passes `check`, with tests that need no gateway
    New(NewPluginArgs),
    /// Write the present content of plugins into plugins.lock, after showing what changes
    Lock {
        /// Configuration file that names the folder
        #[arg(
            long,
            short,
            value_name = "FILE",
            default_value = "waybill.toml",
            env = "WAYBILL_CONFIG"
        )]
        config: PathBuf,
        /// Lock this folder instead, without a configuration
        #[arg(long, value_name = "FOLDER", conflicts_with = "config")]
        dir: Option<PathBuf>,
        /// Do not ask before writing
        #[arg(long)]
        yes: bool,
        /// Names or files of plugins; all plugins of the folder if absent
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// Compare the plugin folder with plugins.lock; no code of a plugin is run
    Verify {
        /// Configuration file
        #[arg(
            long,
            short,
            value_name = "FILE",
            default_value = "waybill.toml",
            env = "WAYBILL_CONFIG"
        )]
        config: PathBuf,
        /// Verify this folder instead, without a configuration
        #[arg(long, value_name = "FOLDER", conflicts_with = "config")]
        dir: Option<PathBuf>,
    },
    /// Load one plugin file as the gateway would, and put it through the conformance suite
    Check(CheckArgs),
    /// Run one section of the suite in this process; `check` starts it
    #[command(hide = true)]
    Conform(ConformArgs),
}

/// The language of a new plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// With the SDK.
    Rust,
    /// With the header.
    C,
}

/// The arguments of `waybill plugin new`.
#[derive(Debug, clap::Args)]
pub struct NewPluginArgs {
    /// The carrier's name: a-z, 0-9 and -
    pub name: String,
    /// The plugin's language
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    pub lang: Language,
    /// Where to write it; by default a folder of the plugin's name
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
    /// The folder that holds `plugins/sdk` and `plugins/abi`; by default share/waybill of this
    /// installation
    #[arg(long, value_name = "FOLDER")]
    pub sdk: Option<PathBuf>,
}

/// The arguments of `waybill plugin check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// The plugin file
    pub file: PathBuf,
    /// JSON file with a configuration that the plugin accepts, its secrets invented; without it, one
    /// with client_id, client_secret and account_number is used
    #[arg(long, value_name = "JSON")]
    pub config: Option<PathBuf>,
    /// JSON file with the carrier's good answers to the requests of one authorization, as a list of
    /// {"status", "headers", "body"}; without it, each request gets a plain OAuth token
    #[arg(long, value_name = "JSON")]
    pub script: Option<PathBuf>,
    /// Refuse what is otherwise only reported
    #[arg(long)]
    pub strict: bool,
    /// What each section of the suite may take
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 120,
        value_parser = clap::value_parser!(u32).range(1..=86_400)
    )]
    pub time_limit: u32,
}

/// The arguments of the process that runs one section of the suite.
#[derive(Debug, clap::Args)]
pub struct ConformArgs {
    /// The section's name.
    pub section: String,
    /// The plugin file.
    pub file: PathBuf,
    /// Where the private copy goes.
    #[arg(long)]
    pub cache: PathBuf,
    /// The plugin's configuration.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// The carrier's good answers.
    #[arg(long)]
    pub script: Option<PathBuf>,
    /// Refuse what is otherwise only reported.
    #[arg(long)]
    pub strict: bool,
}

/// The commands of `waybill store`.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Make an empty store under a master key that is there already
    ///
    /// `waybill serve` makes a store only together with a new key file. A key without a store means to it
    /// that the store was lost.
    Create {
        /// Configuration file that names the store
        #[arg(
            long,
            short,
            value_name = "FILE",
            default_value = "waybill.toml",
            env = "WAYBILL_CONFIG"
        )]
        config: PathBuf,
    },
}

/// The arguments of `waybill restore`.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// Configuration file that names the store
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "waybill.toml",
        env = "WAYBILL_CONFIG"
    )]
    pub config: PathBuf,
    /// The backup
    pub file: PathBuf,
    /// What the backup is sealed with.
    #[command(flatten)]
    pub seal: SealArgs,
    /// Replace what the store holds
    #[arg(long)]
    pub replace: bool,
    /// Do not ask before replacing
    #[arg(long)]
    pub yes: bool,
}

/// What a backup is sealed with.
#[derive(Debug, clap::Args)]
pub struct SealArgs {
    /// File with the passphrase; asked for if absent
    #[arg(long, value_name = "FILE", conflicts_with = "key_file")]
    pub passphrase_file: Option<PathBuf>,
    /// File with a key instead of a passphrase: 32 random bytes as base64, for nobody else to read
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

impl SealArgs {
    /// Reads the passphrase or asks for it, twice for a new backup.
    ///
    /// # Errors
    /// When there is none, or the two differ.
    pub fn passphrase(&self, new: bool) -> Result<Secret, CliError> {
        const WHAT: &str = "passphrase of the backup";
        const WAYS: &str = "--passphrase-file FILE";
        // A file wins, so that scripts are never asked.
        if let Some(file) = &self.passphrase_file {
            return secret_input::named_file(WHAT, file);
        }
        let first = secret_input::ask(WHAT, WAYS)?;
        // Only for a new backup: a mistyped passphrase would make it unreadable for ever.
        if new && first.expose() != secret_input::ask("repeat the passphrase", WAYS)?.expose() {
            return Err(CliError::Usage(anyhow!(
                "the two passphrases differ: nothing was done"
            )));
        }
        Ok(first)
    }
}
