//! Accounts of the configuration become slots of the broker.

use crate::config::{self, Config};
use gateway_broker::{
    AccountSpec, Authorization, Authorizer, BoxFuture, Broker, BrokerConfig, Issued, KeyParts,
    MintBudgetPolicy, PluginAuthorizer, SlotKey, Wire,
};
use gateway_model::{AccountId, CredentialCell, Failure, FailureClass, Origin};
use gateway_plugin_host::{Catalog, HttpClient, InstanceOptions, Limits, Plugin};
use gateway_store::GrantKind;
use serde_json::json;
use std::{collections::HashMap, sync::Arc};

/// Why an account has nobody to ask for its tokens.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// No active plugin for the carrier.
    #[error(
        "no active plugin serves carrier {0}: put its file into plugins.dir, and see `waybill plugin list`"
    )]
    NoPlugin(gateway_model::CarrierId),
    /// The plugin names no origin for the environment, and no route overrides it.
    #[error(
        "the plugin of {0} has no origin for the {1} environment: set `origin` in its [[route]]"
    )]
    NoOrigin(gateway_model::CarrierId, gateway_model::Environment),
    /// The plugin refused the account's configuration.
    #[error(transparent)]
    Refused(#[from] Failure),
}

/// The broker's settings.
pub(super) fn broker_config(config: &Config) -> BrokerConfig {
    let tokens = &config.tokens;
    let mut broker = BrokerConfig::default();
    broker.policy.renewal.fraction = tokens.renew_at;
    broker.policy.renewal.spread = tokens.jitter;
    broker.policy.renewal.margin = tokens.margin;
    broker.mint_budget = MintBudgetPolicy {
        burst: tokens.mint_budget,
        every: tokens.mint_refill,
    };
    broker.authorize_timeout = tokens.request_timeout;
    broker
}

/// Gives every account to the broker. One that cannot work is given as well, so that its requests are
/// answered with the reason.
pub(super) fn add(
    config: &Config,
    catalog: &Catalog,
    broker: &Broker,
    http: &Arc<dyn HttpClient>,
) -> HashMap<AccountId, Arc<CredentialCell>> {
    let cells = config.accounts.iter().map(|account| {
        let (spec, problem) = spec(config, account, catalog, http);
        if let Some(problem) = problem {
            tracing::error!(account = %account.id, "{problem}");
        }
        (account.id.clone(), broker.add_account(spec))
    });
    cells.collect()
}

fn spec(
    config: &Config,
    account: &config::Account,
    catalog: &Catalog,
    http: &Arc<dyn HttpClient>,
) -> (AccountSpec, Option<AccountError>) {
    let (plugin, route) = (catalog.plugin(&account.carrier), route_of(config, account));
    let origin = origin(account, plugin, route);
    let made = origin.as_ref().ok_or(()).map_or_else(
        |()| Err(missing(account, plugin)),
        |origin| authorizer(config, account, catalog, Arc::clone(http), origin, route),
    );
    let (authorizer, problem): (Arc<dyn Authorizer>, _) = match made {
        Ok(authorizer) => (Arc::new(authorizer), None),
        Err(error) => {
            let code = "account_unusable";
            let failure = Failure::new(FailureClass::Config, code, error.to_string());
            (Arc::new(Unusable(failure)), Some(error))
        }
    };
    // An account without origin has no token either, so its key only has to be its own.
    let nowhere = || "https://invalid".parse().expect("a literal origin parses");
    let origin = origin.unwrap_or_else(nowhere);
    let slot = plugin.map(slot_name).unwrap_or_default();
    let key = SlotKey::new(&KeyParts {
        account: &account.id,
        carrier: &account.carrier,
        environment: account.environment,
        origin: &origin,
        client_id: &account.client_id,
        client_secret: account.client_secret(),
        account_number: account.account_numbers.first(),
        slot: &slot,
    });
    let spec = AccountSpec {
        account: account.id.clone(),
        carrier: account.carrier.clone(),
        environment: account.environment,
        client_id: account.client_id.clone(),
        slot,
        grant: GrantKind::ClientCredentials,
        key,
        authorizer,
    };
    (spec, problem)
}

/// The route that serves the account's carrier and environment says where both are.
fn route_of<'c>(config: &'c Config, account: &config::Account) -> Option<&'c config::Route> {
    let fits = |route: &&config::Route| {
        route.carrier == account.carrier && route.environment == account.environment
    };
    config.routes.iter().find(fits)
}

fn origin(
    account: &config::Account,
    plugin: Option<&Plugin>,
    route: Option<&config::Route>,
) -> Option<Origin> {
    let overridden = route.and_then(|route| route.origin.clone());
    overridden.or_else(|| plugin?.profile().origin(account.environment).cloned())
}

fn missing(account: &config::Account, plugin: Option<&Plugin>) -> AccountError {
    match plugin {
        None => AccountError::NoPlugin(account.carrier.clone()),
        Some(_) => AccountError::NoOrigin(account.carrier.clone(), account.environment),
    }
}

/// A plugin with one slot is not asked for it by name.
fn slot_name(plugin: &Plugin) -> String {
    match plugin.manifest().slots.as_slice() {
        [] | [_] => String::new(),
        [first, ..] => first.clone(),
    }
}

fn authorizer(
    config: &Config,
    account: &config::Account,
    catalog: &Catalog,
    http: Arc<dyn HttpClient>,
    origin: &Origin,
    route: Option<&config::Route>,
) -> Result<PluginAuthorizer, AccountError> {
    let plugin = catalog.plugin(&account.carrier);
    let plugin = plugin.ok_or_else(|| AccountError::NoPlugin(account.carrier.clone()))?;
    let mut options = InstanceOptions::new(instance_config(account, origin));
    options.origin = route.and_then(|route| route.origin.clone());
    options.danger_plaintext = route.is_some_and(|route| route.danger_plaintext_upstream);
    options.limits = Limits {
        deadline: config.tokens.request_timeout,
        ..Limits::default()
    };
    Ok(PluginAuthorizer::new(Arc::new(plugin.instance(options)?), http))
}

/// What the plugin reads (`docs/plugins.md`, "Configuration of an instance").
fn instance_config(account: &config::Account, origin: &Origin) -> serde_json::Value {
    let mut instance = json!({
        "environment": account.environment.as_str(),
        "origin": origin.to_string(),
        "client_id": account.client_id,
        "client_secret": account.client_secret().expose(),
    });
    if let Some(number) = account.account_numbers.first() {
        instance["account_number"] = json!(number.as_str());
    }
    instance
}

/// The account cannot work until somebody changes something.
struct Unusable(Failure);

impl Authorizer for Unusable {
    fn authorize(&self, _: Authorization, _: Wire) -> BoxFuture<'_, Result<Issued, Failure>> {
        let failure = self.0.clone();
        Box::pin(async { Err(failure) })
    }
}
