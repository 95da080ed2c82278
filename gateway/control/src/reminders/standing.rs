//! Whether a person is needed for one account.

use gateway_broker::{AccountStatus, RequestOutcome};
use gateway_model::{FailureClass, GrantKind, GrantStatus, NoticeKind, UnavailableReason};
use gateway_store::{AccountRecord, GrantRecord};
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long after half of its life a grant may be as old as that, before it counts as one that the
/// gateway does not keep alive by itself.
const SLACK: Duration = Duration::from_secs(60 * 60);

/// What is known of one account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) account: &'a AccountRecord,
    /// As the store has it; `None`: nobody ever signed in.
    pub(crate) grant: Option<&'a GrantRecord>,
    /// As the broker has it; `None`: it does not keep the account.
    pub(crate) status: Option<&'a AccountStatus>,
}

/// How an account stands with people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nobody has to do anything, or wants to hear of it.
    Fine,
    /// It is being tried, or fails in a way that passes: what was said before still holds.
    Unsettled,
    /// A person is needed.
    Needs(Need),
}

/// What a person is needed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The grant ends soon, and renewing it does not help or does not work.
    Ending { at: SystemTime, why: Option<String> },
    /// The grant has ended.
    Ended { at: SystemTime },
    /// The carrier does not take the grant any more.
    GrantRefused { why: Option<String> },
    /// The carrier does not take client id and secret any more.
    ClientRefused { why: Option<String> },
    /// Nobody knows whether the carrier still takes the grant.
    InDoubt,
    /// It cannot work as it is set up.
    Misconfigured { why: Option<String> },
}

impl Need {
    pub(crate) const fn kind(&self) -> NoticeKind {
        match self {
            Self::Ending { .. } => NoticeKind::Ending,
            Self::Ended { .. } => NoticeKind::Ended,
            Self::GrantRefused { .. } | Self::ClientRefused { .. } => NoticeKind::Refused,
            Self::InDoubt => NoticeKind::InDoubt,
            Self::Misconfigured { .. } => NoticeKind::Misconfigured,
        }
    }
}

/// How an account stands; the worst first.
pub(crate) fn standing(facts: &Facts<'_>, days: u16, now: SystemTime) -> Standing {
    if !facts.account.active {
        return Standing::Fine;
    }
    let Some(status) = facts.status else {
        return Standing::Unsettled;
    };
    let needs = match facts.account.grant {
        GrantKind::ClientCredentials => by_failure(status),
        // There is nothing yet that could end: whoever adds an account is about to sign in.
        GrantKind::AuthorizationCode if facts.grant.is_none() => by_setup(status),
        GrantKind::AuthorizationCode => {
            by_grant(facts, status, now)
                .or_else(|| by_failure(status))
                .or_else(|| {
                    // A renewal under way may be the one that puts the end off.
                    ending(facts, status, days, now).filter(|_| !under_way(status))
                })
        }
    };
    if let Some(need) = needs {
        return Standing::Needs(need);
    }
    if under_way(status) || (!status.usable && facts.grant.is_some()) || pending(status) {
        return Standing::Unsettled;
    }
    Standing::Fine
}

fn by_grant(facts: &Facts<'_>, status: &AccountStatus, now: SystemTime) -> Option<Need> {
    if let Some(at) = ends_at(facts).filter(|at| *at <= now) {
        return Some(Need::Ended { at });
    }
    match status.grant {
        GrantStatus::Spent => Some(Need::GrantRefused { why: why(status) }),
        GrantStatus::OutcomeUnknown => Some(Need::InDoubt),
        GrantStatus::Repeatable
        | GrantStatus::Held
        | GrantStatus::Presenting
        | GrantStatus::LastChance => None,
    }
}

/// What only a person can put right, by the last failure.
fn by_failure(status: &AccountStatus) -> Option<Need> {
    let why = || why(status);
    match class(status)? {
        FailureClass::Rejected => Some(Need::ClientRefused { why: why() }),
        FailureClass::Interaction => Some(Need::GrantRefused { why: why() }),
        FailureClass::Config => Some(Need::Misconfigured { why: why() }),
        FailureClass::Transient | FailureClass::Protocol | FailureClass::Bug => None,
    }
}

fn by_setup(status: &AccountStatus) -> Option<Need> {
    let need = by_failure(status)?;
    (need.kind() == NoticeKind::Misconfigured).then_some(need)
}

/// The end is near, and the grant is older than the gateway lets one become.
///
/// A renewal at a carrier that gives a fresh grant with each (UPS) puts the end off by the grant's
/// whole life, and the broker makes one at half of it even without traffic. So a grant that is
/// older than that is one whose renewals fail, or do not put the end off.
fn ending(facts: &Facts<'_>, status: &AccountStatus, days: u16, now: SystemTime) -> Option<Need> {
    let at = ends_at(facts)?;
    let left = at.duration_since(now).unwrap_or_default();
    if left > DAY * u32::from(days) {
        return None;
    }
    let kept_alive = begun(facts).is_some_and(|begun| {
        let life = at.duration_since(begun).unwrap_or_default();
        now < begun + life / 2 + SLACK
    });
    let why = why(status);
    (!kept_alive).then_some(Need::Ending { at, why })
}

/// When the grant ends, if it does.
pub(crate) fn ends_at(facts: &Facts<'_>) -> Option<SystemTime> {
    if facts.account.grant == GrantKind::ClientCredentials {
        return None;
    }
    let known = facts.status.and_then(|status| status.grant_ends_at);
    let stored = || Some(facts.grant?.expires_at?.to_system_time());
    known.or_else(stored)
}

/// When the present grant was given; `None` if nobody knows.
fn begun(facts: &Facts<'_>) -> Option<SystemTime> {
    let grant = facts.grant?;
    let newest = facts
        .status
        .and_then(|status| status.facts.refresh_issued_at_ms);
    let issued = newest.or(grant.facts.refresh_issued_at_ms);
    let issued = issued.map(|ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms));
    issued.or_else(|| Some(grant.consented_at?.to_system_time()))
}

/// The class of what keeps the account from a token, or its token from being renewed.
fn class(status: &AccountStatus) -> Option<FailureClass> {
    if let Some(absent) = &status.unavailable {
        return match absent.reason {
            UnavailableReason::CredentialsRejected => Some(FailureClass::Rejected),
            UnavailableReason::NeedsConsent => Some(FailureClass::Interaction),
            UnavailableReason::Misconfigured => Some(FailureClass::Config),
            UnavailableReason::PluginFault => Some(FailureClass::Bug),
            UnavailableReason::Pending
            | UnavailableReason::CarrierUnreachable
            | UnavailableReason::TokenEndpointFailing
            | UnavailableReason::RateLimited => None,
        };
    }
    failed(status).map(|(class, _)| class)
}

/// The last failure, if it is about what the account has now.
fn failed(status: &AccountStatus) -> Option<(FailureClass, String)> {
    let last = status
        .last_result
        .as_ref()
        .filter(|_| status.failures > 0)?;
    // Of the credentials before these.
    if status.issued_at.is_some_and(|issued| last.at < issued) {
        return None;
    }
    match &last.outcome {
        RequestOutcome::Issued => None,
        RequestOutcome::Failed {
            class,
            code,
            message,
        } if message.contains(code.as_str()) => Some((*class, message.clone())),
        RequestOutcome::Failed {
            class,
            code,
            message,
        } => Some((*class, format!("{message} ({code})"))),
    }
}

/// For people: what went wrong last.
fn why(status: &AccountStatus) -> Option<String> {
    failed(status).map(|(_, text)| text)
}

fn under_way(status: &AccountStatus) -> bool {
    matches!(status.state, "acquiring" | "renewing")
        || matches!(
            status.grant,
            GrantStatus::Presenting | GrantStatus::LastChance
        )
}

fn pending(status: &AccountStatus) -> bool {
    !status.usable && status.grant == GrantStatus::Repeatable
}
