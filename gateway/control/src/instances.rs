//! The plugin instances of accounts, and whether a plugin accepts an account.

use crate::{
    plugin_settings,
    settings::{Realm, Settings},
};
use gateway_model::{
    AccountId, AccountNumber, CarrierId, ClientSecret, Environment, Failure, GrantKind, Origin,
};
use gateway_plugin_host::{
    Instance, InstanceOptions, KnownCarrier, Limits, Plugin, Registry, Replacement, WORKER_ENDED,
    WorkerEnding,
};
use gateway_store::AccountRecord;
use serde_json::json;
use std::{fmt, sync::Arc, time::Duration};

/// Why an account cannot obtain tokens.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WiringError {
    /// No active plugin serves the carrier.
    #[error(
        "no active plugin serves carrier {carrier}{why}: put the plugin's file into plugins.dir, check it \
         with `waybill plugin list`, and run `waybill plugin reload`"
    )]
    NoPlugin {
        /// The carrier.
        carrier: CarrierId,
        /// Why the files that may be its plugin are not loaded; empty if there are none.
        why: String,
    },
    /// The plugin has no origin for the environment, and no route sets one.
    #[error(
        "the plugin of {0} has no origin for the {1} environment: set `origin` in its [[route]]"
    )]
    NoOrigin(CarrierId, Environment),
    /// The grant needs a person's consent, and the plugin does not support that.
    #[error(
        "the plugin of {0} does not support consent by a person: use the grant client_credentials, or a \
         newer plugin"
    )]
    NoConsent(CarrierId),
    /// The account has no client secret.
    #[error("account {0} has no client secret: add one with `waybill account rotate-secret {0}`")]
    NoSecret(AccountId),
    /// The plugin refused the account's configuration.
    #[error(transparent)]
    Refused(#[from] Failure),
}

/// The number of accounts whose instances are made in one call of the plugin.
const BATCH: usize = 64;

/// What the accounts of a carrier work by.
#[derive(Clone)]
pub(crate) struct CarrierPlugin {
    /// None while no plugin of the carrier is active.
    plugin: Option<Plugin>,
    /// From the plugin, or from the manifest of the one that was active last: enough to serve with a
    /// stored token.
    pub(crate) known: Option<Arc<KnownCarrier>>,
}

impl CarrierPlugin {
    /// Of a plugin that does not serve yet.
    pub(crate) fn of(replacement: &Replacement) -> Self {
        Self {
            plugin: Some(replacement.plugin().clone()),
            known: Some(Arc::clone(replacement.known())),
        }
    }

    /// Of a plugin that is only tried.
    fn in_trial(plugin: &Plugin) -> Self {
        Self {
            plugin: Some(plugin.clone()),
            known: Some(Arc::new(KnownCarrier::of(plugin))),
        }
    }
}

/// Makes plugin instances.
pub struct Instances {
    pub(crate) plugins: Arc<Registry>,
    realms: Vec<Realm>,
    request_timeout: Duration,
}

impl fmt::Debug for Instances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instances")
            .field("plugins", &self.plugins)
            .finish_non_exhaustive()
    }
}

impl Instances {
    /// The instances of these plugins.
    pub fn new(plugins: Arc<Registry>, settings: &Settings) -> Self {
        Self {
            plugins,
            realms: settings.realms.clone(),
            request_timeout: settings.request_timeout,
        }
    }

    /// The accounts that a plugin does not accept, with its reason. Nothing is connected. This calls
    /// plugins, which may block.
    pub fn refused(&self, records: &[AccountRecord]) -> Vec<(AccountId, WiringError)> {
        // A plugin sees one number of an account, so an account is tried with each of them.
        let each: Vec<AccountRecord> = records.iter().flat_map(of_each_number).collect();
        let mut refused: Vec<(AccountId, WiringError)> = Vec::new();
        for some in Self::batches(&each) {
            for (record, made) in some
                .iter()
                .zip(self.make(some, &self.carrier(&some[0].carrier)))
            {
                if let Err(why) = made {
                    refused.push((record.name.clone(), why));
                }
            }
        }
        // A wrong client id is refused with each number: it is one mistake.
        refused.dedup_by(|(one, why), (other, known)| {
            one == other && why.to_string() == known.to_string()
        });
        refused
    }

    /// Checks that the plugin accepts the account's configuration. Nothing is connected.
    pub(crate) fn accepts(&self, record: &AccountRecord) -> Result<(), WiringError> {
        let refused = self.refused(std::slice::from_ref(record));
        refused
            .into_iter()
            .next()
            .map_or(Ok(()), |(_, why)| Err(why))
    }

    /// The records in batches of one carrier. One plugin call serves a batch, because a call costs more
    /// than an instance.
    pub(crate) fn batches(records: &[AccountRecord]) -> impl Iterator<Item = &[AccountRecord]> {
        let same = |one: &AccountRecord, other: &AccountRecord| one.carrier == other.carrier;
        let of_one_carrier = records.chunk_by(same);
        of_one_carrier.flat_map(|some| some.chunks(BATCH))
    }

    /// What the accounts of a carrier work by now.
    pub(crate) fn carrier(&self, carrier: &CarrierId) -> CarrierPlugin {
        CarrierPlugin {
            plugin: self.plugins.plugin(carrier),
            known: self.plugins.known(carrier),
        }
    }

    /// Why the carrier has no plugin.
    pub(crate) fn no_plugin(&self, carrier: &CarrierId) -> WiringError {
        let why = self.plugins.faults(carrier).join("; ");
        WiringError::NoPlugin {
            carrier: carrier.clone(),
            why: match why.as_str() {
                "" => why,
                why => format!(" ({why})"),
            },
        }
    }

    pub(crate) fn realm(&self, record: &AccountRecord) -> Option<&Realm> {
        let fits = |realm: &&Realm| {
            realm.carrier == record.carrier && realm.environment == record.environment
        };
        self.realms.iter().find(fits)
    }

    pub(crate) fn origin(
        &self,
        record: &AccountRecord,
        known: Option<&KnownCarrier>,
    ) -> Option<Origin> {
        let overridden = self.realm(record).and_then(|realm| realm.origin.clone());
        // The operator's word first: it may lead to a mock or a proxy.
        overridden.or_else(|| known?.profile.origin(record.environment).cloned())
    }

    /// Makes an instance for each client secret of each account, in order. All accounts must be of one
    /// carrier.
    pub(crate) fn make(
        &self,
        records: &[AccountRecord],
        carrier: &CarrierPlugin,
    ) -> Vec<Result<Vec<Arc<Instance>>, WiringError>> {
        let mut wanted = Vec::new();
        let counts: Vec<Result<usize, WiringError>> = records
            .iter()
            .map(|record| {
                let options = self.options(record, carrier)?;
                let count = options.len();
                wanted.extend(options);
                Ok(count)
            })
            .collect();
        let plugin = carrier.plugin.as_ref();
        let made = plugin.map(|plugin| plugin.instances(wanted));
        let mut made = made.unwrap_or_default().into_iter();
        let of_each = counts.into_iter().map(|count| {
            // All instances of this account are taken from the iterator, even after a refused one:
            // otherwise the next account would get them.
            let own: Vec<_> = made.by_ref().take(count?).collect();
            let own = own.into_iter().map(|made| match (made, plugin) {
                (Ok(made), _) => Ok(Arc::new(made)),
                (Err(failure), Some(plugin)) => {
                    Err(plugin_settings::explained(failure, plugin).into())
                }
                (Err(failure), None) => Err(failure.into()),
            });
            own.collect()
        });
        of_each.collect()
    }

    /// Makes the instances of a carrier's accounts with a plugin in a worker process, and gives them back.
    /// Only harm to the process counts: what the plugin says about a configuration is judged where it will
    /// run, because a worker process has less than that.
    pub(crate) fn try_out(&self, records: &[AccountRecord], trial: &Plugin) -> Result<(), String> {
        let carrier = CarrierPlugin::in_trial(trial);
        let of = &trial.manifest().carrier;
        let own = |some: &&[AccountRecord]| self.plugins.serving(&some[0].carrier) == of;
        for some in Self::batches(records).filter(own) {
            let options = some.iter().flat_map(|record| {
                let each = self.options(record, &carrier).unwrap_or_default();
                each.into_iter().map(|options| (&record.name, options))
            });
            let (names, options): (Vec<&AccountId>, Vec<InstanceOptions>) = options.unzip();
            let made = trial.instances(options);
            let ended = |made: &Result<Instance, Failure>| {
                made.as_ref()
                    .is_err_and(|failure| failure.code == WORKER_ENDED)
            };
            if let Some(at) = made.iter().position(ended) {
                let doing = format!("with the configuration of account {}", names[at]);
                return Err(harm(trial, &doing));
            }
            drop(made);
            trial.settle();
            if last_ending(trial).is_some() {
                return Err(harm(trial, "when it gave an instance back"));
            }
        }
        trial.ready().map_err(|failure| failure.message)
    }

    /// The options of an account's instances.
    fn options(
        &self,
        record: &AccountRecord,
        carrier: &CarrierPlugin,
    ) -> Result<Vec<InstanceOptions>, WiringError> {
        let origin = self.origin(record, carrier.known.as_deref());
        let plugin = carrier.plugin.as_ref();
        let plugin = plugin.ok_or_else(|| self.no_plugin(&record.carrier))?;
        let nowhere = || WiringError::NoOrigin(record.carrier.clone(), record.environment);
        let origin = origin.ok_or_else(nowhere)?;
        if record.grant == GrantKind::AuthorizationCode && !plugin.supports_auth_code() {
            return Err(WiringError::NoConsent(record.carrier.clone()));
        }
        if record.client_secrets.is_empty() {
            return Err(WiringError::NoSecret(record.name.clone()));
        }
        plugin_settings::check(record, plugin)
            .map_err(|failure| plugin_settings::explained(failure, plugin))?;
        let realm = self.realm(record);
        let options = record.client_secrets.iter().map(|secret| {
            let mut options = InstanceOptions::new(instance_config(record, secret, &origin));
            options.origin = realm.and_then(|realm| realm.origin.clone());
            options.danger_plaintext = realm.is_some_and(|realm| realm.danger_plaintext);
            options.limits = Limits {
                deadline: self.request_timeout,
                ..Limits::default()
            };
            options
        });
        Ok(options.collect())
    }
}

fn last_ending(plugin: &Plugin) -> Option<WorkerEnding> {
    Some(plugin.worker()?.last_ending?.0)
}

fn harm(plugin: &Plugin, doing: &str) -> String {
    let ending = last_ending(plugin).map(|ending| format!(": {ending}"));
    let ending = ending.unwrap_or_default();
    format!(
        "{doing}, its code harmed the process in which it was tried, so it was not loaded here{ending}"
    )
}

/// The account once for each of its numbers.
fn of_each_number(record: &AccountRecord) -> Vec<AccountRecord> {
    let with = |numbers: Vec<AccountNumber>| AccountRecord {
        numbers,
        ..record.clone()
    };
    if record.numbers.is_empty() {
        return vec![record.clone()];
    }
    let numbers = record.numbers.iter();
    numbers.map(|number| with(vec![number.clone()])).collect()
}

/// The configuration that the plugin reads (`docs/plugins.md`, "Configuration of an instance").
fn instance_config(
    record: &AccountRecord,
    secret: &ClientSecret,
    origin: &Origin,
) -> serde_json::Value {
    let mut instance = json!({
        "environment": record.environment.as_str(),
        "origin": origin.to_string(),
        "grant": record.grant,
        "client_id": record.client_id,
        "client_secret": secret.expose(),
    });
    if let Some(number) = record.numbers.first() {
        instance["account_number"] = json!(number.as_str());
    }
    for (name, value) in &record.settings {
        instance[name.as_str()] = value.clone();
    }
    for (name, secret) in &record.secret_settings {
        instance[name.as_str()] = json!(secret.expose());
    }
    instance
}
