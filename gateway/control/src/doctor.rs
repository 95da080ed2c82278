//! A diagnosis in plain words: of the gateway, of the way to each carrier, of each account.
//!
//! The gateway knows no carrier here: what a carrier's codes mean, and which calls are harmless, is
//! data of its plugin's manifest.

mod credential;
mod environment;
mod finding;
mod gateway;
mod login;
mod products;
mod reach;

use crate::{Actor, ControlError, ControlPlane};
use gateway_api::{Check, DoctorReport, Verdict};
use finding::Findings;
use gateway_model::AccountId;
use gateway_store::AccountRecord;
use serde_json::json;
use std::{
    future::Future,
    time::{Duration, Instant},
};

/// Nobody waits much longer; what was not looked at until then says so.
const PATIENCE: Duration = Duration::from_secs(150);

/// What the accounts' part of the store says.
type Accounts = Result<Vec<AccountRecord>, ControlError>;

impl ControlPlane {
    /// Looks at the gateway and at one account, or at all active ones. A token is asked for at most
    /// once for each account; other than that only harmless calls are made, one after the other.
    ///
    /// # Errors
    /// When there is no such account. A store that does not answer is a finding, not an error.
    pub async fn doctor(
        &self,
        actor: &Actor,
        account: Option<&AccountId>,
    ) -> Result<DoctorReport, ControlError> {
        self.doctor_within(PATIENCE, actor, account).await
    }

    /// As [`ControlPlane::doctor`], for who waits longer or shorter.
    ///
    /// # Errors
    /// As there.
    pub async fn doctor_within(
        &self,
        limit: Duration,
        actor: &Actor,
        account: Option<&AccountId>,
    ) -> Result<DoctorReport, ControlError> {
        let healthy = self.shared.store.healthy().await;
        let accounts = match account {
            Some(name) if healthy.is_ok() => Ok(vec![self.known_account(name).await?]),
            Some(_) | None => self.shared.store.accounts().await.map_err(Into::into),
        };
        let subject =
            account.map_or_else(|| "gateway".to_owned(), |name| format!("account:{name}"));
        let work = async { Ok(self.examine(accounts, limit).await) };
        match healthy {
            Ok(()) => {
                self.audited(actor, "doctor", &subject, json!({}), work)
                    .await
            }
            // Nothing can be put on record, and nothing is changed: now is when it is needed most.
            Err(_) => work.await,
        }
    }

    async fn examine(&self, accounts: Accounts, limit: Duration) -> DoctorReport {
        let patience = Patience {
            plane: self,
            until: self.shared.clock.now() + limit,
        };
        let mut checks = self.gateway(&patience).await;
        let accounts = match accounts {
            Ok(accounts) => accounts,
            Err(error) => {
                let mut findings = Findings::default();
                findings.error("accounts", &error);
                checks.extend(findings.into_checks());
                Vec::new()
            }
        };
        checks.extend(self.ways(&accounts, &patience).await);
        // The others of an account may be what it is mixed up with.
        let all = self.shared.store.accounts().await.unwrap_or_default();
        for account in &accounts {
            checks.extend(self.account_checks(account, &all, &patience).await);
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

    /// Everything about one account, from its configuration to what it may call.
    async fn account_checks(
        &self,
        account: &AccountRecord,
        all: &[AccountRecord],
        patience: &Patience<'_>,
    ) -> Vec<Check> {
        let mut findings = Findings::of(&account.name);
        if !account.active {
            let message = "it is switched off: nobody gets its tokens, and none are asked for";
            findings.skipped("account", message);
            return findings.into_checks();
        }
        let wired = match self.connected(&account.name) {
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
        self.environment(account, &wired, all, &mut findings);
        let mut token = Findings::of(&account.name);
        let held = self
            .token_check(account, &wired, &mut token, patience)
            .await;
        let products = match held {
            Some(held) => {
                let call = products::Calls::new(self, account, &wired, held);
                call.make(&mut token, patience).await
            }
            None => Vec::new(),
        };
        // Last, because the calls may have shown that the carrier revoked it.
        self.login(account, &mut findings).await;
        let mut checks = findings.into_checks();
        checks.extend(token.into_checks());
        checks.extend(products);
        checks
    }
}

/// How long the doctor still has.
struct Patience<'a> {
    plane: &'a ControlPlane,
    until: Instant,
}

impl Patience<'_> {
    /// Does `work` unless the time is over before it is done.
    async fn keeps<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let left = self
            .until
            .saturating_duration_since(self.plane.shared.clock.now());
        if left.is_zero() {
            return None;
        }
        tokio::time::timeout(left, work).await.ok()
    }
}

/// What is said of a check for which there was no time.
const NO_TIME: &str = "the doctor's time was over before this; ask for this account alone";
