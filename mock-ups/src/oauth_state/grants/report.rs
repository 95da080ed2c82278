//! What the mock tells about grants: which refresh tokens there were, how often each was presented,
//! and what came of it. The tokens themselves stay out of it.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Grant, Grants, RefreshToken};
use crate::api::Environment;

/// A consent and all its refresh tokens.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GrantReport {
    /// Counts grants from 1.
    pub grant: u64,
    /// The oauth client that it was given to.
    pub client_id: String,
    /// The user who consented.
    pub user: String,
    /// The environment it holds in.
    pub environment: Environment,
    /// When the user consented, in milliseconds since 1970 by the mock's clock.
    pub consented_at_ms: i64,
    /// How often it was refreshed.
    pub refresh_count: u32,
    /// Whether its newest refresh token would be accepted now.
    pub alive: bool,
    /// Refresh tokens that were presented more than once, whatever the answer. A client that keeps
    /// its tokens well has none.
    pub presented_twice: usize,
    /// The refresh tokens, oldest first.
    pub refresh_tokens: Vec<RefreshTokenReport>,
}

/// One refresh token.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct RefreshTokenReport {
    /// Counts refresh tokens from 1, in the order in which they were issued.
    pub refresh_token: u64,
    /// The first 16 hexadecimal digits of the token's SHA-256: tells whether a token that a client
    /// holds is this one.
    pub fingerprint: String,
    /// In milliseconds since 1970 by the mock's clock.
    pub issued_at_ms: i64,
    /// In milliseconds since 1970 by the mock's clock.
    pub expires_at_ms: i64,
    /// What would come of it now.
    pub state: TokenState,
    /// How often it was presented.
    pub presented: u32,
    /// The first presentations, at most 32.
    pub presentations: Vec<Presented>,
}

/// What would come of a refresh token now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenState {
    /// It would be accepted.
    Alive,
    /// It was used.
    Used,
    /// It was not used in time.
    Expired,
    /// Its grant was revoked or died with the user's old password.
    Revoked,
}

/// A refresh token came in.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Presented {
    /// In milliseconds since 1970 by the mock's clock.
    pub at_ms: i64,
    /// `accepted`, or why not.
    pub outcome: &'static str,
}

impl Grants {
    /// Tells about the grants that `matches` picks, oldest first.
    pub(crate) fn report(
        &self,
        now_ms: i64,
        password_version: impl Fn(&str) -> Option<u64>,
        matches: impl Fn(&Grant) -> bool,
    ) -> Vec<GrantReport> {
        let inner = self.lock();
        let picked = inner.grants.values().filter(|grant| matches(grant));
        let mut reports: BTreeMap<u64, GrantReport> =
            picked.map(|grant| (grant.id, begin(grant))).collect();
        // One pass over all tokens instead of one for each grant.
        for (text, token) in inner.refresh_tokens.entries() {
            let grant = inner.grants.get(&token.grant);
            if let (Some(grant), Some(report)) = (grant, reports.get_mut(&token.grant)) {
                let holds =
                    !grant.revoked && password_version(&grant.user) == Some(grant.password_version);
                report.refresh_tokens.push(one(text, token, holds, now_ms));
            }
        }
        // Sorting and counting need no lock, and a token request may be waiting.
        drop(inner);
        reports.values_mut().for_each(finish);
        reports.into_values().collect()
    }
}

fn begin(grant: &Grant) -> GrantReport {
    GrantReport {
        grant: grant.id,
        client_id: grant.client_id.clone(),
        user: grant.user.clone(),
        environment: grant.environment,
        consented_at_ms: grant.consented_at_ms,
        refresh_count: grant.refresh_count,
        alive: false,
        presented_twice: 0,
        refresh_tokens: Vec::new(),
    }
}

fn one(text: &str, token: &RefreshToken, grant_holds: bool, now_ms: i64) -> RefreshTokenReport {
    // The order of the refusals at the endpoint, so that the report says what a client would hear.
    let state = if token.used {
        TokenState::Used
    } else if !grant_holds {
        TokenState::Revoked
    } else if now_ms >= token.expires_at_ms {
        TokenState::Expired
    } else {
        TokenState::Alive
    };
    let presentations = token
        .presentations
        .iter()
        .map(|(at_ms, outcome)| Presented {
            at_ms: *at_ms,
            outcome: outcome.map_or_else(super::RefreshRefusal::why, |()| "accepted"),
        });
    RefreshTokenReport {
        refresh_token: token.serial,
        fingerprint: fingerprint(text),
        issued_at_ms: token.issued_at_ms,
        expires_at_ms: token.expires_at_ms,
        state,
        presented: token.presented,
        presentations: presentations.collect(),
    }
}

fn finish(report: &mut GrantReport) {
    let tokens = &mut report.refresh_tokens;
    tokens.sort_by_key(|token| token.refresh_token);
    let newest = tokens.last();
    // Older tokens are used by then, so only the newest can be alive.
    report.alive = newest.is_some_and(|token| token.state == TokenState::Alive);
    report.presented_twice = tokens.iter().filter(|token| token.presented > 1).count();
}

fn fingerprint(token: &str) -> String {
    let digest = Sha256::digest(token.as_bytes());
    // Eight bytes tell tokens apart and do not lead back to them.
    let digits = digest.iter().take(8).map(|byte| format!("{byte:02x}"));
    digits.collect()
}
