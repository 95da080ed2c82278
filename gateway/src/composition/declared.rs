//! What the configuration declares, in the control plane's words.

use super::private_files;
use gateway_broker::BrokerConfig;
use gateway_config::Config;
use gateway_control::{
    Declared, DeclaredApp, Fleet, Mail, MailLogin, MailSecurity, Realm, Reminders, Settings,
    Webhook,
};
use gateway_model::{ManagedBy, Secret, StoreUrl, TokenBucketPolicy};
use gateway_store::{AccountRecord, AppRecord, SecretDigest, Timestamp};
use sha2::{Digest as _, Sha256};
use std::{net::IpAddr, time::Duration};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The broker's settings.
pub(super) fn broker_config(config: &Config) -> BrokerConfig {
    let tokens = &config.tokens;
    let mut broker = BrokerConfig::default();
    broker.policy.renewal.fraction = tokens.renew_at;
    broker.policy.renewal.spread = tokens.jitter;
    broker.policy.renewal.margin = tokens.margin;
    broker.mint_budget = TokenBucketPolicy {
        burst: tokens.mint_budget,
        interval: tokens.mint_refill,
    };
    broker.authorize_timeout = tokens.request_timeout;
    broker.lease = config.fleet.lease;
    if matches!(config.store.url, StoreUrl::Postgres(_)) {
        // The others notice at a heartbeat after the lease that its owner is gone.
        broker.policy.renewal.reserve = config.fleet.lease + config.fleet.lease / 3;
    }
    broker
}

/// The control plane's settings.
pub(super) fn control_settings(config: &Config) -> Settings {
    let realms = config.routes.iter().map(|route| Realm {
        carrier: route.carrier.clone(),
        environment: route.environment,
        origin: route.origin.clone(),
        danger_plaintext: route.danger_plaintext_upstream,
        last_chance: route.last_chance,
    });
    let days = config.reminders.before.as_secs() / DAY.as_secs();
    Settings {
        version: env!("CARGO_PKG_VERSION"),
        consent_lifetime: config.consent.lifetime,
        request_timeout: config.tokens.request_timeout,
        remind_days: u16::try_from(days).unwrap_or(u16::MAX),
        reminders: reminders(config),
        realms: realms.collect(),
        files: private_files::kept(config),
        fleet: Fleet {
            name: config.fleet.name.clone().unwrap_or_else(host_name),
            lease: config.fleet.lease,
        },
    }
}

/// The name of this machine, as far as the system tells it.
fn host_name() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/hostname");
    let told = told.ok().map(|name| name.trim().to_owned());
    let known = told.filter(|name| !name.is_empty());
    known.unwrap_or_else(|| "localhost".to_owned())
}

/// Who is told before a person must sign in again.
fn reminders(config: &Config) -> Reminders {
    let reminders = &config.reminders;
    let zone = reminders.zone.clone();
    Reminders {
        zone: zone.unwrap_or_else(jiff::tz::TimeZone::system),
        webhook: reminders.webhook.as_ref().map(|webhook| Webhook {
            url: webhook.url.clone(),
            secret: webhook.secret.clone(),
        }),
        mail: reminders
            .mail
            .as_ref()
            .map(|mail| mail_settings(config, mail)),
    }
}

fn mail_settings(config: &Config, mail: &gateway_config::Mail) -> Mail {
    let server = &mail.server;
    // Without the brackets of an IPv6 address.
    let host = server.host.trim_matches(['[', ']']);
    let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    // It was read at the start already, for the carriers.
    let trusted = config.upstream.ca_file.as_deref();
    Mail {
        host: host.to_owned(),
        port: server.port,
        security: match (server.implicit_tls, loopback) {
            (true, _) => MailSecurity::Tls,
            // Only to this machine may mail go without TLS.
            (false, true) => MailSecurity::Local,
            (false, false) => MailSecurity::StartTls,
        },
        trusted: trusted.and_then(|file| std::fs::read(file).ok()),
        from: mail.from.clone(),
        to: mail.to.clone(),
        login: mail.login.as_ref().map(|login| MailLogin {
            username: login.username.clone(),
            password: login.password.clone(),
        }),
    }
}

/// Accounts and apps of the configuration.
pub(super) fn declared(config: &Config) -> Declared {
    Declared {
        accounts: config.accounts.iter().map(account).collect(),
        apps: config.apps.iter().map(app).collect(),
    }
}

/// The store sets what only it knows.
fn account(account: &gateway_config::Account) -> AccountRecord {
    AccountRecord {
        name: account.id.clone(),
        aliases: account.aliases.clone(),
        carrier: account.carrier.clone(),
        environment: account.environment,
        numbers: account.account_numbers.clone(),
        grant: account.grant,
        client_id: account.client_id.clone(),
        client_secrets: account.client_secrets.clone(),
        settings: account.settings.clone(),
        secret_settings: account.secret_settings.clone(),
        active: account.active,
        default: account.default,
        managed_by: ManagedBy::Config,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        revision: 0,
    }
}

fn app(app: &gateway_config::App) -> DeclaredApp {
    DeclaredApp {
        record: AppRecord {
            name: app.id.clone(),
            client_id: app.login.as_ref().map(|login| login.client_id.clone()),
            secret: app.login.as_ref().map(|login| digest(&login.client_secret)),
            key: app.key.as_ref().map(digest),
            accounts: app.accounts.clone(),
            rate: app.rate,
            managed_by: ManagedBy::Config,
            created_at: Timestamp(0),
            rotated_at: None,
        },
        legacy_keys: app.legacy_keys.clone(),
    }
}

fn digest(secret: &Secret) -> SecretDigest {
    SecretDigest(Sha256::digest(secret.expose().as_bytes()).into())
}
