//! What the last test calls said of negotiated rates. In memory only: a test call is cheap, and an old answer
//! is worth little.

use crate::api_time;
use gateway_api::{ProbeReport, RatesView};
use gateway_model::{AccountId, AccountNumber};
use gateway_store::Timestamp;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What the last test call of each account said of negotiated rates.
#[derive(Debug, Default)]
pub(crate) struct KnownRates(Mutex<BTreeMap<AccountId, RatesView>>);

impl KnownRates {
    fn rates(&self) -> MutexGuard<'_, BTreeMap<AccountId, RatesView>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a report, if it says something of rates.
    pub(crate) fn note(&self, report: &ProbeReport, now: Timestamp) {
        let Some(negotiated) = report.negotiated else {
            return;
        };
        let rates = RatesView {
            at: api_time::from_store(now),
            negotiated,
            number: report.number.clone(),
            code: report.code.clone(),
            remedy: report.remedy.clone(),
        };
        self.rates().insert(report.account.clone(), rates);
    }

    /// What is known of an account, unless its numbers are others by now.
    pub(crate) fn of(&self, account: &AccountId, numbers: &[AccountNumber]) -> Option<RatesView> {
        let known = self.rates().get(account).cloned()?;
        let number = known.number.as_ref();
        number
            .is_none_or(|it| numbers.contains(it))
            .then_some(known)
    }

    pub(crate) fn forget(&self, account: &AccountId) {
        self.rates().remove(account);
    }
}

/// Of the reports on several numbers the one to remember: one without negotiated rates, because its remedy
/// must not be missed.
pub(crate) fn worse(known: Option<ProbeReport>, report: &ProbeReport) -> Option<ProbeReport> {
    match (known, report.negotiated) {
        (None, Some(_)) => Some(report.clone()),
        (Some(known), Some(false)) if known.negotiated == Some(true) => Some(report.clone()),
        (known, _) => known,
    }
}
