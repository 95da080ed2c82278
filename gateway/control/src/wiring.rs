//! Connects a stored account: plugin instances, a slot of the broker, and a signer.

use crate::{
    instances::{CarrierPlugin, Instances, WiringError},
    signing::AccountSigner,
};
use gateway_broker::{
    AccountSpec, Authorizer, Broker, ClientSecrets, KeyParts, PluginAuthorizer, PreferredSecret,
    SlotKey, UnusableAccount,
};
use gateway_http_client::HttpClient;
use gateway_model::{
    AccountId, CarrierId, ClientSecret, CredentialCell, Failure, FailureClass, Origin,
    PathTemplate, Signer,
};
use gateway_plugin_host::{Diagnosis, Instance, KnownCarrier, Replacement};
use gateway_store::AccountRecord;
use std::sync::Arc;

/// Connects accounts.
pub(crate) struct Wiring {
    pub(crate) instances: Instances,
    pub(crate) http: Arc<dyn HttpClient>,
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

/// An account whose instances were made and that is not connected yet.
pub(crate) struct PreparedAccount {
    record: AccountRecord,
    carrier: CarrierPlugin,
    made: Result<Vec<Arc<Instance>>, WiringError>,
}

impl PreparedAccount {
    pub(crate) const fn account(&self) -> &AccountId {
        &self.record.name
    }

    pub(crate) fn problem(&self) -> Option<&WiringError> {
        self.made.as_ref().err()
    }
}

impl Wiring {
    /// Connects the accounts to the broker. An account that cannot work is connected as well, so that
    /// its requests get the reason. Accounts of one carrier should be adjacent: their instances are
    /// made in batches.
    pub(crate) fn wire_all(&self, records: &[AccountRecord], broker: &Broker) -> Vec<Wired> {
        let mut all = Vec::with_capacity(records.len());
        for some in Instances::batches(records) {
            let carrier = self.instances.carrier(&some[0].carrier);
            let made = self.instances.make(some, &carrier);
            let wired = some.iter().zip(made);
            all.extend(wired.map(|(record, made)| self.join(record, &carrier, made, broker)));
        }
        all
    }

    /// Makes the instances of a carrier's accounts with a plugin that does not serve yet.
    pub(crate) fn prepare(
        &self,
        records: &[AccountRecord],
        replacement: &Replacement,
    ) -> Vec<PreparedAccount> {
        let carrier = CarrierPlugin::of(replacement);
        let mut all = Vec::with_capacity(records.len());
        for some in Instances::batches(records) {
            let made = self.instances.make(some, &carrier);
            let prepared = some.iter().zip(made).map(|(record, made)| PreparedAccount {
                record: record.clone(),
                carrier: carrier.clone(),
                made,
            });
            all.extend(prepared);
        }
        all
    }

    /// Connects an account whose instances were made before.
    pub(crate) fn wire_prepared(&self, prepared: PreparedAccount, broker: &Broker) -> Wired {
        let PreparedAccount {
            record,
            carrier,
            made,
        } = prepared;
        self.join(&record, &carrier, made, broker)
    }

    /// Connects one account to the broker.
    pub(crate) fn wire(&self, record: &AccountRecord, broker: &Broker) -> Wired {
        let carrier = self.instances.carrier(&record.carrier);
        let made = self.instances.make(std::slice::from_ref(record), &carrier);
        let made = made.into_iter().next();
        let made = made.unwrap_or_else(|| Err(WiringError::NoSecret(record.name.clone())));
        self.join(record, &carrier, made, broker)
    }

    /// What requests tokens for an account of this record, and its slot, without a connection to the
    /// broker. `None` if the account is misconfigured.
    pub(crate) fn authorizer(
        &self,
        record: &AccountRecord,
    ) -> Option<(Arc<dyn Authorizer>, String)> {
        let carrier = self.instances.carrier(&record.carrier);
        let made = self.instances.make(std::slice::from_ref(record), &carrier);
        let made = made.into_iter().next()?.ok()?;
        let slot = carrier.known.as_deref().map(slot_name);
        Some((self.usable(made).authorizer, slot.unwrap_or_default()))
    }

    fn join(
        &self,
        record: &AccountRecord,
        carrier: &CarrierPlugin,
        made: Result<Vec<Arc<Instance>>, WiringError>,
        broker: &Broker,
    ) -> Wired {
        let known = carrier.known.as_deref();
        let origin = self.instances.origin(record, known);
        let parts = match made {
            Ok(instances) => self.usable(instances),
            Err(problem) => unusable(known, problem),
        };
        let AccountParts {
            authorizer,
            instance,
            signer,
            problem,
        } = parts;
        let slot = known.map(slot_name).unwrap_or_default();
        let spec = AccountSpec {
            account: record.name.clone(),
            carrier: record.carrier.clone(),
            environment: record.environment,
            client_id: record.client_id.clone(),
            key: key(record, origin.as_ref(), &slot),
            slot,
            grant: record.grant,
            last_chance: self
                .instances
                .realm(record)
                .is_none_or(|realm| realm.last_chance),
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

    /// The manifest's explanations of the carrier's responses.
    pub(crate) fn diagnosis(&self, carrier: &CarrierId) -> Option<Arc<Diagnosis>> {
        let known = self.instances.plugins.known(carrier)?;
        Some(Arc::clone(&known.diagnosis))
    }

    /// The same for one account, which may name a harmless call of its own.
    pub(crate) fn diagnosis_of(&self, record: &AccountRecord) -> Option<Arc<Diagnosis>> {
        let diagnosis = self.diagnosis(&record.carrier)?;
        let setting = diagnosis.probe_setting.as_deref();
        let named = setting.and_then(|name| {
            let mut settings = record.settings.iter();
            let (_, value) = settings.find(|(known, _)| known.as_str() == name)?;
            diagnosis.with_probe(value.as_str()?)
        });
        Some(named.map_or(diagnosis, Arc::new))
    }

    /// The path of a probe in the account's environment.
    pub(crate) fn path_of(&self, spec: &AccountSpec, probe: &str) -> String {
        let known = self.instances.plugins.known(&spec.carrier);
        let below = known
            .as_ref()
            .and_then(|known| known.profile.api.environment_path(spec.environment));
        let below = below.map_or("", PathTemplate::as_str);
        format!("{}{probe}", below.trim_end_matches('/'))
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
fn unusable(known: Option<&KnownCarrier>, problem: WiringError) -> AccountParts {
    let why = problem.to_string();
    let failure = Failure::new(FailureClass::Config, "account_unusable", why.as_str());
    AccountParts {
        authorizer: Arc::new(UnusableAccount::new(failure)),
        instance: None,
        signer: AccountSigner::without_instance(known, unsigned(&problem)),
        problem: Some(problem),
    }
}

/// Why a request cannot be signed, although there may be a token for it.
fn unsigned(problem: &WiringError) -> Failure {
    let class = match problem {
        WiringError::NoPlugin { .. } => FailureClass::Bug,
        WiringError::NoOrigin(..)
        | WiringError::NoConsent(_)
        | WiringError::NoSecret(_)
        | WiringError::Refused(_) => FailureClass::Config,
    };
    let message = format!("the request cannot be signed: {problem}");
    Failure::new(class, "account_unusable", message)
}

/// A digest of everything that a token depends on. A stored token with another key is not used.
fn key(record: &AccountRecord, origin: Option<&Origin>, slot: &str) -> SlotKey {
    // Without an origin there is no token, so any origin will do here.
    let nowhere = || "https://invalid".parse().expect("a literal origin parses");
    let origin = origin.cloned().unwrap_or_else(nowhere);
    // With each secret's length, so that different lists never give the same text.
    let mut secrets: String = record
        .client_secrets
        .iter()
        .map(|secret| format!("{}:{}", secret.expose().len(), secret.expose()))
        .collect();
    // Nothing is added without settings: tokens that an older program stored stay valid.
    for (name, value) in &record.settings {
        let value = value.to_string();
        secrets.push_str(&format!("{name}={}:{value}", value.len()));
    }
    for (name, secret) in &record.secret_settings {
        let secret = secret.expose();
        secrets.push_str(&format!("{name}={}:{secret}", secret.len()));
    }
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
fn slot_name(known: &KnownCarrier) -> String {
    match known.slots.as_slice() {
        [] | [_] => String::new(),
        [first, ..] => first.clone(),
    }
}
