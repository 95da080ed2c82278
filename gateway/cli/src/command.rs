//! The commands and their arguments.

use crate::{
    account::AccountCommand,
    admin_token::AdminTokenCommand,
    app::AppCommand,
    backup::BackupArgs,
    invitation::InvitationCommand,
    key::KeyCommand,
    local::{RestoreArgs, ServeArgs, StoreCommand},
    migrate::MigrateCommand,
    plugin::PluginCommands,
    remote::RemoteArgs,
    requests::RequestsArgs,
    terminal::Color,
    token::TokenCommand,
};
use clap::{Parser, Subcommand};
use gateway_model::AccountId;
use std::path::PathBuf;

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    it failed while running: a port is taken, a folder cannot be read; doctor: a warning
  2    the command line or the configuration is wrong; doctor: something does not work
  3    a check found a fault: a plugin was refused, a probe failed, a migration's row is unusable
  4    the gateway does not run, or cannot be reached
  5    the gateway or the carrier refused
  130  interrupted while it waited for a sign-in";

/// A self-hosted gateway between shipping software and parcel carriers.
#[derive(Debug, Parser)]
#[command(name = "waybill", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Print JSON instead of text and tables
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// When to use color
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        value_name = "WHEN"
    )]
    pub(crate) color: Color,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the gateway
    Serve(ServeArgs),
    /// Report every mistake in a configuration file, and what `serve` would refuse
    CheckConfig {
        /// Configuration file
        #[arg(
            long,
            short,
            value_name = "FILE",
            default_value = "waybill.toml",
            env = "WAYBILL_CONFIG"
        )]
        config: PathBuf,
        /// Print the JSON schema of configuration files instead
        #[arg(long)]
        schema: bool,
    },
    /// Show every setting of the running gateway, and where its value is from
    Config {
        #[command(flatten)]
        at: RemoteArgs,
        /// Only the settings of this section, such as limits
        section: Option<String>,
    },
    /// Let the running gateway read its configuration again, while it serves
    Reload {
        #[command(flatten)]
        at: RemoteArgs,
        /// Only show what would change, and what needs a restart
        #[arg(long)]
        dry_run: bool,
    },
    /// Plugin files, and the plugins of a running gateway
    #[command(subcommand)]
    Plugin(PluginCommands),
    /// Credentials at carriers
    Account {
        #[command(flatten)]
        at: RemoteArgs,
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// Links with which somebody outside signs in at a carrier, and sees nothing else
    Invitation {
        #[command(flatten)]
        at: RemoteArgs,
        #[command(subcommand)]
        command: InvitationCommand,
    },
    /// What is known of tokens
    Token {
        #[command(flatten)]
        at: RemoteArgs,
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Programs that call the gateway
    App {
        #[command(flatten)]
        at: RemoteArgs,
        #[command(subcommand)]
        command: AppCommand,
    },
    /// Find out what is wrong, and what to do
    Doctor {
        #[command(flatten)]
        at: RemoteArgs,
        /// Only this account; all active ones if absent
        name: Option<AccountId>,
    },
    /// Show how the gateway stands
    Status {
        #[command(flatten)]
        at: RemoteArgs,
    },
    /// List the gateways that share the store
    Replicas {
        #[command(flatten)]
        at: RemoteArgs,
    },
    /// List what needs a person
    Notices {
        #[command(flatten)]
        at: RemoteArgs,
    },
    /// List the last requests of apps, the newest first, and why they failed
    Requests {
        #[command(flatten)]
        at: RemoteArgs,
        #[command(flatten)]
        requests: RequestsArgs,
    },
    /// List who did what, the newest first
    Audit {
        #[command(flatten)]
        at: RemoteArgs,
        /// How many entries
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
        limit: u16,
        /// Only entries before this number
        #[arg(long, value_name = "NUMBER")]
        before: Option<i64>,
    },
    /// The store itself, while the gateway is down
    #[command(subcommand)]
    Store(StoreCommand),
    /// Write a sealed backup of the store
    Backup(BackupArgs),
    /// Put a backup into the store, while the gateway is down
    Restore(RestoreArgs),
    /// The master key that seals the store, and keys of backups
    Key {
        #[command(flatten)]
        at: RemoteArgs,
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Who may use the admin API
    AdminToken {
        #[command(flatten)]
        at: RemoteArgs,
        #[command(subcommand)]
        command: AdminTokenCommand,
    },
    /// Go from access keys to OAuth
    Migrate {
        #[command(flatten)]
        at: RemoteArgs,
        #[command(subcommand)]
        command: MigrateCommand,
    },
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Write a page for each command into this folder instead
        #[arg(long, value_name = "FOLDER")]
        dir: Option<PathBuf>,
    },
}
