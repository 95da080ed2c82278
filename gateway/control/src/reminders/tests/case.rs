//! An account in whatever shape a test wants, and what is planned for it.

use crate::reminders::{
    assessment::Facts,
    decide::{Plan, decide},
    text::MessageContext,
};
use gateway_broker::{AccountStatus, LastResult, RequestOutcome};
use gateway_model::{
    Environment, FailureClass, Generation, GrantKind, GrantStatus, GrantVersion, ManagedBy,
    NoticeKind, SecretBytes, TokenFacts, Unavailable, UnavailableReason,
};
use gateway_store::{AccountRecord, GrantRecord, NoticeRecord, RestoredFrom, Timestamp};
use jiff::tz::TimeZone;
use std::time::{Duration, SystemTime};

pub(super) const HOUR: u64 = 3600;
pub(super) const DAY: u64 = 24 * HOUR;
/// Wednesday, 1 April 2026, 10:00 UTC.
pub(super) const NOW: u64 = 1_775_037_600;

pub(super) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// An account with everything that is known of it.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) account: AccountRecord,
    pub(super) grant: Option<GrantRecord>,
    pub(super) status: Option<AccountStatus>,
}

impl Case {
    /// Signed in for `left` more seconds of sixty days, and healthy.
    pub(super) fn consent(left: u64) -> Self {
        let ends = NOW + left;
        let begun = ends - 60 * DAY;
        let mut case = Self::client();
        case.account.grant = GrantKind::AuthorizationCode;
        case.grant = Some(GrantRecord {
            account: case.account.name.clone(),
            version: GrantVersion(1),
            status: GrantStatus::Held,
            state: SecretBytes::default(),
            token: None,
            facts: TokenFacts::default(),
            consented_at: Some(at(begun).into()),
            expires_at: Some(at(ends).into()),
            intent: None,
            restored: None,
            written_by: None,
        });
        let status = case.status();
        status.grant = GrantStatus::Held;
        status.grant_ends_at = Some(at(ends));
        status.facts.refresh_issued_at_ms = Some(begun * 1000);
        case
    }

    /// Client credentials, and healthy.
    pub(super) fn client() -> Self {
        let name: gateway_model::AccountId = "main".parse().unwrap();
        let account = AccountRecord {
            name: name.clone(),
            aliases: Vec::new(),
            carrier: "ups".parse().unwrap(),
            environment: Environment::Production,
            numbers: Vec::new(),
            grant: GrantKind::ClientCredentials,
            client_id: "id".to_owned(),
            client_secrets: Vec::new(),
            settings: std::collections::BTreeMap::new(),
            secret_settings: std::collections::BTreeMap::new(),
            active: true,
            default: false,
            managed_by: ManagedBy::Operator,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            revision: 1,
        };
        let status = AccountStatus {
            account: name,
            carrier: account.carrier.clone(),
            environment: account.environment,
            client_id: "id".to_owned(),
            state: "fresh",
            usable: true,
            unavailable: None,
            generation: Generation::default(),
            fingerprint: None,
            issued_at: Some(at(NOW - HOUR)),
            expires_at: Some(at(NOW + HOUR)),
            grant: GrantStatus::Repeatable,
            grant_ends_at: None,
            facts: TokenFacts::default(),
            slots: Vec::new(),
            next_attempt_at: None,
            cooling_down_until: None,
            last_result: None,
            failures: 0,
            minted: 1,
            joined: 0,
            served: 0,
            waiting: 0,
        };
        Self {
            account,
            grant: None,
            status: Some(status),
        }
    }

    pub(super) fn status(&mut self) -> &mut AccountStatus {
        self.status.as_mut().expect("it is kept")
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The last renewal failed, and the old token still serves.
    pub(super) fn failing(self, class: FailureClass) -> Self {
        self.with(|case| {
            case.status().failures = 1;
            case.status().last_result = Some(LastResult {
                at: at(NOW - 60),
                reason: "due",
                outcome: RequestOutcome::Failed {
                    class,
                    code: "250002".to_owned(),
                    message: "no\r\nthanks".to_owned(),
                },
            });
        })
    }

    /// Requests get no token.
    pub(super) fn without_token(self, reason: UnavailableReason) -> Self {
        self.with(|case| {
            let status = case.status();
            (status.usable, status.expires_at, status.issued_at) = (false, None, None);
            status.unavailable = Some(Unavailable {
                reason,
                message: "there is none".to_owned(),
                retry_at: None,
            });
        })
    }

    pub(super) fn granted(self, status: GrantStatus) -> Self {
        self.with(|case| case.status().grant = status)
    }

    /// The store was restored from a backup that was made two days ago.
    pub(super) fn restored(self) -> Self {
        self.with(|case| {
            let grant = case.grant.as_mut().expect("somebody signed in");
            grant.restored = Some(RestoredFrom::Backup(at(NOW - 2 * DAY).into()));
        })
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            account: &self.account,
            grant: self.grant.as_ref(),
            status: self.status.as_ref(),
        }
    }

    pub(super) fn plan(&self, open: &[NoticeRecord]) -> Plan {
        self.plan_at(NOW, open)
    }

    pub(super) fn plan_at(&self, now: u64, open: &[NoticeRecord]) -> Plan {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let context = MessageContext {
            zone: &zone,
            admin: "https://waybill.example.com",
            now: at(now),
        };
        decide(&context, 7, &[self.facts()], open)
    }

    pub(super) fn kind(&self) -> Option<NoticeKind> {
        let plan = self.plan(&[]);
        assert!(plan.close.is_empty() && plan.open.len() <= 1, "{plan:?}");
        plan.open.first().map(|notice| notice.kind)
    }

    pub(super) fn message(&self) -> String {
        self.plan(&[]).open.remove(0).message
    }
}
