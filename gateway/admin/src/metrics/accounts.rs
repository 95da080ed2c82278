//! Accounts: summed by carrier and environment, and each of them if the operator wants that.

use crate::labels::{Labels, Writer};
use gateway_broker::AccountStatus;
use gateway_model::{AccountId, GrantStatus, MetricUnit};
use gateway_proxy::MetricsSnapshot;
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    time::SystemTime,
};

const DAY: f64 = 24.0 * 60.0 * 60.0;

/// The times before which ends of sign-ins are counted, in seconds.
const HORIZONS: [(&str, f64); 3] = [("0d", 0.0), ("1d", DAY), ("7d", 7.0 * DAY)];

/// The accounts of one carrier and environment.
#[derive(Default)]
struct Sums {
    by_state: BTreeMap<&'static str, f64>,
    usable: f64,
    failing: f64,
    waiting: f64,
    ending: [f64; HORIZONS.len()],
    /// Seconds until the first token expires.
    token: Option<f64>,
    /// Seconds until the first sign-in ends.
    grant: Option<f64>,
}

impl Sums {
    fn add(&mut self, account: &AccountStatus, now: SystemTime) {
        *self.by_state.entry(account.state).or_default() += 1.0;
        self.usable += f64::from(u8::from(account.usable));
        self.failing += f64::from(u8::from(account.failures > 0));
        self.waiting += account.waiting as f64;
        if let Some(at) = account.expires_at {
            let left = until(at, now);
            self.token = Some(self.token.map_or(left, |least| least.min(left)));
        }
        if let Some(left) = grant_left(account, now) {
            self.grant = Some(self.grant.map_or(left, |least| least.min(left)));
            for (count, (_, horizon)) in self.ending.iter_mut().zip(HORIZONS) {
                *count += f64::from(u8::from(left <= horizon));
            }
        }
    }
}

/// The sums over the accounts of each carrier and environment.
pub(super) fn sums(
    out: &mut Writer<'_>,
    accounts: &[AccountStatus],
    now: SystemTime,
) -> fmt::Result {
    let mut all: BTreeMap<(&str, &str), Sums> = BTreeMap::new();
    for account in accounts {
        let key = (account.carrier.as_str(), account.environment.as_str());
        all.entry(key).or_default().add(account, now);
    }
    let one = |value: fn(&Sums) -> Option<f64>| {
        let all = all.iter();
        all.filter_map(move |(key, sums)| Some((with(key, None), value(sums)?)))
    };
    let states = all.iter().flat_map(|(key, sums)| {
        let states = sums.by_state.iter();
        states.map(move |(state, count)| (with(key, Some(("state", *state))), *count))
    });
    out.gauges(
        "accounts",
        "Accounts by the state of their token",
        MetricUnit::Count,
        states,
    )?;
    out.gauges(
        "accounts_usable",
        "Accounts whose requests get a token",
        MetricUnit::Count,
        one(|sums| Some(sums.usable)),
    )?;
    out.gauges(
        "accounts_failing",
        "Accounts whose last token request failed",
        MetricUnit::Count,
        one(|sums| Some(sums.failing)),
    )?;
    out.gauges(
        "accounts_waiting_requests",
        "Requests that wait for the token of an account",
        MetricUnit::Count,
        one(|sums| Some(sums.waiting)),
    )?;
    out.gauges(
        "accounts_first_token_expires_in",
        "Time until the first token of an account expires; negative when it has expired",
        MetricUnit::Seconds,
        one(|sums| sums.token),
    )?;
    out.gauges(
        "accounts_first_grant_ends_in",
        "Time until the first person must sign in at the carrier again; negative when that is past",
        MetricUnit::Seconds,
        one(|sums| sums.grant),
    )?;
    let ending = all.iter().flat_map(|(key, sums)| {
        let counts = HORIZONS.iter().zip(sums.ending);
        counts.map(move |((within, _), count)| (with(key, Some(("within", *within))), count))
    });
    out.gauges(
        "accounts_grants_ending",
        "Accounts for which a person must sign in again within this time",
        MetricUnit::Count,
        ending,
    )
}

/// What the data plane counted for each account.
pub(super) fn traffic(
    out: &mut Writer<'_>,
    s: &MetricsSnapshot,
    accounts: &[AccountStatus],
) -> fmt::Result {
    let by_name: HashMap<_, _> = accounts.iter().map(|it| (&it.account, it)).collect();
    // An account that was removed meanwhile has counts and no labels: it is left out.
    let labels = |id: &AccountId| by_name.get(id).map(|account| account_labels(account));
    out.counters(
        "account_requests",
        "Requests sent with the account's token",
        s.accounts
            .iter()
            .filter_map(|(id, n, _)| Some((labels(id)?, *n))),
    )?;
    out.counters(
        "account_token_rejections",
        "Responses with which the carrier rejected the account's token",
        s.accounts
            .iter()
            .filter_map(|(id, _, n)| Some((labels(id)?, *n))),
    )
}

/// The state of each account.
pub(super) fn each(
    out: &mut Writer<'_>,
    accounts: &[AccountStatus],
    now: SystemTime,
) -> fmt::Result {
    let gauges = |value: fn(&AccountStatus) -> f64| {
        accounts
            .iter()
            .map(move |account| (account_labels(account), value(account)))
    };
    out.gauges(
        "account_usable",
        "1 when requests get a token, 0 when not",
        MetricUnit::Count,
        gauges(|account| if account.usable { 1.0 } else { 0.0 }),
    )?;
    out.gauges(
        "account_waiting_requests",
        "Requests that wait for the account's token",
        MetricUnit::Count,
        gauges(|account| account.waiting as f64),
    )?;
    out.gauges(
        "account_failures",
        "Failed token requests since the last token",
        MetricUnit::Count,
        gauges(|account| f64::from(account.failures)),
    )?;
    out.gauges(
        "account_state",
        "1 for the state of the account's token",
        MetricUnit::Count,
        accounts.iter().map(|account| {
            let mut labels = account_labels(account);
            labels.push(("state", account.state));
            (labels, 1.0)
        }),
    )?;
    out.gauges(
        "token_expires_in",
        "Time until the account's token expires; negative when it has expired",
        MetricUnit::Seconds,
        accounts
            .iter()
            .filter_map(|account| Some((account_labels(account), until(account.expires_at?, now)))),
    )?;
    out.gauges(
        "grant_seconds_left",
        "Time until a person must sign in at the carrier again; negative when that is past",
        MetricUnit::Count,
        accounts
            .iter()
            .filter_map(|account| Some((account_labels(account), grant_left(account, now)?))),
    )?;
    out.counters(
        "account_tokens_minted",
        "Tokens that the carrier issued to the account",
        accounts
            .iter()
            .map(|account| (account_labels(account), account.minted)),
    )
}

fn with<'l>(key: &(&'l str, &'l str), more: Option<(&'static str, &'l str)>) -> Labels<'l> {
    let labels = [("carrier", key.0), ("environment", key.1)];
    labels.into_iter().chain(more).collect()
}

/// Seconds until a person must sign in again.
fn grant_left(account: &AccountStatus, now: SystemTime) -> Option<f64> {
    let left = until(account.grant_ends_at?, now);
    // One that the carrier refused is over, whatever was agreed.
    let spent = account.grant == GrantStatus::Spent;
    Some(if spent { left.min(0.0) } else { left })
}

/// Seconds; negative when it is past.
fn until(at: SystemTime, now: SystemTime) -> f64 {
    match at.duration_since(now) {
        Ok(left) => left.as_secs_f64(),
        Err(past) => -past.duration().as_secs_f64(),
    }
}

fn account_labels(account: &AccountStatus) -> Labels<'_> {
    vec![
        ("account", account.account.as_str()),
        ("carrier", account.carrier.as_str()),
        ("environment", account.environment.as_str()),
    ]
}
