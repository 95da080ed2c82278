//! Connects a stored account: plugin instances, a slot of the broker, and a signer.

use crate::{settings::Realm, signing::AccountSigner};
use gateway_broker::{
    AccountSpec, Authorizer, Broker, ClientSecrets, KeyParts, PluginAuthorizer, PreferredSecret,
    SlotKey, UnusableAccount,
};
use gateway_http_client::HttpClient;
use gateway_model::{
    AccountId, CarrierId, ClientSecret, CredentialCell, Environment, Failure, FailureClass,
    GrantKind, Origin, Signer,
};
use gateway_plugin_host::{Catalog, Diagnosis, Instance, InstanceOptions, Limits, Plugin};
use gateway_store::AccountRecord;
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// Why an account cannot obtain tokens.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WiringError {
    /// No active plugin serves the carrier.
    #[error(
        "no active plugin serves carrier {0}: put the plugin's file into plugins.dir, and check it with \
         `waybill plugin list`"
    )]
    NoPlugin(CarrierId),
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

/// Connects accounts.
pub(crate) struct Wiring {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) http: Arc<dyn HttpClient>,
    pub(crate) realms: Vec<Realm>,
    pub(crate) request_timeout: Duration,
}

/// The connection of an account.
pub(crate) struct Wired {
    pub(crate) spec: AccountSpec,
    /// The origin of the carrier's API; if there is none, `problem` says why.
    pub(crate) origin: Option<Origin>,
    /// The first client secret's instance.
    pub(crate) instance: Option<Arc<Instance>>,
    pub(crate) problem: Option<WiringError>,
    /// The signer of its requests, if its carrier requires signed requests.
    pub(crate) signer: Option<Arc<dyn Signer>>,
    /// The cell in which the broker publishes the account's credential.
    pub(crate) cell: Arc<CredentialCell>,
}

/// The number of accounts whose instances are made in one call of the plugin.
const BATCH: usize = 64;

impl Wiring {
    /// Connects the accounts to the broker. An account that cannot work is connected as well, so that
    /// its requests get the reason. Accounts of one carrier should be adjacent: their instances are
    /// made in batches.
    pub(crate) fn wire_all(&self, records: &[AccountRecord], broker: &Broker) -> Vec<Wired> {
        let same = |one: &AccountRecord, other: &AccountRecord| one.carrier == other.carrier;
        let mut all = Vec::with_capacity(records.len());
        // One plugin call for many accounts: a call costs more than an instance.
        for some in records.chunk_by(same).flat_map(|some| some.chunks(BATCH)) {
            let made = self.instances(some);
            let wired = some.iter().zip(made);
            all.extend(wired.map(|(record, made)| self.join(record, made, broker)));
        }
        all
    }

    /// Connects one account to the broker.
    pub(crate) fn wire(&self, record: &AccountRecord, broker: &Broker) -> Wired {
        let made = self.instances(std::slice::from_ref(record)).pop();
        let made = made.unwrap_or_else(|| Err(WiringError::NoSecret(record.name.clone())));
        self.join(record, made, broker)
    }

    /// What requests tokens for an account of this record, and its slot, without a connection to the
    /// broker. `None` if the account is misconfigured.
    pub(crate) fn authorizer(
        &self,
        record: &AccountRecord,
    ) -> Option<(Arc<dyn Authorizer>, String)> {
        let made = self.instances(std::slice::from_ref(record)).pop()?.ok()?;
        let slot = self.catalog.plugin(&record.carrier).map(slot_name);
        Some((self.usable(made).authorizer, slot.unwrap_or_default()))
    }

    fn join(
        &self,
        record: &AccountRecord,
        made: Result<Vec<Arc<Instance>>, WiringError>,
        broker: &Broker,
    ) -> Wired {
        let plugin = self.catalog.plugin(&record.carrier);
        let origin = self.origin(record, plugin);
        let parts = match made {
            Ok(instances) => self.usable(instances),
            Err(problem) => unusable(plugin, problem),
        };
        let AccountParts {
            authorizer,
            instance,
            signer,
            problem,
        } = parts;
        let slot = plugin.map(slot_name).unwrap_or_default();
        let spec = AccountSpec {
            account: record.name.clone(),
            carrier: record.carrier.clone(),
            environment: record.environment,
            client_id: record.client_id.clone(),
            key: key(record, origin.as_ref(), &slot),
            slot,
            grant: record.grant,
            last_chance: self.realm(record).is_none_or(|realm| realm.last_chance),
            authorizer,
        };
        Wired {
            // Also without instances: the broker then publishes the reason to the account's
            // requests.
            cell: broker.add_account(spec.clone()),
            spec,
            origin,
            instance,
            problem,
            signer,
        }
    }

    /// The parts of an account with these instances.
    fn usable(&self, instances: Vec<Arc<Instance>>) -> AccountParts {
        let preferred = PreferredSecret::default();
        let (first, signer) = (
            instances.first().cloned(),
            AccountSigner::of(&instances, &preferred),
        );
        let each = instances
            .into_iter()
            .map(|instance| PluginAuthorizer::new(instance, Arc::clone(&self.http)));
        AccountParts {
            authorizer: Arc::new(ClientSecrets::new(each.collect(), preferred)),
            instance: first,
            signer,
            problem: None,
        }
    }

    /// Checks that the plugin accepts the account's configuration. Nothing is connected.
    pub(crate) fn accepts(&self, record: &AccountRecord) -> Result<(), WiringError> {
        let made = self.instances(std::slice::from_ref(record));
        made.into_iter().try_for_each(|made| made.map(drop))
    }

    /// The manifest's explanations of the carrier's responses.
    pub(crate) fn diagnosis(&self, carrier: &CarrierId) -> Option<&Diagnosis> {
        self.catalog.plugin(carrier).map(Plugin::diagnosis)
    }

    fn realm(&self, record: &AccountRecord) -> Option<&Realm> {
        let fits = |realm: &&Realm| {
            realm.carrier == record.carrier && realm.environment == record.environment
        };
        self.realms.iter().find(fits)
    }

    fn origin(&self, record: &AccountRecord, plugin: Option<&Plugin>) -> Option<Origin> {
        let overridden = self.realm(record).and_then(|realm| realm.origin.clone());
        // The operator's word first: it may lead to a mock or a proxy.
        overridden.or_else(|| plugin?.profile().origin(record.environment).cloned())
    }

    /// Makes an instance for each client secret of each account, in order. All accounts must be of one
    /// carrier.
    fn instances(&self, records: &[AccountRecord]) -> Vec<Result<Vec<Arc<Instance>>, WiringError>> {
        let plugin = records
            .first()
            .and_then(|record| self.catalog.plugin(&record.carrier));
        let mut wanted = Vec::new();
        let counts: Vec<Result<usize, WiringError>> = records
            .iter()
            .map(|record| {
                let options = self.options(record, plugin)?;
                let count = options.len();
                wanted.extend(options);
                Ok(count)
            })
            .collect();
        let made = plugin.map(|plugin| plugin.instances(wanted));
        let mut made = made.unwrap_or_default().into_iter();
        let of_each = counts.into_iter().map(|count| {
            // All instances of this account are taken from the iterator, even after a refused one:
            // otherwise the next account would get them.
            let own: Vec<_> = made.by_ref().take(count?).collect();
            let own = own.into_iter().map(|made| Ok(Arc::new(made?)));
            own.collect()
        });
        of_each.collect()
    }

    /// The options of an account's instances.
    fn options(
        &self,
        record: &AccountRecord,
        plugin: Option<&Plugin>,
    ) -> Result<Vec<InstanceOptions>, WiringError> {
        let origin = self.origin(record, plugin);
        let plugin = plugin.ok_or_else(|| WiringError::NoPlugin(record.carrier.clone()))?;
        let nowhere = || WiringError::NoOrigin(record.carrier.clone(), record.environment);
        let origin = origin.ok_or_else(nowhere)?;
        if record.grant == GrantKind::AuthorizationCode && !plugin.supports_auth_code() {
            return Err(WiringError::NoConsent(record.carrier.clone()));
        }
        if record.client_secrets.is_empty() {
            return Err(WiringError::NoSecret(record.name.clone()));
        }
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

/// The parts of an account's connection.
struct AccountParts {
    authorizer: Arc<dyn Authorizer>,
    instance: Option<Arc<Instance>>,
    signer: Option<Arc<dyn Signer>>,
    problem: Option<WiringError>,
}

/// The parts of an account without instances: every use gets the reason.
fn unusable(plugin: Option<&Plugin>, problem: WiringError) -> AccountParts {
    let why = problem.to_string();
    let failure = Failure::new(FailureClass::Config, "account_unusable", why.as_str());
    AccountParts {
        authorizer: Arc::new(UnusableAccount::new(failure)),
        instance: None,
        signer: AccountSigner::without_instance(plugin, &why),
        problem: Some(problem),
    }
}

/// A digest of everything that a token depends on. A stored token with another key is not used.
fn key(record: &AccountRecord, origin: Option<&Origin>, slot: &str) -> SlotKey {
    // Without an origin there is no token, so any origin will do here.
    let nowhere = || "https://invalid".parse().expect("a literal origin parses");
    let origin = origin.cloned().unwrap_or_else(nowhere);
    // With each secret's length, so that different lists never give the same text.
    let secrets: String = record
        .client_secrets
        .iter()
        .map(|secret| format!("{}:{}", secret.expose().len(), secret.expose()))
        .collect();
    SlotKey::new(&KeyParts {
        account: &record.name,
        carrier: &record.carrier,
        environment: record.environment,
        origin: &origin,
        client_id: &record.client_id,
        client_secret: &ClientSecret::new(secrets),
        account_number: record.numbers.first(),
        slot,
    })
}

/// The name of the slot to use. A plugin with one slot expects an empty name.
fn slot_name(plugin: &Plugin) -> String {
    match plugin.manifest().slots.as_slice() {
        [] | [_] => String::new(),
        [first, ..] => first.clone(),
    }
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
    instance
}
