//! The background tasks: one reviews all accounts, one calls the webhook, one sends mail.

use super::{
    assessment::Facts,
    decide::{Plan, decide},
    mail,
    text::{self, MessageContext},
    webhook,
};
use crate::{
    ControlError, ControlPlane,
    reminder_state::ChannelState,
    settings::{Mail, Webhook},
};
use gateway_store::{Duty, NoticeChannel, NoticeRecord, Timestamp};
use std::{
    sync::{Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// The longest time between two reviews: a notice is repeated within this time after midnight.
const REVIEW_INTERVAL: Duration = Duration::from_secs(5 * 60);
/// The shortest time between two reviews, however many accounts change.
const MIN_PAUSE: Duration = Duration::from_secs(1);
/// The pause after a review, as a multiple of the review's duration: reviews of many accounts must not
/// take more than a tenth of a processor.
const PAUSE_FACTOR: u32 = 9;
/// The longest pause of that kind.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// The maximum number of webhook calls in one round, and of notices in one mail.
const BATCH: u32 = 200;
/// The maximum number of notices that a round looks at. Many more than one round calls for, because
/// notices that rest after a failure must not fill it.
const LOOK_AHEAD: u32 = 100_000;
/// After so many notices in a row that the receiver did not take, it is the receiver that does not work.
const MAX_FAILED_CALLS: u32 = 3;
/// Notices that are made within this time go into one mail.
const MAIL_WINDOW: Duration = Duration::from_secs(60);
/// The shortest time between two mails.
const MAIL_INTERVAL: Duration = Duration::from_secs(60 * 60);
/// How long closed notices are kept.
const RETENTION: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl ControlPlane {
    /// Reviews and reminds until it is cancelled: at once, every few minutes, and when the state of an
    /// account's token changes. A failed delivery blocks nothing and is repeated later.
    pub async fn run_reminders(&self, cancel: CancellationToken) {
        tokio::select! {
            // All three end at once: each step is repeated after a start, so none has to be finished.
            () = cancel.cancelled() => {}
            () = async { tokio::join!(self.keep_reviewing(), self.keep_calling(), self.keep_mailing()); } => {}
        }
    }

    /// One round of [`ControlPlane::run_reminders`]: reviews all accounts, opens and closes notices, and
    /// delivers through each channel that is not paused.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn remind(&self) -> Result<(), ControlError> {
        self.review().await?;
        self.call_webhook().await?;
        self.send_mail().await?;
        Ok(())
    }

    /// The number of notices that were open at the last review.
    pub fn open_notices(&self) -> u64 {
        self.context.reminder_state.open.load(Ordering::Relaxed)
    }

    async fn keep_reviewing(&self) {
        // Outcomes that matter, so that a token an hour does not cause a review each time.
        let mut turns = self.context.broker.handle().notable_outcomes();
        loop {
            // Before the review: a change during it starts another one.
            turns.borrow_and_update();
            let began = self.context.clock.now();
            let reviewed = log_failure(
                self.review().await,
                "accounts could not be reviewed for reminders",
            );
            let took = self.context.clock.now().saturating_duration_since(began);
            tokio::time::sleep(MIN_PAUSE.max(took.saturating_mul(PAUSE_FACTOR).min(MAX_PAUSE)))
                .await;
            let interval = until_next_review(reviewed.is_some(), self.context.fraction());
            tokio::select! {
                // The pattern disables this branch once the broker is gone, instead of spinning on it.
                Ok(()) = turns.changed() => {}
                () = self.context.reminder_state.review.notified() => {}
                () = tokio::time::sleep(interval) => {}
            }
        }
    }

    async fn keep_calling(&self) {
        loop {
            let next = log_failure(self.call_webhook().await, "the webhook could not be called");
            wait_until_due(next.flatten(), &self.context.reminder_state.webhook_due).await;
        }
    }

    async fn keep_mailing(&self) {
        loop {
            let next = log_failure(self.send_mail().await, "reminders could not be mailed");
            wait_until_due(next.flatten(), &self.context.reminder_state.mail_due).await;
        }
    }

    /// Reviews all accounts, and opens and closes notices.
    async fn review(&self) -> Result<(), ControlError> {
        // One gateway of a fleet reviews and delivers, so that nobody gets a reminder from each of them.
        if !self.leads(Duty::Reminders).await {
            return Ok(());
        }
        let (store, settings) = (&self.context.store, self.context.settings());
        let accounts = self.account_snapshot().await?;
        let open = store.notices(true).await?;
        let admin = self.admin_address();
        let context = MessageContext {
            zone: &settings.reminders.zone,
            admin: &admin,
            now: self.context.clock.wall(),
        };
        let plan = decide(&context, settings.remind_days, &accounts.facts(), &open);
        let reminder_state = &self.context.reminder_state;
        // Nothing changed: no write, and no delivery to wake.
        if plan == Plan::default() {
            reminder_state.open.store(count(&open), Ordering::Relaxed);
            return Ok(());
        }
        let now = self.context.now();
        for (account, kinds) in &plan.close {
            store.close_notices(account, kinds, now).await?;
            tracing::info!(%account, "the account no longer needs a person");
        }
        for notice in &plan.open {
            let new = store.put_notice(notice).await?;
            if new.is_some() {
                tracing::warn!(
                    account = %notice.account, kind = ?notice.kind, "{}", notice.message
                );
            }
        }
        let oldest = Timestamp::from(context.now - RETENTION);
        store.purge_notices(oldest).await?;
        reminder_state
            .open
            .store(count(&store.notices(true).await?), Ordering::Relaxed);
        // After everything is in the store, where both channels look.
        reminder_state.webhook_due.notify_one();
        reminder_state.mail_due.notify_one();
        Ok(())
    }

    /// Calls the webhook for each notice that it has not got yet. Returns when to try again, if that is
    /// known.
    async fn call_webhook(&self) -> Result<Option<Duration>, ControlError> {
        // To the end of the round, also if others take their place meanwhile.
        let settings = self.context.settings();
        let Some(to) = &settings.reminders.webhook else {
            return Ok(None);
        };
        if !self.leads(Duty::Reminders).await {
            return Ok(None);
        }
        let channel = &self.context.reminder_state.webhook;
        if let Some(left) = lock(channel).paused_for(self.context.clock.now()) {
            return Ok(Some(left));
        }
        let due = self
            .context
            .store
            .unsent_notices(NoticeChannel::Webhook, LOOK_AHEAD)
            .await?;
        if due.is_empty() {
            return Ok(None);
        }
        let accounts = self.account_snapshot().await?;
        let (mut calls, mut failed_in_a_row) = (0, 0);
        for notice in &due {
            // Its account was removed or switched off after the notice was made.
            let Some(facts) = accounts.active(notice) else {
                continue;
            };
            let now = self.context.clock.now();
            if lock(channel).is_backing_off(notice, now) {
                continue;
            }
            if calls == BATCH || failed_in_a_row == MAX_FAILED_CALLS {
                break;
            }
            calls += 1;
            if !lock(channel).is_delivered(notice) {
                if let Err(error) = self.call_for(to, &facts, notice).await {
                    // Each notice has its own pause: the receiver may fail for this account only.
                    lock(channel).notice_failed(notice, now, self.context.fraction());
                    tracing::warn!(account = %notice.account, "the webhook did not take a notice: {error}");
                    if matches!(error, webhook::WebhookError::Unreachable(_)) {
                        failed_in_a_row += 1;
                    }
                    continue;
                }
                lock(channel).mark_delivered(notice);
            }
            failed_in_a_row = 0;
            // Delivered first, recorded second: after a crash in between the receiver gets the notice
            // twice rather than never.
            self.record_delivery(channel, NoticeChannel::Webhook, notice)
                .await?;
        }
        let whole = self.end_round(channel, failed_in_a_row == MAX_FAILED_CALLS);
        // The rest of a batch is due at once.
        let more = (calls == BATCH).then_some(Duration::ZERO);
        let next = lock(channel).next_notice(&due, self.context.clock.now());
        Ok(whole.or(more).or(next))
    }

    async fn call_for(
        &self,
        to: &Webhook,
        facts: &Facts<'_>,
        notice: &NoticeRecord,
    ) -> Result<(), webhook::WebhookError> {
        let (context, now) = (&self.context, self.context.clock.wall());
        let event = webhook::Event {
            facts,
            notice,
            fix: text::fix_of(facts, notice.kind, context.settings().remind_days, now),
            admin: self.admin_address(),
        };
        webhook::deliver(to, &*context.wiring().http, now.into(), &event).await
    }

    /// Sends one mail with all notices that were not mailed yet. Returns when to try again, if that is
    /// known.
    async fn send_mail(&self) -> Result<Option<Duration>, ControlError> {
        let settings = self.context.settings();
        let Some(to) = &settings.reminders.mail else {
            return Ok(None);
        };
        if !self.leads(Duty::Reminders).await {
            return Ok(None);
        }
        let channel = &self.context.reminder_state.mail;
        let now = self.context.clock.now();
        if let Some(left) = lock(channel).paused_for(now) {
            return Ok(Some(left));
        }
        let due = self
            .context
            .store
            .unsent_notices(NoticeChannel::Mail, BATCH)
            .await?;
        let accounts = self.account_snapshot().await?;
        let due: Vec<_> = due
            .iter()
            .filter(|notice| accounts.active(notice).is_some())
            .collect();
        let Some(first) = due.first() else {
            return Ok(None);
        };
        let age = self.context.now().0.saturating_sub(first.created_at.0);
        let age = Duration::from_millis(u64::try_from(age).unwrap_or_default());
        // A first notice of the future means that the clock was set back: do not wait then.
        if age < MAIL_WINDOW && self.context.now() >= first.created_at {
            return Ok(Some(MAIL_WINDOW - age));
        }
        let fresh: Vec<_> = {
            let channel = lock(channel);
            due.iter()
                .copied()
                .filter(|notice| !channel.is_delivered(notice))
                .collect()
        };
        // Everything was sent, and only the store does not know it yet.
        let sent = if fresh.is_empty() {
            Ok(())
        } else {
            self.mail(to, &fresh).await
        };
        if let Err(error) = &sent {
            tracing::warn!(
                notices = fresh.len(),
                "reminders could not be mailed: {error}"
            );
            return Ok(self.end_round(channel, true));
        }
        // Remembered in memory as well: if the store fails now, the mail is not sent again.
        for notice in &fresh {
            lock(channel).mark_delivered(notice);
        }
        for notice in due {
            self.record_delivery(channel, NoticeChannel::Mail, notice)
                .await?;
        }
        self.end_round(channel, false);
        // Even after a success: a burst of notices becomes one mail an hour.
        lock(channel).pause_for(now, MAIL_INTERVAL);
        Ok(Some(MAIL_INTERVAL))
    }

    async fn mail(&self, to: &Mail, notices: &[&NoticeRecord]) -> Result<(), mail::MailError> {
        mail::deliver(to, notices, self.context.clock.wall()).await
    }

    /// Records in the store that a notice was delivered.
    async fn record_delivery(
        &self,
        channel: &Mutex<ChannelState>,
        kind: NoticeChannel,
        notice: &NoticeRecord,
    ) -> Result<(), ControlError> {
        let now = self.context.now();
        match self.context.store.mark_notice(notice.id, kind, now).await {
            // The account was removed in the meantime, and its notices with it.
            Ok(()) | Err(gateway_store::StoreError::NotFound { .. }) => {
                lock(channel).mark_recorded(notice)
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn end_round(&self, channel: &Mutex<ChannelState>, failed: bool) -> Option<Duration> {
        let mut channel = lock(channel);
        if failed {
            return Some(channel.failed(self.context.clock.now(), self.context.fraction()));
        }
        channel.succeeded();
        None
    }

    /// The address of the admin listener: the origin of the redirect URI.
    fn admin_address(&self) -> String {
        let uri = url::Url::parse(&self.context.redirect_uri());
        uri.map(|uri| uri.origin().ascii_serialization())
            .unwrap_or_default()
    }
}

/// The longest time until the next review, after one that succeeded or failed. `fraction` is random, from 0 to 1.
pub(super) fn until_next_review(succeeded: bool, fraction: f64) -> Duration {
    // After a failure, what caused the review has not been looked at.
    let interval = if succeeded {
        REVIEW_INTERVAL
    } else {
        MAX_PAUSE
    };
    // A tenth up or down, so that several gateways do not review together.
    interval.mul_f64(0.9 + 0.2 * fraction)
}

/// Waits until a notice may be due.
async fn wait_until_due(next: Option<Duration>, due: &tokio::sync::Notify) {
    // A pause in any case, so that a stream of wake-ups cannot spin.
    tokio::time::sleep(MIN_PAUSE).await;
    tokio::select! {
        () = due.notified() => {}
        // Never longer than a review, in case a wake-up was missed.
        () = tokio::time::sleep(next.unwrap_or(REVIEW_INTERVAL).min(REVIEW_INTERVAL)) => {}
    }
}

/// Logs a failure. The next round tries again.
fn log_failure<T>(result: Result<T, ControlError>, what: &str) -> Option<T> {
    result
        .inspect_err(|error| tracing::error!(%error, "{what}"))
        .ok()
}

fn count(open: &[NoticeRecord]) -> u64 {
    u64::try_from(open.len()).unwrap_or(u64::MAX)
}

fn lock(channel: &Mutex<ChannelState>) -> MutexGuard<'_, ChannelState> {
    channel.lock().unwrap_or_else(PoisonError::into_inner)
}
