//! Which notices open and which close.

use super::{
    standing::{Facts, Standing, standing},
    text::{self, Speaker},
};
use gateway_model::{AccountId, NoticeKind};
use gateway_store::NoticeRecord;
use std::collections::BTreeMap;

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// New today, or open again.
    pub(crate) open: Vec<NoticeRecord>,
    /// Their reason went away.
    pub(crate) close: Vec<(AccountId, Vec<NoticeKind>)>,
}

/// Compares how the accounts stand with what is open. An account has one reason at a time, and is
/// spoken of once a day.
pub(crate) fn decide(
    speaker: &Speaker<'_>,
    days: u16,
    accounts: &[Facts<'_>],
    open: &[NoticeRecord],
) -> Plan {
    let mut of_account: BTreeMap<&AccountId, Vec<&NoticeRecord>> = BTreeMap::new();
    for notice in open {
        of_account.entry(&notice.account).or_default().push(notice);
    }
    let today = speaker.day();
    let mut plan = Plan::default();
    for facts in accounts {
        let known = of_account.remove(&facts.account.name).unwrap_or_default();
        let need = match standing(facts, days, speaker.now) {
            Standing::Fine => None,
            Standing::Unsettled => continue,
            Standing::Needs(need) => Some(need),
        };
        let kind = need.as_ref().map(|need| need.kind());
        plan.close(
            &facts.account.name,
            known.iter().filter(|notice| Some(notice.kind) != kind),
        );
        let Some(need) = need else { continue };
        // Of a later day: the clock was set back.
        let said = |notice: &&NoticeRecord| Some(notice.kind) == kind && notice.day >= today;
        if !known.iter().copied().any(|notice| said(&notice)) {
            plan.open.push(NoticeRecord {
                id: 0,
                account: facts.account.name.clone(),
                kind: need.kind(),
                day: today.clone(),
                created_at: speaker.now.into(),
                message: text::message(speaker, facts, &need),
                webhook_at: None,
                mail_at: None,
                closed_at: None,
            });
        }
    }
    // The account is gone.
    for (account, notices) in of_account {
        plan.close(account, notices.iter());
    }
    plan
}

impl Plan {
    fn close<'n>(
        &mut self,
        account: &AccountId,
        notices: impl Iterator<Item = &'n &'n NoticeRecord>,
    ) {
        let mut kinds: Vec<NoticeKind> = notices.map(|notice| notice.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        if !kinds.is_empty() {
            self.close.push((account.clone(), kinds));
        }
    }
}
