//! An account as the admin API shows it.

use crate::{
    api_time::in_words,
    restored::{cause_of_doubt, older_state},
};
use gateway_api::{AccountState, AccountView};
use gateway_broker::AccountStatus;
use gateway_model::{GrantKind, GrantStatus, ManagedBy, UnavailableReason};
use gateway_store::{AccountRecord, GrantRecord, RestoredFrom, Timestamp};

/// What the store knows about a person's sign-in.
#[derive(Clone, Copy, Default)]
pub(crate) struct SignIn {
    ends: Option<Timestamp>,
    restored: Option<RestoredFrom>,
}

impl SignIn {
    pub(crate) const fn of(grant: &GrantRecord) -> Self {
        Self {
            ends: grant.expires_at,
            restored: grant.restored,
        }
    }

    /// Why it is not known whether the carrier still accepts the sign-in, and what to do.
    fn doubt(self, account: &AccountRecord, status: &AccountStatus) -> Option<String> {
        let in_doubt = account.grant == GrantKind::AuthorizationCode
            && status.grant == GrantStatus::OutcomeUnknown;
        in_doubt.then(|| {
            format!(
                "{}: it is not known whether the carrier still accepts the sign-in; sign in again with \
                 `waybill account authorize {}`",
                cause_of_doubt(self.restored, in_words),
                account.name
            )
        })
    }
}

pub(crate) fn view(
    account: AccountRecord,
    sign_in: SignIn,
    status: Option<&AccountStatus>,
) -> AccountView {
    let (state, mut message) = state(&account, status);
    if let (AccountState::NeedsConsent, Some(message), Some(from)) =
        (state, &mut message, sign_in.restored)
    {
        message.push_str(&format!(" ({})", older_state(from, in_words)));
    }
    AccountView {
        state,
        message,
        sign_in_in_doubt: status.and_then(|status| sign_in.doubt(&account, status)),
        token_expires_at: status
            .and_then(|status| status.expires_at)
            .map(crate::api_time::from_system),
        grant_expires_at: status
            .and_then(|status| status.grant_ends_at)
            .or_else(|| sign_in.ends.map(Timestamp::to_system_time))
            .map(crate::api_time::from_system),
        created_at: crate::api_time::from_store(account.created_at),
        notices: Vec::new(),
        rates: None,
        client_secrets: account.client_secrets.len(),
        settings: account.settings,
        secret_settings: account.secret_settings.into_keys().collect(),
        name: account.name,
        aliases: account.aliases,
        carrier: account.carrier,
        environment: account.environment,
        numbers: account.numbers,
        grant: account.grant,
        client_id: account.client_id,
        active: account.active,
        default: account.default,
        managed_by: account.managed_by,
    }
}

/// The state of an account, and a message for people.
pub(crate) fn state(
    account: &AccountRecord,
    status: Option<&AccountStatus>,
) -> (AccountState, Option<String>) {
    // Switched off counts before whatever the broker may still say.
    let Some(status) = status.filter(|_| account.active) else {
        return (AccountState::Inactive, None);
    };
    let Some(absent) = &status.unavailable else {
        return (AccountState::Ready, None);
    };
    let message = with_command(&absent.message, absent.reason, account);
    (state_without(absent.reason), Some(message))
}

/// What the broker says about an account without a token, and the command that mends it.
fn with_command(message: &str, reason: UnavailableReason, account: &AccountRecord) -> String {
    let name = &account.name;
    let command = match reason {
        UnavailableReason::NeedsConsent => format!("`waybill account authorize {name}`"),
        // The file is corrected first, and what then has to be typed is the same for all accounts.
        UnavailableReason::CredentialsRejected if account.managed_by == ManagedBy::Config => {
            "correct them in the configuration, then `waybill reload`".to_owned()
        }
        UnavailableReason::CredentialsRejected => {
            format!("`waybill account rotate-secret {name}` stores another secret")
        }
        UnavailableReason::Misconfigured => format!("`waybill doctor {name}` says more"),
        // The gateway tries again by itself.
        UnavailableReason::Pending
        | UnavailableReason::CarrierUnreachable
        | UnavailableReason::TokenEndpointFailing
        | UnavailableReason::RateLimited
        | UnavailableReason::PluginFault => return message.to_owned(),
    };
    format!("{message}: {command}")
}

/// The state of an active account that gets no token.
pub(crate) const fn state_without(reason: UnavailableReason) -> AccountState {
    match reason {
        UnavailableReason::Pending => AccountState::Pending,
        UnavailableReason::NeedsConsent => AccountState::NeedsConsent,
        UnavailableReason::CarrierUnreachable
        | UnavailableReason::TokenEndpointFailing
        | UnavailableReason::RateLimited
        | UnavailableReason::PluginFault => AccountState::Failing,
        UnavailableReason::CredentialsRejected | UnavailableReason::Misconfigured => {
            AccountState::Refused
        }
    }
}
