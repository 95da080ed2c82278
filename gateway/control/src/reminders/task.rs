//! One look at all accounts, one attempt by each way out, and both until the gateway ends.

use super::{
    Mail, Webhook,
    decide::{Plan, decide},
    mail,
    standing::Facts,
    text::{self, Speaker},
    way::Way,
    webhook,
};
use crate::{ControlError, ControlPlane};
use gateway_broker::AccountStatus;
use gateway_model::{GrantKind, SecretBytes};
use gateway_store::{AccountRecord, GrantRecord, NoticeRecord, Sent, Timestamp};
use std::{
    collections::{BTreeMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Between two looks, at most; a new day begins within that time.
const EVERY: Duration = Duration::from_secs(5 * 60);
/// Between two looks, at least, however much happens.
const PAUSE: Duration = Duration::from_secs(1);
/// A look takes longer the more accounts there are: so many times as long it rests,
const REST: u32 = 9;
/// but no longer than this.
const MAX_REST: Duration = Duration::from_secs(30);
/// So many webhook calls at one go, and so many notices in one mail.
const BATCH: u32 = 200;
/// What comes up together goes into one mail.
const GATHER: Duration = Duration::from_secs(60);
/// The next mail does not leave earlier.
const BETWEEN_MAILS: Duration = Duration::from_secs(60 * 60);
/// Closed notices are kept for a year.
const KEEP: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl ControlPlane {
    /// Reminds until it is cancelled: looks at once, every few minutes, and when an account's tokens
    /// take a turn. It holds nothing up: whatever cannot leave now is tried again later.
    pub async fn run_reminders(&self, cancel: CancellationToken) {
        tokio::select! {
            () = cancel.cancelled() => {}
            () = async { tokio::join!(self.keep_looking(), self.keep_calling(), self.keep_mailing()); } => {}
        }
    }

    /// What [`ControlPlane::run_reminders`] does, once: looks at all accounts, opens and closes
    /// notices, and tries each way out that is not resting.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn remind(&self) -> Result<(), ControlError> {
        self.look().await?;
        self.call().await?;
        self.send_mail().await?;
        Ok(())
    }

    /// How many notices were open at the last look.
    pub fn open_notices(&self) -> u64 {
        self.shared.reminding.open.load(Ordering::Relaxed)
    }

    async fn keep_looking(&self) {
        let mut turns = self.shared.broker.handle().notable_outcomes();
        loop {
            turns.borrow_and_update();
            let began = self.shared.clock.now();
            said(
                self.look().await,
                "accounts are not looked at for reminders",
            );
            let took = self.shared.clock.now().saturating_duration_since(began);
            tokio::time::sleep(PAUSE.max(took.saturating_mul(REST).min(MAX_REST))).await;
            let every = EVERY.mul_f64(0.9 + 0.2 * self.shared.fraction());
            tokio::select! {
                // A broker that is gone sends nothing more.
                Ok(()) = turns.changed() => {}
                () = self.shared.reminding.look.notified() => {}
                () = tokio::time::sleep(every) => {}
            }
        }
    }

    async fn keep_calling(&self) {
        if self.shared.settings.reminders.webhook.is_none() {
            return;
        }
        loop {
            let next = said(self.call().await, "the webhook is not called");
            rest(next.flatten(), &self.shared.reminding.webhook_due).await;
        }
    }

    async fn keep_mailing(&self) {
        if self.shared.settings.reminders.mail.is_none() {
            return;
        }
        loop {
            let next = said(self.send_mail().await, "no mail is sent");
            rest(next.flatten(), &self.shared.reminding.mail_due).await;
        }
    }

    /// Opens and closes notices.
    async fn look(&self) -> Result<(), ControlError> {
        let (store, settings) = (&self.shared.store, &self.shared.settings);
        let world = self.world().await?;
        let open = store.notices(true).await?;
        let admin = self.admin();
        let speaker = Speaker {
            zone: &settings.reminders.zone,
            admin: &admin,
            now: self.shared.clock.wall(),
        };
        let plan = decide(&speaker, settings.remind_days, &world.facts(), &open);
        let reminding = &self.shared.reminding;
        if plan == Plan::default() {
            reminding.open.store(count(&open), Ordering::Relaxed);
            return Ok(());
        }
        let now = self.shared.now();
        for (account, kinds) in &plan.close {
            store.close_notices(account, kinds, now).await?;
            tracing::info!(%account, "nobody is needed any more");
        }
        for notice in &plan.open {
            let new = store.put_notice(notice).await?;
            if new.is_some() {
                tracing::warn!(
                    account = %notice.account, kind = ?notice.kind, "{}", notice.message
                );
            }
        }
        let year = Timestamp::from(speaker.now - KEEP);
        store.purge_notices(year).await?;
        reminding
            .open
            .store(count(&store.notices(true).await?), Ordering::Relaxed);
        reminding.webhook_due.notify_one();
        reminding.mail_due.notify_one();
        Ok(())
    }

    /// Calls the webhook for what did not leave yet. Gives back when to try again, if that is known.
    async fn call(&self) -> Result<Option<Duration>, ControlError> {
        let Some(to) = &self.shared.settings.reminders.webhook else {
            return Ok(None);
        };
        let way = &self.shared.reminding.webhook;
        if let Some(left) = lock(way).rests(self.shared.clock.now()) {
            return Ok(Some(left));
        }
        let due = self
            .shared
            .store
            .unsent_notices(Sent::Webhook, BATCH)
            .await?;
        if due.is_empty() {
            return Ok(None);
        }
        let mut failed = false;
        let world = self.world().await?;
        for notice in &due {
            let Some(facts) = world.active(notice) else {
                continue;
            };
            if !lock(way).has_taken(notice) {
                match self.call_with(to, &facts, notice).await {
                    Ok(()) => lock(way).took(notice),
                    Err(error) => {
                        failed = true;
                        tracing::warn!(account = %notice.account, "the webhook was not told: {error}");
                        match error {
                            webhook::NotTaken::Unreachable(_) => break,
                            webhook::NotTaken::Answered(_) | webhook::NotTaken::Unwritable(_) => {
                                continue;
                            }
                        }
                    }
                }
            }
            self.note(way, Sent::Webhook, notice).await?;
        }
        Ok(self.went(way, failed))
    }

    async fn call_with(
        &self,
        to: &Webhook,
        facts: &Facts<'_>,
        notice: &NoticeRecord,
    ) -> Result<(), webhook::NotTaken> {
        let (shared, now) = (&self.shared, self.shared.clock.wall());
        let event = webhook::Event {
            facts,
            notice,
            fix: text::fix_of(facts, notice.kind, shared.settings.remind_days, now),
            admin: self.admin(),
        };
        webhook::deliver(to, &*shared.wiring.http, now.into(), &event).await
    }

    /// Sends one mail with what did not leave yet. Gives back when to try again, if that is known.
    async fn send_mail(&self) -> Result<Option<Duration>, ControlError> {
        let Some(to) = &self.shared.settings.reminders.mail else {
            return Ok(None);
        };
        let way = &self.shared.reminding.mail;
        let now = self.shared.clock.now();
        if let Some(left) = lock(way).rests(now) {
            return Ok(Some(left));
        }
        let due = self.shared.store.unsent_notices(Sent::Mail, BATCH).await?;
        let world = self.world().await?;
        let due: Vec<_> = due
            .iter()
            .filter(|notice| world.active(notice).is_some())
            .collect();
        let Some(first) = due.first() else {
            return Ok(None);
        };
        let age = self.shared.now().0.saturating_sub(first.created_at.0);
        let age = Duration::from_millis(u64::try_from(age).unwrap_or_default());
        // Not when the clock was set back.
        if age < GATHER && self.shared.now() >= first.created_at {
            return Ok(Some(GATHER - age));
        }
        let fresh: Vec<_> = {
            let way = lock(way);
            due.iter()
                .copied()
                .filter(|notice| !way.has_taken(notice))
                .collect()
        };
        let sent = if fresh.is_empty() {
            Ok(())
        } else {
            self.mail(to, &fresh).await
        };
        if let Err(error) = &sent {
            tracing::warn!(notices = fresh.len(), "reminders were not mailed: {error}");
            return Ok(self.went(way, true));
        }
        for notice in &fresh {
            lock(way).took(notice);
        }
        for notice in due {
            self.note(way, Sent::Mail, notice).await?;
        }
        self.went(way, false);
        lock(way).rest(now, BETWEEN_MAILS);
        Ok(Some(BETWEEN_MAILS))
    }

    async fn mail(&self, to: &Mail, notices: &[&NoticeRecord]) -> Result<(), mail::NotSent> {
        mail::deliver(to, notices, self.shared.clock.wall()).await
    }

    /// Notes in the store that a notice left.
    async fn note(
        &self,
        way: &Mutex<Way>,
        sent: Sent,
        notice: &NoticeRecord,
    ) -> Result<(), ControlError> {
        let now = self.shared.now();
        match self.shared.store.mark_notice(notice.id, sent, now).await {
            // Its account was removed meanwhile.
            Ok(()) | Err(gateway_store::StoreError::NotFound { .. }) => lock(way).noted(notice),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn went(&self, way: &Mutex<Way>, failed: bool) -> Option<Duration> {
        let mut way = lock(way);
        if failed {
            return Some(way.failed(self.shared.clock.now(), self.shared.fraction()));
        }
        way.worked();
        None
    }

    /// Grants only of accounts that somebody signs in for: no other's says anything about people.
    async fn world(&self) -> Result<World, ControlError> {
        let store = &self.shared.store;
        let accounts = store.accounts().await?;
        let consented: HashSet<&str> = accounts
            .iter()
            .filter(|account| account.grant == GrantKind::AuthorizationCode)
            .map(|account| account.name.as_str())
            .collect();
        let mut grants = BTreeMap::new();
        if !consented.is_empty() {
            let keep = |mut grant: GrantRecord| {
                // Secrets are not what is looked at.
                (grant.state, grant.token) = (SecretBytes::default(), None);
                grants.insert(grant.account.as_str().to_owned(), grant);
            };
            let wanted = |account: &str| consented.contains(account);
            store.each_grant_of(wanted, keep).await?;
        }
        let status = self.shared.broker.handle().list().into_iter();
        Ok(World {
            grants,
            status: status
                .map(|status| (status.account.as_str().to_owned(), status))
                .collect(),
            accounts,
        })
    }

    /// Where the admin listener is: what the redirect URI is on.
    fn admin(&self) -> String {
        let uri = url::Url::parse(&self.shared.redirect_uri());
        uri.map(|uri| uri.origin().ascii_serialization())
            .unwrap_or_default()
    }
}

/// All accounts, as they are now.
struct World {
    accounts: Vec<AccountRecord>,
    grants: BTreeMap<String, GrantRecord>,
    status: BTreeMap<String, AccountStatus>,
}

impl World {
    fn facts(&self) -> Vec<Facts<'_>> {
        self.accounts
            .iter()
            .map(|account| self.of(account))
            .collect()
    }

    fn of<'a>(&'a self, account: &'a AccountRecord) -> Facts<'a> {
        Facts {
            account,
            grant: self.grants.get(account.name.as_str()),
            status: self.status.get(account.name.as_str()),
        }
    }

    /// Of the notice's account, if somebody wants to hear of it.
    fn active(&self, notice: &NoticeRecord) -> Option<Facts<'_>> {
        let account = self
            .accounts
            .iter()
            .find(|account| account.name == notice.account)?;
        account.active.then(|| self.of(account))
    }
}

/// Until there may be something to do again.
async fn rest(next: Option<Duration>, due: &tokio::sync::Notify) {
    tokio::time::sleep(PAUSE).await;
    tokio::select! {
        () = due.notified() => {}
        () = tokio::time::sleep(next.unwrap_or(EVERY).min(EVERY)) => {}
    }
}

/// Logs what went wrong; the next turn tries again.
fn said<T>(result: Result<T, ControlError>, what: &str) -> Option<T> {
    result
        .inspect_err(|error| tracing::error!(%error, "{what}"))
        .ok()
}

fn count(open: &[NoticeRecord]) -> u64 {
    u64::try_from(open.len()).unwrap_or(u64::MAX)
}

fn lock(way: &Mutex<Way>) -> MutexGuard<'_, Way> {
    way.lock().unwrap_or_else(PoisonError::into_inner)
}
