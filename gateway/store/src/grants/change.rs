//! What each call makes of a grant: pure, so that every transition can be read in one place.

use crate::{Completion, GrantRecord, Intent, Presentation, Resolution, StoreError, Timestamp};
use gateway_model::{AccountId, GrantStatus, GrantVersion, IntentId, SecretBytes};

type Result<T> = std::result::Result<T, StoreError>;

/// `Held => Presenting`, `OutcomeUnknown => LastChance`. `None` if this very intent is recorded.
pub(super) fn present(
    grant: &GrantRecord,
    version: GrantVersion,
    which: Presentation,
    intent: &Intent,
) -> Result<Option<GrantRecord>> {
    let (from, to) = match which {
        Presentation::Ordinary => (GrantStatus::Held, GrantStatus::Presenting),
        Presentation::LastChance => (GrantStatus::OutcomeUnknown, GrantStatus::LastChance),
    };
    // The version before everything else: a late writer must not learn more than that it is late.
    if grant.version != version {
        return Err(StoreError::Fenced);
    }
    // The same call again, whose first answer was lost.
    if grant.status == to && is_open(grant, &intent.id) {
        return Ok(None);
    }
    // The identifier of an older presentation would let that one's writers in.
    if grant.status != from || is_open(grant, &intent.id) {
        return Err(StoreError::Fenced);
    }
    let mut next = grant.clone();
    next.status = to;
    next.intent = Some(intent.clone());
    Ok(Some(next))
}

/// The raw answer joins its intent.
pub(super) fn answer(
    grant: &GrantRecord,
    intent_id: &IntentId,
    answer: &SecretBytes,
) -> Result<GrantRecord> {
    let mut next = grant.clone();
    match &mut next.intent {
        Some(intent) if intent.id == *intent_id => intent.answer = Some(answer.clone()),
        Some(_) | None => return Err(StoreError::Fenced),
    }
    Ok(next)
}

/// The intent and its answer join a grant that is in doubt because a failover lost the intent.
pub(super) fn end_doubt(
    grant: &GrantRecord,
    version: GrantVersion,
    intent: &Intent,
) -> Result<GrantRecord> {
    let lost = grant.status == GrantStatus::OutcomeUnknown
        && grant.restored.is_some()
        && grant.intent.is_none()
        && grant.version == version;
    if !lost {
        return Err(StoreError::Fenced);
    }
    let mut next = grant.clone();
    next.intent = Some(intent.clone());
    Ok(next)
}

/// `=> completion.status`, one version further.
pub(super) fn complete(
    grant: Option<&GrantRecord>,
    account: &AccountId,
    version: GrantVersion,
    intent_id: Option<&IntentId>,
    completion: &Completion,
) -> Result<GrantRecord> {
    let holds = match (grant, intent_id) {
        (Some(grant), Some(id)) => grant.version == version && is_open(grant, id),
        // A single-use grant under presentation must not be overwritten by a repeatable one.
        (Some(grant), None) => grant.version == version && !is_presented(grant.status),
        // A presentation needs a grant to present.
        (None, Some(_)) => false,
        (None, None) => version == GrantVersion::NONE,
    };
    if !holds {
        return Err(StoreError::Fenced);
    }
    // A refresh is no login: the day of the sign-in stays.
    let consented_at = grant.and_then(|grant| grant.consented_at);
    Ok(made_of(account, version.next(), completion, consented_at))
}

/// `Presenting => Held | OutcomeUnknown | Spent`, `LastChance => OutcomeUnknown | Spent`.
pub(super) fn resolve(
    grant: &GrantRecord,
    version: GrantVersion,
    intent_id: &IntentId,
    resolution: Resolution,
) -> Result<GrantRecord> {
    if grant.version != version || !is_open(grant, intent_id) {
        return Err(StoreError::Fenced);
    }
    let mut next = grant.clone();
    next.status = match (grant.status, resolution) {
        (GrantStatus::Presenting, Resolution::Unharmed) => GrantStatus::Held,
        (GrantStatus::Presenting, Resolution::Unknown)
        // The last chance was not used up, but its doubt stays.
        | (GrantStatus::LastChance, Resolution::Unharmed) => GrantStatus::OutcomeUnknown,
        (GrantStatus::LastChance, Resolution::Unknown)
        | (GrantStatus::Presenting | GrantStatus::LastChance, Resolution::Refused) => {
            GrantStatus::Spent
        }
        (
            GrantStatus::Repeatable
            | GrantStatus::Held
            | GrantStatus::OutcomeUnknown
            | GrantStatus::Spent,
            _,
        ) => return Err(StoreError::Fenced),
    };
    // An unknown outcome keeps its intent, so that a recorded answer can still complete it.
    if resolution != Resolution::Unknown {
        next.intent = None;
    }
    Ok(next)
}

/// A new login.
pub(super) fn replace(
    account: &AccountId,
    version: GrantVersion,
    completion: &Completion,
    consented_at: Timestamp,
) -> GrantRecord {
    made_of(account, version, completion, Some(consented_at))
}

fn made_of(
    account: &AccountId,
    version: GrantVersion,
    completion: &Completion,
    consented_at: Option<Timestamp>,
) -> GrantRecord {
    GrantRecord {
        account: account.clone(),
        version,
        status: completion.status,
        state: completion.state.clone(),
        token: Some(completion.token.clone()),
        facts: completion.facts.clone(),
        consented_at,
        expires_at: completion.expires_at,
        intent: None,
        restored: None,
        written_by: None,
    }
}

fn is_presented(status: GrantStatus) -> bool {
    matches!(status, GrantStatus::Presenting | GrantStatus::LastChance)
}

fn is_open(grant: &GrantRecord, intent_id: &IntentId) -> bool {
    grant
        .intent
        .as_ref()
        .is_some_and(|intent| intent.id == *intent_id)
}
