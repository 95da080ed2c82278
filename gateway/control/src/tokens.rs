//! Tokens: what is known about them, and renewal on demand.

use crate::{Actor, ControlError, ControlPlane, Fault, api_time};
use gateway_api::{RefreshView, RenewalView, SlotView, TokenView};
use gateway_broker::{AccountStatus, SlotStatus};
use gateway_model::{AccountId, GrantKind, GrantStatus, Unavailable, UnavailableReason};
use gateway_store::{AccountRecord, GrantRecord, RenewalEntry};
use serde_json::json;

/// The number of attempts that are shown.
const RENEWALS: u32 = 10;

impl ControlPlane {
    /// What is known about an account's token. The token itself is never returned.
    ///
    /// # Errors
    /// When there is no such account, or the store cannot be read.
    pub async fn token(&self, account: &AccountId) -> Result<TokenView, ControlError> {
        let record = self.known_account(account).await?;
        let store = &self.context.store;
        let grant = store.grant(&record.name).await?;
        let renewals = store.renewals(&record.name, RENEWALS).await?;
        let status = self.context.broker.handle().status(&record.name);
        let mut view = view(&record, grant.as_ref(), status.as_ref());
        view.renewals = renewals.into_iter().map(renewal).collect();
        Ok(view)
    }

    /// Requests a new token now and waits for it.
    ///
    /// # Errors
    /// When none was issued.
    pub async fn renew_token(
        &self,
        actor: &Actor,
        account: &AccountId,
    ) -> Result<TokenView, ControlError> {
        let record = self.known_account(account).await?;
        let subject = format!("account:{}", record.name);
        let work = async {
            let deadline = self.context.clock.now() + self.context.settings().request_timeout;
            let broker = self.context.broker.handle();
            let renewed = broker.renew(&record.name, deadline).await;
            renewed.map_err(|absent| self.with_remedy(absent, &record))?;
            self.token(&record.name).await
        };
        self.audited(actor, "token.renew", &subject, json!({}), work)
            .await
    }

    /// Adds the command that helps, if a person has to act.
    fn with_remedy(&self, absent: Unavailable, record: &AccountRecord) -> ControlError {
        let account = &record.name;
        let status = self.context.broker.handle().status(account);
        // The present token may still be usable although its renewal was refused.
        let spent = status.is_some_and(|status| status.grant == GrantStatus::Spent);
        let reason = absent.reason;
        let error = unavailable(absent);
        if spent || reason == UnavailableReason::NeedsConsent {
            error.remedy(format!("`waybill account authorize {account}`"))
        } else if reason == UnavailableReason::CredentialsRejected {
            error.remedy(format!("`waybill account rotate-secret {account}`"))
        } else {
            error
        }
    }
}

/// Why there is no token, as the control plane's error.
pub(crate) fn unavailable(absent: Unavailable) -> ControlError {
    use gateway_model::UnavailableReason as Reason;
    let (fault, code) = match absent.reason {
        Reason::Pending | Reason::TokenEndpointFailing => (Fault::Carrier, "token_unavailable"),
        Reason::CarrierUnreachable => (Fault::Carrier, "carrier_unreachable"),
        Reason::RateLimited => (Fault::Carrier, "rate_limited"),
        Reason::CredentialsRejected => (Fault::Refused, "credentials_rejected"),
        Reason::NeedsConsent => (Fault::Refused, "needs_consent"),
        Reason::Misconfigured => (Fault::Invalid, "misconfigured"),
        Reason::PluginFault => (Fault::Unavailable, "plugin_fault"),
    };
    ControlError::new(fault, code, absent.message)
}

fn view(
    record: &AccountRecord,
    grant: Option<&GrantRecord>,
    status: Option<&AccountStatus>,
) -> TokenView {
    let stored = grant.and_then(|grant| grant.token.as_ref());
    let facts = grant.map(|grant| grant.facts.clone()).unwrap_or_default();
    let message = status.and_then(|status| status.unavailable.as_ref());
    TokenView {
        account: record.name.clone(),
        grant: record.grant,
        state: status.map_or("inactive", |status| status.state).to_owned(),
        usable: status.is_some_and(|status| status.usable),
        message: message.map(|absent| absent.message.clone()),
        fingerprint: status
            .and_then(|status| status.fingerprint)
            .map(|fingerprint| fingerprint.to_string()),
        // The store's time comes first: for a token from before this start the broker only knows the
        // time at which it took the token over.
        issued_at: stored
            .map(|token| api_time::from_store(token.issued_at))
            .or_else(|| status?.issued_at.map(api_time::from_system)),
        expires_at: status
            .and_then(|status| status.expires_at)
            .map(api_time::from_system)
            .or_else(|| stored?.expires_at.map(api_time::from_store)),
        next_renewal_at: status
            .and_then(|status| status.next_attempt_at)
            .map(api_time::from_system),
        slots: status.map(slots).unwrap_or_default(),
        refresh: refresh(record, grant, status),
        token_type: facts.token_type,
        status: facts.status,
        scope: facts.scope,
        renewals: Vec::new(),
    }
}

fn slots(status: &AccountStatus) -> Vec<SlotView> {
    let view = |slot: &SlotStatus| SlotView {
        name: slot.name.clone(),
        usable_until: slot
            .usable_until
            .as_ref()
            .ok()
            .copied()
            .map(api_time::from_system),
        message: slot.usable_until.as_ref().err().cloned(),
    };
    status.slots.iter().map(view).collect()
}

fn refresh(
    record: &AccountRecord,
    grant: Option<&GrantRecord>,
    status: Option<&AccountStatus>,
) -> Option<RefreshView> {
    let grant = grant.filter(|_| record.grant == GrantKind::AuthorizationCode)?;
    let facts = &grant.facts;
    Some(RefreshView {
        grant_status: status.map_or(grant.status, |status| status.grant),
        status: facts.refresh_status.clone(),
        issued_at: facts.refresh_issued_at_ms.and_then(api_time::from_millis),
        expires_at: facts
            .refresh_expires_at_ms
            .and_then(api_time::from_millis)
            .or_else(|| grant.expires_at.map(api_time::from_store)),
        count: facts.refresh_count,
        consented_at: grant.consented_at.map(api_time::from_store),
    })
}

fn renewal(entry: RenewalEntry) -> RenewalView {
    RenewalView {
        at: api_time::from_store(entry.at),
        reason: entry.reason,
        outcome: entry.outcome,
        code: entry.code,
        message: entry.message,
    }
}
