//! A checked configuration takes over: the store, then the connections, then the data plane.

use super::{NewConfiguration, candidate::Candidate};
use crate::{ControlError, ControlPlane, Declared, blocking::blocking, publication::Touched};
use gateway_model::AccountId;
use std::sync::{Arc, PoisonError};

impl ControlPlane {
    /// Lets a candidate take over. The caller holds the turn for changes.
    pub(super) async fn take_over(
        &self,
        candidate: Candidate,
        new: NewConfiguration,
    ) -> Result<Vec<String>, ControlError> {
        // The store first: what was published before stays known if it fails, and is still served.
        self.note_declared(&new.declared);
        self.store_declared(&candidate, new.declared).await?;
        let records = candidate.touched_records();
        let Candidate {
            wiring,
            replacements,
            before,
            after,
            ..
        } = candidate;
        self.context.reconfigure(new.settings, Arc::clone(&wiring));
        self.redirect_to(new.redirect_uri);
        (new.switch)();
        let mut replaced = Vec::with_capacity(replacements.len());
        for replacement in replacements {
            replaced.push(replacement.plugin().manifest().name.clone());
            self.context.plugins.replace(replacement);
        }
        for (name, was) in &before {
            let after = after.get(name).filter(|after| after.active);
            // A grant of another kind is another life: the old tokens are of no use to it.
            if was.active && after.is_none_or(|after| after.grant != was.grant) {
                self.context.broker.remove_account(name);
                self.context.set_wired(name, None);
            }
        }
        let names: Vec<AccountId> = records.iter().map(|record| record.name.clone()).collect();
        let known: Vec<bool> = names
            .iter()
            .map(|name| self.context.wired(name).is_some())
            .collect();
        let broker = Arc::clone(&self.context.broker);
        let wired = blocking(move || wiring.wire_all(&records, &broker)).await?;
        for (wired, known) in wired.into_iter().zip(known) {
            // The broker's own state is newer than the store's, because a refresh may be in progress.
            let grant = if known {
                None
            } else {
                self.context.store.grant(&wired.spec.account).await?
            };
            self.adopt_grant(wired, grant).await?;
        }
        self.publish(None, Touched::Everything).await?;
        if !replaced.is_empty() {
            self.keep_manifests().await;
        }
        self.wake(&names, new.other_receivers);
        Ok(replaced)
    }

    /// Writes the accounts and apps to the store, as a start does.
    async fn store_declared(
        &self,
        candidate: &Candidate,
        declared: Declared,
    ) -> Result<(), ControlError> {
        let half_way = |error: ControlError| {
            error.remedy(
                "the gateway serves as before, but the store may have a part of the new accounts and apps: \
                 mend the store, and reload again",
            )
        };
        let mut accounts = declared.accounts;
        for account in &mut accounts {
            // As an operator has switched it, unless the configuration has changed that.
            let after = candidate.after.get(&account.name);
            account.active = after.map_or(account.active, |after| after.active);
        }
        self.declare_accounts(accounts).await.map_err(half_way)?;
        self.declare_apps(declared.apps).await.map_err(half_way)?;
        Ok(())
    }

    /// What waits for something that may have come with the configuration need not wait any longer.
    fn wake(&self, accounts: &[AccountId], other_receivers: bool) {
        let broker = self.context.broker.handle();
        for account in accounts {
            broker.retry_after_repair(account);
            // Now, so that an operator learns of a wrong secret at once.
            broker.warm(account);
        }
        let reminders = &self.context.reminder_state;
        if other_receivers {
            for channel in [&reminders.webhook, &reminders.mail] {
                channel
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .restart();
            }
            reminders.webhook_due.notify_one();
            reminders.mail_due.notify_one();
        }
        reminders.review.notify_one();
    }
}
