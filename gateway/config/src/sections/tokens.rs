//! `[tokens]`: when carrier tokens are renewed, and the gateway's own tokens for apps.

use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::{Context, Table},
};
use std::time::Duration;

/// When carrier tokens are renewed, and the gateway's own tokens for apps.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The part of a token's lifetime after which it is renewed.
    pub renew_at: f64,
    /// The renewal moves at random by this part of that time, both ways, so that accounts made
    /// together do not renew together.
    pub jitter: f64,
    /// A token is not used this close to its end, because clocks differ and requests take time.
    pub margin: Duration,
    /// Token requests that one client id may make at once after a quiet time, whatever happens.
    pub mint_budget: u32,
    /// The time after which one more of them is allowed.
    pub mint_refill: Duration,
    /// One token acquisition as a whole.
    pub request_timeout: Duration,
    /// How long a request waits for the first token of an account before it is answered with 503.
    pub acquire_wait: Duration,
    /// How long a token that the gateway gives to an app is accepted.
    pub app_token_lifetime: Duration,
    /// Token requests that one app may make in a minute.
    pub app_token_requests_per_minute: u32,
}

static RENEW_AT: Key = Key {
    name: "renew_at",
    kind: Kind::Fraction {
        min: 0.1,
        max: 0.95,
    },
    // A fifth of the lifetime is left for retries when the carrier is down.
    preset: Preset::Fraction(0.8),
    effect: Effect::Reload,
    doc: "The part of a token's lifetime after which it is renewed.",
};
static JITTER: Key = Key {
    name: "jitter",
    kind: Kind::Fraction { min: 0.0, max: 0.5 },
    // A tenth both ways spreads accounts that were added in one go.
    preset: Preset::Fraction(0.1),
    effect: Effect::Reload,
    doc: "The part of that time by which the renewal moves at random, earlier or later. So \
         accounts that were added together do not renew together.",
};
static MARGIN: Key = Key {
    name: "margin",
    kind: Kind::Duration {
        min: Duration::from_secs(0),
        max: Duration::from_secs(3600),
    },
    // Clocks that are set by NTP differ by less.
    preset: Preset::Text("5s"),
    effect: Effect::Reload,
    doc: "A token is not used this close to its end, because clocks differ and requests take \
          time.",
};
static MINT_BUDGET: Key = Key {
    name: "mint_budget",
    kind: Kind::Integer {
        min: 1,
        max: 10_000,
    },
    // UPS publishes no limit and answers 429 without `Retry-After`, so the budget is the gateway's own.
    preset: Preset::Integer(30),
    effect: Effect::Reload,
    doc: "The number of token requests that one client id may make at once after a quiet time.",
};
static MINT_REFILL: Key = Key {
    name: "mint_refill",
    kind: Kind::Duration {
        min: Duration::from_millis(1),
        max: Duration::from_secs(86400),
    },
    preset: Preset::Text("2s"),
    effect: Effect::Reload,
    doc: "The time after which one more token request is allowed.",
};
static REQUEST_TIMEOUT: Key = Key {
    name: "request_timeout",
    kind: Kind::Duration {
        min: Duration::from_millis(100),
        max: Duration::from_secs(300),
    },
    // As long as the slowest login that a plugin may need, with all its steps.
    preset: Preset::Text("60s"),
    effect: Effect::Reload,
    doc: "The time limit for one token acquisition.",
};
static ACQUIRE_WAIT: Key = Key {
    name: "acquire_wait",
    kind: Kind::Duration {
        min: Duration::from_secs(0),
        max: Duration::from_secs(300),
    },
    // Shorter than clients usually wait, so that they see the gateway's own error.
    preset: Preset::Text("10s"),
    effect: Effect::Reload,
    doc: "How long a request waits for the first token of an account before it is answered \
          with 503.",
};
static APP_TOKEN_LIFETIME: Key = Key {
    name: "app_token_lifetime",
    kind: Kind::Duration {
        min: Duration::from_secs(60),
        max: Duration::from_secs(86400),
    },
    preset: Preset::Text("1h"),
    effect: Effect::Reload,
    doc: "How long the gateway accepts a token that it issued to an app.",
};
static APP_TOKEN_REQUESTS: Key = Key {
    name: "app_token_requests_per_minute",
    kind: Kind::Integer {
        min: 1,
        max: 100_000,
    },
    preset: Preset::Integer(120),
    effect: Effect::Reload,
    doc: "The maximum number of token requests of one app in a minute.",
};

pub(crate) static SECTION: Section = Section {
    path: "tokens",
    repeated: false,
    doc: "The renewal of carrier tokens, and the gateway's own tokens for apps.",
    keys: &[
        &RENEW_AT,
        &JITTER,
        &MARGIN,
        &MINT_BUDGET,
        &MINT_REFILL,
        &REQUEST_TIMEOUT,
        &ACQUIRE_WAIT,
        &APP_TOKEN_LIFETIME,
        &APP_TOKEN_REQUESTS,
    ],
};

impl Tokens {
    pub(crate) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Self {
        let count = |n: Option<u64>| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
        Self {
            renew_at: table.fraction(cx, &RENEW_AT),
            jitter: table.fraction(cx, &JITTER),
            margin: table.duration(cx, &MARGIN),
            mint_budget: count(table.integer(cx, &MINT_BUDGET)),
            mint_refill: table.duration(cx, &MINT_REFILL),
            request_timeout: table.duration(cx, &REQUEST_TIMEOUT),
            acquire_wait: table.duration(cx, &ACQUIRE_WAIT),
            app_token_lifetime: table.duration(cx, &APP_TOKEN_LIFETIME),
            app_token_requests_per_minute: count(table.integer(cx, &APP_TOKEN_REQUESTS)),
        }
    }
}
