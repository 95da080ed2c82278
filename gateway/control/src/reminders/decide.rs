//! Which notices to open and which to close.

use super::{
    assessment::{Assessment, Facts, assess},
    text::{self, MessageContext},
};
use gateway_model::{AccountId, NoticeKind};
use gateway_store::NoticeRecord;
use std::collections::BTreeMap;

/// The notices to open and to close.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// New notices, and those that are repeated today.
    pub(crate) open: Vec<NoticeRecord>,
    /// Notices whose reason has gone.
    pub(crate) close: Vec<(AccountId, Vec<NoticeKind>)>,
}

/// Compares the accounts with the open notices. An account has one reason at a time, and gets one notice
/// of it a day.
pub(crate) fn decide(
    context: &MessageContext<'_>,
    days: u16,
    accounts: &[Facts<'_>],
    open: &[NoticeRecord],
) -> Plan {
    let mut of_account: BTreeMap<&AccountId, Vec<&NoticeRecord>> = BTreeMap::new();
    for notice in open {
        of_account.entry(&notice.account).or_default().push(notice);
    }
    let today = context.day();
    let mut plan = Plan::default();
    for facts in accounts {
        let known = of_account.remove(&facts.account.name).unwrap_or_default();
        let need = match assess(facts, days, context.now) {
            Assessment::Fine => None,
            // Neither opened nor closed: a state in between must not make a notice flicker.
            Assessment::Unsettled => continue,
            Assessment::Needs(need) => Some(need),
        };
        let kind = need.as_ref().map(|need| need.kind());
        // The other kinds of this account: it has one reason at a time.
        plan.close(
            &facts.account.name,
            known.iter().filter(|notice| Some(notice.kind) != kind),
        );
        let Some(need) = need else { continue };
        // `>=`, because a notice of a later day means that the clock was set back: it must not be
        // repeated then.
        let said = |notice: &&NoticeRecord| Some(notice.kind) == kind && notice.day >= today;
        if !known.iter().copied().any(|notice| said(&notice)) {
            plan.open.push(NoticeRecord {
                id: 0,
                account: facts.account.name.clone(),
                kind: need.kind(),
                day: today.clone(),
                created_at: context.now.into(),
                message: text::message(context, facts, &need),
                webhook_at: None,
                mail_at: None,
                closed_at: None,
            });
        }
    }
    // What remains belongs to accounts that were removed.
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
