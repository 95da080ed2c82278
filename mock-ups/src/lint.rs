//! Checks each request against the mistakes that real clients make. UPS answers many of them with
//! success, or with an error that does not name them; the findings are in the journal and, when
//! asked for, in the header `mock-lint` of the answer.

mod options;
mod rules;

use http::{HeaderMap, Method};

use crate::tokens::AccessToken;

pub use rules::Rule;
pub(crate) use rules::names_product;

/// The rules that a request broke.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Findings(u32);

impl Findings {
    pub(crate) fn add_if(&mut self, broken: bool, rule: Rule) {
        // One bit for each rule; the rules are fewer than 32.
        self.0 |= u32::from(broken) << rule as u32;
    }

    /// Whether the lint found nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this rule was broken.
    #[must_use]
    pub fn contains(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u32) != 0
    }

    /// The broken rules.
    pub fn iter(self) -> impl Iterator<Item = Rule> {
        Rule::ALL
            .into_iter()
            .filter(move |rule| self.contains(*rule))
    }

    pub(crate) fn to_json(self) -> serde_json::Value {
        let findings = self
            .iter()
            .map(|rule| serde_json::json!({ "rule": rule.name(), "advice": rule.advice() }));
        serde_json::Value::Array(findings.collect())
    }
}

/// What the rules look at.
pub(crate) struct Subject<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// Checks a request to any endpoint of UPS. On the path of every call: no allocation.
pub(crate) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.path.starts_with("/api/") {
        rules::check_api_call(subject, findings);
    } else {
        rules::check_other(subject, findings);
    }
}

/// A new token while the previous one is alive and has served one call at most: the habit that ends
/// in 10429.
pub(crate) fn check_mint(previous: &AccessToken, now_ms: i64, findings: &mut Findings) {
    let lifetime = previous.expires_at_ms() - previous.issued_at_ms;
    // Half a life: a client that renews early, but once, is no waste.
    let young = now_ms - previous.issued_at_ms < lifetime / 2;
    // Only client credentials: a user may consent twice in a row for good reasons.
    let wasteful = previous.is_live(now_ms) && previous.grant.is_none() && previous.uses() <= 1;
    findings.add_if(young && wasteful, Rule::TokenPerCall);
}
