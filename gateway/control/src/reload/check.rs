//! What speaks against a configuration: plugin files, what plugins refuse, credentials that get no token.

use super::{
    NewConfiguration, Objection, ReloadRefusal,
    candidate::{Candidate, objection},
};
use crate::{
    ControlError, ControlPlane,
    accounts::unproven,
    blocking::blocking,
    instances::{Instances, WiringError},
    plugin_settings::key_at_fault,
};
use futures_util::{StreamExt as _, stream};
use gateway_broker::{Authorization, AuthorizationReason, Transport};
use gateway_model::{AccountId, GrantKind, SecretBytes};
use gateway_plugin_host::{Plugin, Reload, Replacement};
use gateway_store::{AccountRecord, SecretDigest};
use std::sync::Arc;

/// How many new credentials are tried at a time.
const PROOFS: usize = 8;

impl ControlPlane {
    /// Loads the present files of plugins beside the code that runs.
    pub(super) async fn load_plugins(
        &self,
        new: &NewConfiguration,
    ) -> Result<Vec<Replacement>, ReloadRefusal> {
        let names = self.replaceable_plugins().await?;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let plugins = Arc::clone(&self.context.plugins);
        let instances = Instances::new(Arc::clone(&plugins), &new.settings);
        let mut records = new.declared.accounts.clone();
        records.retain(|record| record.active);
        records.sort_by(|one, other| one.carrier.cmp(&other.carrier));
        let load = move || {
            let trial = |plugin: &Plugin| instances.try_out(&records, plugin);
            let each = names.iter().map(|name| plugins.reload(name, &trial));
            each.collect::<Vec<_>>()
        };
        let (mut ready, mut objections) = (Vec::new(), Vec::new());
        for loaded in blocking(load).await? {
            match loaded {
                Ok(Reload::Ready(replacement)) => ready.push(replacement),
                Ok(Reload::Unchanged(_)) => {}
                Err(error) => objections.push(objection(
                    None,
                    format!("a plugin cannot be replaced: {error}"),
                    "put a usable file in its place",
                )),
            }
        }
        none_of(objections).map(|()| ready)
    }
}

impl Candidate {
    /// Lets the plugins look at the accounts whose connection would be made anew.
    pub(super) async fn check_plugins(&mut self) -> Result<(), ReloadRefusal> {
        let replacements = std::mem::take(&mut self.replacements);
        let (wiring, mut rest) = (Arc::clone(&self.wiring), self.touched_records());
        let plugins = Arc::clone(&self.context.plugins);
        let look = move || {
            let mut refused = Vec::new();
            for replacement in &replacements {
                // With the new code, because the old code does not count any more.
                let carrier = &replacement.plugin().manifest().carrier;
                let own = rest.extract_if(.., |record| plugins.serving(&record.carrier) == carrier);
                let own: Vec<_> = own.collect();
                let prepared = wiring.prepare(&own, replacement);
                let problems = prepared.iter().filter_map(|one| {
                    let problem = one.problem()?.clone();
                    Some((one.account().clone(), problem))
                });
                refused.extend(problems);
            }
            refused.extend(wiring.instances.refused(&rest));
            (refused, replacements)
        };
        let (refused, replacements) = blocking(look).await?;
        self.replacements = replacements;
        let objections = refused
            .iter()
            .filter_map(|(name, why)| self.object(name, why));
        none_of(objections.collect())
    }

    fn object(&self, name: &AccountId, why: &WiringError) -> Option<Objection> {
        // A carrier without a plugin does not keep the others from being served.
        if matches!(why, WiringError::NoPlugin { .. }) {
            return None;
        }
        // What cannot work now either, and was not changed, does not keep the rest from being changed.
        let wired = self.context.wired(name);
        let is_broken = wired.is_some_and(|wired| wired.problem.is_some());
        let same = (self.before.get(name).zip(self.after.get(name)))
            .is_some_and(|(was, record)| crate::load::same_account(was, record));
        if is_broken && same {
            return None;
        }
        let key = match why {
            WiringError::Refused(failure) => key_at_fault(failure).map(str::to_owned),
            WiringError::NoPlugin { .. }
            | WiringError::NoOrigin(..)
            | WiringError::NoConsent(_)
            | WiringError::NoSecret(_) => None,
        };
        Some(Objection {
            account: Some(name.clone()),
            key,
            message: format!("account {name} cannot work: {why}"),
            fix: "correct its [[account]], or the [[route]] of its carrier".to_owned(),
        })
    }

    /// Requests a token with the new credentials of each account that serves now, as a change by the admin
    /// API does. The tokens are not used.
    pub(super) async fn prove(&self) -> Result<(), ReloadRefusal> {
        let changed = self.touched_records().into_iter().filter(|record| {
            let was = self.before.get(&record.name).filter(|was| was.active);
            // What a person has signed in for is proven by the next sign-in: a refresh token works once.
            record.grant == GrantKind::ClientCredentials
                && was.is_some_and(|was| was.grant == record.grant && !same_login(was, record))
        });
        let proofs = stream::iter(changed).map(|record| self.prove_one(record));
        let failed = proofs
            .buffer_unordered(PROOFS)
            .filter_map(std::future::ready);
        let mut failed: Vec<(AccountId, ControlError)> = failed.collect().await;
        failed.sort_by(|one, other| one.0.cmp(&other.0));
        let objections = failed.into_iter().map(|(name, error)| {
            let fix = error.remedy.as_deref().unwrap_or_default();
            objection(Some(&name), error.message.clone(), fix)
        });
        none_of(objections.collect())
    }

    async fn prove_one(&self, record: AccountRecord) -> Option<(AccountId, ControlError)> {
        let wiring = Arc::clone(&self.wiring);
        let name = record.name.clone();
        let made = blocking(move || wiring.authorizer(&record)).await;
        let (authorizer, slot) = match made {
            Ok(Some(made)) => made,
            // A carrier without a plugin has nothing to ask with.
            Ok(None) => return None,
            Err(error) => return Some((name, error)),
        };
        let authorization = Authorization {
            reason: AuthorizationReason::Fetch,
            slot,
            state: SecretBytes::default(),
            params: Vec::new(),
        };
        let issued = authorizer.authorize(authorization, Transport::Direct).await;
        let failure = issued.err()?;
        let error = unproven(&name, &failure);
        Some((name, error))
    }
}

/// Whether a token that one record got would be good for the other.
fn same_login(one: &AccountRecord, other: &AccountRecord) -> bool {
    // By digest, because secrets cannot be compared by themselves.
    let secrets = |account: &AccountRecord| -> Vec<SecretDigest> {
        let own = account.client_secrets.iter();
        let own = own.chain(account.secret_settings.values());
        own.map(crate::secret_digest::digest).collect()
    };
    one.client_id == other.client_id
        && one.settings == other.settings
        && one.secret_settings.keys().eq(other.secret_settings.keys())
        && secrets(one) == secrets(other)
}

fn none_of(objections: Vec<Objection>) -> Result<(), ReloadRefusal> {
    if objections.is_empty() {
        return Ok(());
    }
    Err(ReloadRefusal::Objections(objections))
}
