//! A diagnosis in plain words: of the gateway, of the connection to each carrier, of each account.
//!
//! This module knows no carrier by name. What a carrier's error codes mean, and which calls change
//! nothing, is data in the manifest of its plugin.

mod connectivity;
mod environment;
mod finding;
mod fleet;
mod gateway;
mod login;
mod product_calls;
mod slot_check;
mod time_budget;
mod token_check;

use crate::{Actor, ControlError, ControlPlane};
use finding::Findings;
use gateway_api::{Check, DoctorReport, Verdict};
use gateway_model::AccountId;
use gateway_store::AccountRecord;
use product_calls::ProductCalls;
use serde_json::json;
use std::time::Duration;
use time_budget::TimeBudget;

/// The longest that a diagnosis takes. The admin API's own deadline is a little longer.
const TIME_LIMIT: Duration = Duration::from_secs(150);

/// Gets the results of each part of a diagnosis as soon as they are there.
type Tell<'a> = &'a (dyn Fn(&[Check]) + Send + Sync);

/// The accounts to diagnose, if the store can list them.
type Accounts = Result<Vec<AccountRecord>, ControlError>;

impl ControlPlane {
    /// Diagnoses the gateway and one account, or all active accounts. It requests at most one token
    /// for each account; all other calls to the carrier change nothing there, and are made one after
    /// the other.
    ///
    /// # Errors
    /// When there is no such account. A store that does not respond is a finding, not an error.
    pub async fn doctor(
        &self,
        actor: &Actor,
        account: Option<&AccountId>,
    ) -> Result<DoctorReport, ControlError> {
        self.examined(TIME_LIMIT, actor, account, &|_| {}).await
    }

    /// [`ControlPlane::doctor`], with results as they come: `tell` gets those of each part when it is done.
    ///
    /// # Errors
    /// When there is no such account. A store that does not respond is a finding, not an error.
    pub async fn doctor_telling(
        &self,
        actor: &Actor,
        account: Option<&AccountId>,
        tell: impl Fn(&[Check]) + Send + Sync,
    ) -> Result<DoctorReport, ControlError> {
        self.examined(TIME_LIMIT, actor, account, &tell).await
    }

    /// [`ControlPlane::doctor`] with another time limit.
    ///
    /// # Errors
    /// When there is no such account. A store that does not respond is a finding, not an error.
    pub async fn doctor_within(
        &self,
        limit: Duration,
        actor: &Actor,
        account: Option<&AccountId>,
    ) -> Result<DoctorReport, ControlError> {
        self.examined(limit, actor, account, &|_| {}).await
    }

    async fn examined(
        &self,
        limit: Duration,
        actor: &Actor,
        account: Option<&AccountId>,
        tell: Tell<'_>,
    ) -> Result<DoctorReport, ControlError> {
        // Asked first, because it decides whether the diagnosis can have an entry in the trail.
        let healthy = self.context.store.healthy().await;
        let accounts = match account {
            Some(name) if healthy.is_ok() => Ok(vec![self.known_account(name).await?]),
            Some(_) | None => self.context.store.accounts().await.map_err(Into::into),
        };
        let subject =
            account.map_or_else(|| "gateway".to_owned(), |name| format!("account:{name}"));
        let work = async { Ok(self.examine(accounts, limit, tell).await) };
        match healthy {
            Ok(()) => {
                self.audited(actor, "doctor", &subject, json!({}), work)
                    .await
            }
            // The audit trail cannot be written now. A diagnosis changes nothing, and a failing store
            // is when it is needed most, so it runs without an entry.
            Err(_) => work.await,
        }
    }

    async fn examine(&self, accounts: Accounts, limit: Duration, tell: Tell<'_>) -> DoctorReport {
        // One budget for all checks: the caller waits for the sum of them.
        let budget = TimeBudget::new(self.context.clock.as_ref(), limit);
        let mut checks = Vec::new();
        let mut add = |some: Vec<Check>| {
            tell(&some);
            checks.extend(some);
        };
        add(self.gateway_checks(&budget).await);
        let accounts = match accounts {
            Ok(accounts) => accounts,
            Err(error) => {
                let mut findings = Findings::default();
                findings.error("accounts", &error);
                add(findings.into_checks());
                // The gateway's own checks are still worth reading without the accounts.
                Vec::new()
            }
        };
        add(self.connectivity_checks(&accounts, &budget).await);
        // An account may be confused with one that is not diagnosed now, so all are compared.
        let all = self.context.store.accounts().await.unwrap_or_default();
        for account in &accounts {
            add(self.account_checks(account, &all, &budget).await);
        }
        DoctorReport {
            verdict: checks
                .iter()
                .map(|check| check.verdict)
                .max()
                .unwrap_or(Verdict::Ok),
            checks,
        }
    }

    /// The checks of one account, from its configuration to the products that it may call.
    async fn account_checks(
        &self,
        account: &AccountRecord,
        all: &[AccountRecord],
        budget: &TimeBudget<'_>,
    ) -> Vec<Check> {
        let mut findings = Findings::of(&account.name);
        if !account.active {
            let message = "it is switched off: it serves no requests and requests no tokens";
            findings.skipped("account", message);
            return findings.into_checks();
        }
        let wired = match self.connected(account).await {
            Ok(wired) => wired,
            Err(error) => {
                findings.error("account", &error);
                return findings.into_checks();
            }
        };
        if let Some(problem) = &wired.problem {
            findings.failure("account", problem.to_string(), None);
            return findings.into_checks();
        }
        self.environment_check(account, &wired, all, &mut findings);
        let mut token = Findings::of(&account.name);
        let held = self.token_check(account, &wired, &mut token, budget).await;
        // After the token, which may have been requested just now.
        if held.is_some() {
            self.slot_check(account, &mut token);
        }
        let products = match held {
            Some(held) => {
                let calls = ProductCalls::new(self, account, &wired, held);
                calls.make(&mut token, budget).await
            }
            None => Vec::new(),
        };
        // After the calls: only they show that the carrier has revoked the login.
        self.login_check(account, &mut findings).await;
        let mut checks = findings.into_checks();
        checks.extend(token.into_checks());
        checks.extend(products);
        checks
    }
}
