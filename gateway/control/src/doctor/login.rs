//! A person's login at the carrier: whether it is valid, and until when.

use super::finding::Findings;
use crate::{
    ControlPlane,
    api_time::in_words,
    restored::{cause_of_doubt, older_state},
};
use gateway_model::{GrantKind, GrantStatus};
use gateway_store::{AccountRecord, GrantRecord, Timestamp};
use std::time::{Duration, SystemTime};

const NAME: &str = "login";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl ControlPlane {
    pub(super) async fn login_check(&self, account: &AccountRecord, findings: &mut Findings) {
        // Client credentials have no login that could end.
        if account.grant == GrantKind::ClientCredentials {
            return;
        }
        let grant = match self.context.store.grant(&account.name).await {
            Ok(grant) => grant,
            Err(error) => {
                findings.error(NAME, &error.into());
                return;
            }
        };
        let authorize = format!("`waybill account authorize {}`", account.name);
        let Some(grant) = grant else {
            findings.failure(NAME, "nobody has signed in for it yet", authorize);
            return;
        };
        // The broker's word first: it knows of a presentation that the store has not recorded yet.
        let status = self.context.broker.handle().status(&account.name);
        match status.map_or(grant.status, |status| status.grant) {
            GrantStatus::Spent | GrantStatus::LastChance => {
                let after = grant
                    .restored
                    .map(|from| format!(" ({})", older_state(from, in_words)));
                let message = format!(
                    "its login was used up, refused or revoked{}: it gives no more tokens",
                    after.unwrap_or_default()
                );
                findings.failure(NAME, message, authorize);
            }
            GrantStatus::OutcomeUnknown => findings.warning(
                NAME,
                format!(
                    "it is in doubt: {}. The present token can be used until it expires; then there \
                     is one more attempt",
                    cause_of_doubt(grant.restored, in_words)
                ),
                format!("sign in at a time of your choice: {authorize}"),
            ),
            GrantStatus::Repeatable | GrantStatus::Held | GrantStatus::Presenting => {
                self.login_life(&grant, authorize, findings);
            }
        }
    }

    /// Reports when the login ends. The carrier tells it in advance, so a warning can come in time.
    fn login_life(&self, grant: &GrantRecord, authorize: String, findings: &mut Findings) {
        let since = grant.consented_at.map_or_else(
            || "a person has signed in".to_owned(),
            |at| format!("signed in on {}", in_words(at.to_system_time())),
        );
        let Some(ends) = grant.expires_at.map(Timestamp::to_system_time) else {
            findings.ok(NAME, since);
            return;
        };
        let left = ends
            .duration_since(self.context.clock.wall())
            .unwrap_or_default();
        let day = in_words(ends);
        if left.is_zero() {
            findings.failure(NAME, format!("its login ended on {day}"), authorize);
        } else if left <= DAY * u32::from(self.context.settings().remind_days) {
            let message = format!("{since}; its login ends on {day} and has not been renewed");
            findings.warning(NAME, message, authorize);
        } else {
            findings.ok(
                NAME,
                format!("{since}; lasts until {day} and is renewed automatically"),
            );
        }
    }
}

/// An end date for people; `None` means that there is no end.
pub(super) fn until(end: Option<SystemTime>) -> String {
    end.map_or_else(
        || "without an end".to_owned(),
        |end| format!("until {}", in_words(end)),
    )
}
