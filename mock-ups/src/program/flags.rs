//! The program's flags.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::api::Environment;
use crate::config::{BodyCredentials, Quota, Settings, StaleGrant};
use crate::data::SeedData;
use crate::faults::{Scenario, ScenarioError};
use crate::mock_state::InitialState;
use crate::products::rating::Tariff;
use crate::span;

/// The end of the help.
const EXAMPLES: &str = "\
Examples:
  mock-ups
  mock-ups --listen 127.0.0.1:0 --quiet --until-stdin-closes
  mock-ups --production-listen 127.0.0.1:8098 --tls-listen 127.0.0.1:8443
  mock-ups --scenario token-storm --frozen-at 2026-12-24T10:00:00Z --lint-header
  mock-ups --data users.toml --settings mock.toml --token-quota 60/1h
  mock-ups --completions bash > /usr/share/bash-completion/completions/mock-ups";

/// UPS, offline: OAuth, rating and the other APIs, for development, tests and load.
#[derive(Debug, Parser)]
#[command(name = "mock-ups", version, about, after_help = EXAMPLES)]
pub(super) struct Flags {
    /// Where the test environment (CIE) listens; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8099")]
    listen: SocketAddr,
    /// Where the production environment listens; without it, only `Host: onlinetools.ups.com`
    /// reaches production
    #[arg(long, value_name = "ADDR")]
    production_listen: Option<SocketAddr>,
    /// Where to listen with TLS; the environment goes by `Host`, else it is CIE. The certificate
    /// authority is at /__mock/ca.pem
    #[arg(long, value_name = "ADDR")]
    tls_listen: Option<SocketAddr>,
    /// Threads, each with a runtime and connections of its own
    #[arg(long, value_name = "N", default_value = "1")]
    pub(super) workers: NonZeroUsize,
    /// The seed of everything random: tokens, ids, fault draws
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// All settings, those below and more (TOML); a flag wins over the file
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Lifetime of access tokens, such as 1h [default: 3599s]
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    access_token_lifetime: Option<Duration>,
    /// Lifetime of refresh tokens [default: 5183999s]
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    refresh_token_lifetime: Option<Duration>,
    /// Lifetime of authorization codes [default: 300s]
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    code_lifetime: Option<Duration>,
    /// Users, accounts and apps to start with, in place of the seeded ones (TOML)
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// One more redirect URI for each app; may be repeated
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// The tariff: default, cie-2024-01, or a TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "default")]
    tariff: String,
    /// How many requests the journal keeps; 0 turns it off
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    journal: usize,
    /// Adds `scope` and `refresh_count` to token answers
    #[arg(long)]
    legacy_token_shape: bool,
    /// Token requests per client and window, such as 60/1h; more are answered 10429
    #[arg(long, value_name = "N/TIME", value_parser = quota)]
    token_quota: Option<Quota>,
    /// What a used or expired refresh token or code is answered with [default: 10400]
    #[arg(long, value_name = "CODE")]
    stale_grant: Option<GuessedCode>,
    /// A refresh token used twice kills its grant
    #[arg(long)]
    reuse_revokes_grant: bool,
    /// What client credentials in the form are answered with [default: 10400]
    #[arg(long, value_name = "CODE")]
    body_credentials: Option<GuessedCode>,
    /// Refuses an `x-merchant-id` that is no account of the app's owner
    #[arg(long)]
    strict_merchant_id: bool,
    /// Lets everybody use the shipper numbers of all users
    #[arg(long)]
    allow_foreign_shipper_numbers: bool,
    /// Refuses `code_challenge_method=plain`
    #[arg(long)]
    refuse_plain_challenge: bool,
    /// Refuses http redirect URIs on loopback addresses
    #[arg(long)]
    no_loopback_redirects: bool,
    /// Closes the connection after an API error, as some recordings show
    #[arg(long)]
    close_after_error: bool,
    /// Puts lint findings into the header `mock-lint`
    #[arg(long)]
    lint_header: bool,
    /// A scenario to play from the start: the name of a ready one, or a TOML file; may be repeated
    #[arg(long, value_name = "NAME|FILE")]
    scenario: Vec<String>,
    /// Ends when standard input closes, so that the mock never outlives the program that started it
    #[arg(long)]
    pub(super) until_stdin_closes: bool,
    /// Prints no line for each request
    #[arg(long)]
    quiet: bool,
    /// When to print a line for each request [default: in a terminal]
    #[arg(long, value_name = "WHEN", conflicts_with = "quiet")]
    requests: Option<RequestLog>,
    /// Prints the completions of a shell and ends
    #[arg(long, value_name = "SHELL", exclusive = true)]
    pub(super) completions: Option<clap_complete::Shell>,
    /// Prints the manual page and ends
    #[arg(long, exclusive = true)]
    pub(super) man: bool,
    /// Starts the clock, frozen, at this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    frozen_at: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RequestLog {
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum GuessedCode {
    #[value(name = "10400")]
    BadRequest,
    #[value(name = "10401")]
    Unauthorized,
}

/// A listener that was asked for.
pub(super) struct RequestedListener {
    pub(super) address: SocketAddr,
    pub(super) environment: Environment,
    pub(super) tls: bool,
}

impl RequestedListener {
    /// The line that says that the listener is ready.
    pub(super) fn announce(&self, address: SocketAddr) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        let note = match self.environment {
            Environment::Cie => "",
            Environment::Production => " (production)",
        };
        format!("listening on {scheme}://{address}{note}\n")
    }
}

/// A flag whose value only the mock can judge.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadValue {
    #[error("--frozen-at: {0}")]
    FrozenAt(jiff::Error),
    #[error("--tariff: {0}")]
    Tariff(#[from] crate::products::rating::TariffError),
    #[error("--{0}")]
    Scenario(#[from] ScenarioError),
    #[error("--scenario: {0}")]
    ScenarioFile(crate::toml::Unreadable),
    #[error("--data: {0}")]
    Data(crate::toml::Unreadable),
    #[error("--settings: {0}")]
    Settings(crate::toml::Unreadable),
}

impl Flags {
    /// The listeners that were asked for.
    pub(super) fn listeners(&self) -> Vec<RequestedListener> {
        let wanted = |environment, tls| {
            move |address| RequestedListener {
                address,
                // A closure for each kind, as all three kinds of listener differ only in these two values.
                environment,
                tls,
            }
        };
        let plain = Some(self.listen).map(wanted(Environment::Cie, false));
        let production = self
            .production_listen
            .map(wanted(Environment::Production, false));
        let tls = self.tls_listen.map(wanted(Environment::Cie, true));
        plain.into_iter().chain(production).chain(tls).collect()
    }

    pub(super) fn initial(&self) -> Result<InitialState, BadValue> {
        let data = match &self.data {
            Some(path) => crate::toml::read(path).map_err(BadValue::Data)?,
            None => SeedData::default(),
        };
        let frozen_at = self.frozen_at.as_deref().map(str::parse).transpose();
        Ok(InitialState {
            frozen_at: frozen_at.map_err(BadValue::FrozenAt)?,
            scenarios: self.scenarios()?,
            seed: self.seed,
            settings: self.settings()?,
            data,
            redirect_uris: self.redirect_uri.clone(),
            journal_capacity: self.journal,
            tariff: Some(self.tariff()?),
            ..InitialState::default()
        })
    }

    /// The scenarios that were asked for.
    fn scenarios(&self) -> Result<Vec<Scenario>, BadValue> {
        // A ready scenario's name has neither a slash nor a dot.
        let read = |wanted: &String| match wanted.contains(['/', '.']) {
            true => crate::toml::read(wanted.as_ref()).map_err(BadValue::ScenarioFile),
            false => Ok(Scenario::ready(wanted)?),
        };
        self.scenario.iter().map(read).collect()
    }

    /// Whether each request is printed: in a terminal, where nobody waits for the lines, unless told otherwise.
    pub(super) fn prints_requests(&self) -> bool {
        match self.requests {
            Some(RequestLog::Always) => true,
            Some(RequestLog::Never) => false,
            // A pipe may have no reader for hours, and full pipes block.
            None => !self.quiet && io::stdout().is_terminal(),
        }
    }

    fn tariff(&self) -> Result<Tariff, BadValue> {
        // The same rule as for scenarios: a path has a slash or a dot.
        let is_path = self.tariff.contains(['/', '.']);
        let tariff = if is_path {
            Tariff::from_file(self.tariff.as_ref())
        } else {
            Tariff::bundled(&self.tariff)
        };
        Ok(tariff?)
    }

    /// The file's settings, or the defaults, with what the flags say on top.
    fn settings(&self) -> Result<Settings, BadValue> {
        let mut settings: Settings = match &self.settings {
            Some(path) => crate::toml::read(path).map_err(BadValue::Settings)?,
            None => Settings::default(),
        };
        let put_lifetime = |setting: &mut u64, flag: Option<Duration>| {
            // An absent flag leaves what the file says.
            *setting = flag.map_or(*setting, |lifetime| lifetime.as_secs());
        };
        put_lifetime(
            &mut settings.access_token_lifetime,
            self.access_token_lifetime,
        );
        put_lifetime(
            &mut settings.refresh_token_lifetime,
            self.refresh_token_lifetime,
        );
        put_lifetime(&mut settings.code_lifetime, self.code_lifetime);
        settings.token_quota = self.token_quota.or(settings.token_quota);
        if let Some(code) = self.stale_grant {
            settings.stale_grant = match code {
                GuessedCode::BadRequest => StaleGrant::BadRequest,
                GuessedCode::Unauthorized => StaleGrant::Unauthorized,
            };
        }
        if let Some(code) = self.body_credentials {
            settings.body_credentials = match code {
                GuessedCode::BadRequest => BodyCredentials::MissingHeader,
                GuessedCode::Unauthorized => BodyCredentials::InvalidClient,
            };
        }
        // A flag can only switch on: the file's `true` cannot be undone by a flag that is absent.
        settings.legacy_token_shape |= self.legacy_token_shape;
        settings.reuse_revokes_grant |= self.reuse_revokes_grant;
        settings.strict_merchant_id |= self.strict_merchant_id;
        settings.refuse_foreign_shipper_numbers &= !self.allow_foreign_shipper_numbers;
        settings.refuse_foreign_accounts &= !self.allow_foreign_shipper_numbers;
        settings.refuse_plain_challenge |= self.refuse_plain_challenge;
        settings.loopback_redirects &= !self.no_loopback_redirects;
        settings.close_after_error |= self.close_after_error;
        settings.lint_header |= self.lint_header;
        Ok(settings)
    }
}

fn lifetime(text: &str) -> Result<Duration, String> {
    // A bare number is seconds, as in token answers.
    let seconds = text.parse().map(Duration::from_secs).ok();
    let lifetime = seconds.or_else(|| span::parse(text));
    lifetime.ok_or_else(|| "a length of time such as 14399s or 1h 30m".to_owned())
}

fn quota(text: &str) -> Result<Quota, String> {
    let parts = text.split_once('/');
    let parsed = parts.and_then(|(requests, window)| {
        let window = lifetime(window).ok()?.as_secs();
        Some(Quota {
            requests: requests.trim().parse().ok()?,
            window,
        })
    });
    parsed.ok_or_else(|| "a number and a length of time, such as 60/1h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{EXAMPLES, Flags};
    use clap::{CommandFactory as _, Parser as _};

    #[test]
    fn examples_of_the_help_parse() {
        Flags::command().debug_assert();
        let help = Flags::command().render_long_help().to_string();
        assert!(help.contains(EXAMPLES), "{help}");
        for line in EXAMPLES.lines().skip(1) {
            // What stands behind this sign is the shell's.
            let typed = line.split('>').next().unwrap_or(line);
            let parsed = Flags::try_parse_from(typed.split_whitespace());
            assert!(parsed.is_ok(), "{line}: {parsed:?}");
        }
    }
}
