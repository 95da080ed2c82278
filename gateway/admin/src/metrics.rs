//! `/metrics`: the names and meanings of all metrics.
//!
//! Every name starts with `waybill_` and says its unit; a counter's name ends with `_total`. Label
//! values are names that the operator or this program chose, so their number is bounded and none is
//! a secret.

use crate::{
    labels::{Labels, Writer},
    runtime_status::{PluginStatus, RuntimeStatus},
};
use gateway_broker::AccountStatus;
use gateway_model::{AccountId, Clock, GrantStatus};
use gateway_proxy::{LATENCY_BOUNDS_US, MetricsSnapshot};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, text},
    registry::{Registry, Unit},
};
use std::{collections::HashMap, fmt, sync::Arc, time::SystemTime};

/// The content type of `/metrics`.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics as text.
pub(crate) fn render(runtime: &Arc<dyn RuntimeStatus>, clock: &Arc<dyn Clock>) -> String {
    // A registry for each scrape: the numbers live elsewhere and are only read here.
    let mut registry = Registry::with_prefix("waybill");
    registry.register_collector(Box::new(Exporter {
        runtime: Arc::clone(runtime),
        clock: Arc::clone(clock),
    }));
    let mut text = String::new();
    text::encode(&mut text, &registry).expect("a string takes text");
    text
}

struct Exporter {
    runtime: Arc<dyn RuntimeStatus>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exporter")
    }
}

impl Collector for Exporter {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Writer(encoder);
        // Always 1: the fact is in the label, as is the custom for build information.
        let version = vec![("version", env!("CARGO_PKG_VERSION"))];
        out.gauges("build_info", "The running version", None, [(version, 1.0)])?;
        // One snapshot for all metrics, so that they agree with each other.
        let snapshot = self.runtime.data_plane();
        self.connections(&mut out, &snapshot)?;
        self.requests(&mut out, &snapshot)?;
        let accounts = self.runtime.accounts();
        self.traffic(&mut out, &snapshot, &accounts)?;
        self.accounts(&mut out, &accounts)?;
        out.gauge(
            "store_usable",
            "1 if the store took a write at the last try",
            u64::from(self.runtime.store_usable()),
        )?;
        out.gauge(
            "notices_open",
            "Open notices about accounts",
            self.runtime.notices_open(),
        )?;
        self.fleet(&mut out)?;
        self.broker(&mut out)?;
        self.plugins(&mut out)?;
        out.counter(
            "log_lines_dropped",
            "Log lines dropped because the log's reader was too slow",
            self.runtime.dropped_log_lines(),
        )
    }
}

impl Exporter {
    /// Nothing, if the store is not shared.
    fn fleet(&self, out: &mut Writer<'_>) -> fmt::Result {
        let Some(fleet) = self.runtime.fleet() else {
            return Ok(());
        };
        let replicas = u64::try_from(fleet.replicas).unwrap_or(u64::MAX);
        out.gauge("replicas", "Live gateways of the fleet", replicas)?;
        out.gauge(
            "fleet_lease",
            "1 if the lease of this gateway holds, so that it may renew tokens",
            u64::from(fleet.problem.is_none()),
        )?;
        out.gauge(
            "accounts_owned",
            "Accounts that this gateway renews",
            fleet.accounts,
        )?;
        out.counter(
            "fleet_resyncs",
            "How often everything was compared with the store, because a message may have been missed",
            fleet.resyncs,
        )
    }

    fn connections(&self, out: &mut Writer<'_>, s: &MetricsSnapshot) -> fmt::Result {
        out.gauge(
            "connections_open",
            "Open connections from apps",
            s.connections_open,
        )?;
        out.counter(
            "connections_accepted",
            "Connections accepted from apps",
            s.connections_accepted,
        )?;
        out.counter(
            "connections_refused",
            "Connections closed at once because there were too many",
            s.connections_refused,
        )?;
        out.counter(
            "connections_handed_over",
            "Connections given to a less busy worker",
            s.connections_handed_over,
        )?;
        out.counter(
            "connections_timed_out",
            "Connections closed because a deadline passed",
            s.connections_timed_out,
        )?;
        out.counter(
            "upstream_connections_opened",
            "Connections opened to carriers",
            s.upstream_connects,
        )
    }

    fn requests(&self, out: &mut Writer<'_>, s: &MetricsSnapshot) -> fmt::Result {
        out.gauge(
            "requests_in_flight",
            "Requests being served",
            s.requests_in_flight,
        )?;
        let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"];
        out.counters(
            "responses",
            "Responses by class of status",
            classes
                .iter()
                .zip(s.statuses)
                .map(|(class, n)| (vec![("class", *class)], n)),
        )?;
        out.counters(
            "gateway_errors",
            "Responses that the gateway generated itself, by code",
            s.errors.iter().map(|(code, n)| (vec![("code", *code)], *n)),
        )?;
        out.counter(
            "requests_aborted",
            "Requests whose response could not be completed",
            s.aborted,
        )?;
        out.counter(
            "replays",
            "Requests sent again after a rejected token",
            s.replays,
        )?;
        out.counter(
            "upstream_retries",
            "Requests sent again because a pooled connection had closed",
            s.retries,
        )?;
        out.counter(
            "app_tokens_issued",
            "Tokens given to apps",
            s.app_tokens_issued,
        )?;
        out.counter(
            "legacy_requests",
            "Requests with a retired key, or to a path of a carrier's older API",
            s.legacy_requests,
        )?;
        let bounds = LATENCY_BOUNDS_US
            .iter()
            .map(|us| micros(*us))
            // The last bucket has no bound: the format demands `+Inf`.
            .chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(s.latency.iter().copied()).collect();
        out.seconds(
            "request_duration",
            "Time from the head of a request to the end of its response",
            micros(s.latency_sum_us),
            &buckets,
        )
    }

    /// What the data plane counted for each account.
    fn traffic(
        &self,
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

    fn accounts(&self, out: &mut Writer<'_>, accounts: &[AccountStatus]) -> fmt::Result {
        let now = self.clock.wall();
        let gauges = |value: fn(&AccountStatus) -> f64| {
            accounts
                .iter()
                .map(move |account| (account_labels(account), value(account)))
        };
        out.gauges(
            "account_usable",
            "1 when requests get a token, 0 when not",
            None,
            gauges(|account| if account.usable { 1.0 } else { 0.0 }),
        )?;
        out.gauges(
            "account_waiting_requests",
            "Requests that wait for the account's token",
            None,
            gauges(|account| account.waiting as f64),
        )?;
        out.gauges(
            "account_failures",
            "Failed token requests since the last token",
            None,
            gauges(|account| f64::from(account.failures)),
        )?;
        out.gauges(
            "account_state",
            "1 for the state of the account's token",
            None,
            accounts.iter().map(|account| {
                let mut labels = account_labels(account);
                labels.push(("state", account.state));
                (labels, 1.0)
            }),
        )?;
        out.gauges(
            "token_expires_in",
            "Time until the account's token expires; negative when it has expired",
            Some(&Unit::Seconds),
            accounts.iter().filter_map(|account| {
                Some((account_labels(account), until(account.expires_at?, now)))
            }),
        )?;
        out.gauges(
            "grant_seconds_left",
            "Time until a person must sign in at the carrier again; negative when that is past",
            None,
            accounts.iter().filter_map(|account| {
                let left = until(account.grant_ends_at?, now);
                // One that the carrier refused is over, whatever was agreed.
                let spent = account.grant == GrantStatus::Spent;
                Some((
                    account_labels(account),
                    if spent { left.min(0.0) } else { left },
                ))
            }),
        )?;
        out.counters(
            "account_tokens_minted",
            "Tokens that the carrier issued to the account",
            accounts
                .iter()
                .map(|account| (account_labels(account), account.minted)),
        )
    }

    fn broker(&self, out: &mut Writer<'_>) -> fmt::Result {
        let b = self.runtime.broker();
        out.gauge(
            "token_requests_in_flight",
            "Token requests in progress",
            b.in_flight,
        )?;
        out.counter("token_requests", "Token requests made", b.requested)?;
        out.counter("tokens_minted", "Token requests that succeeded", b.minted)?;
        let failed = [
            ("transient", b.failed.transient),
            ("rejected", b.failed.rejected),
            ("config", b.failed.config),
            ("protocol", b.failed.protocol),
            ("interaction", b.failed.interaction),
            ("bug", b.failed.bug),
        ];
        out.counters(
            "token_request_failures",
            "Token requests that failed, by class",
            failed
                .iter()
                .map(|(class, n)| (vec![("class", *class)], *n)),
        )?;
        out.counter(
            "token_waiters_joined",
            "Requests that joined a token request in progress",
            b.joined,
        )?;
        out.counter(
            "token_waiters_served",
            "Requests that asked for a token and got one",
            b.served,
        )?;
        out.counter(
            "token_waiters_turned_away",
            "Requests that asked for a token and got none",
            b.turned_away,
        )?;
        out.counter(
            "token_requests_over_budget",
            "Token requests that the mint budget held back",
            b.over_budget,
        )?;
        out.counter(
            "token_rejections",
            "Rejected tokens that were reported to the broker",
            b.unauthorized,
        )?;
        out.counter(
            "token_rejections_cooled_down",
            "Rejected tokens that started no renewal because of a cool-down",
            b.cooled_down,
        )
    }

    fn plugins(&self, out: &mut Writer<'_>) -> fmt::Result {
        let plugins = self.runtime.plugins();
        out.gauges(
            "plugin_active",
            "1 when the plugin is in use, 0 when not",
            None,
            plugins.iter().map(|plugin| {
                let labels = vec![
                    ("plugin", plugin.name.as_str()),
                    ("version", plugin.version.as_str()),
                    ("state", plugin.state),
                ];
                (labels, if plugin.active { 1.0 } else { 0.0 })
            }),
        )?;
        self.plugin_workers(out, &plugins)
    }

    fn plugin_workers(&self, out: &mut Writer<'_>, plugins: &[PluginStatus]) -> fmt::Result {
        let workers = || {
            let worker = |plugin: &'_ PluginStatus| plugin.worker.clone();
            let named = plugins
                .iter()
                .map(move |plugin| (plugin.name.as_str(), worker(plugin)));
            named.filter_map(|(name, worker)| Some((name, worker?)))
        };
        out.gauges(
            "plugin_worker_running",
            "1 while the plugin's worker process runs, 0 when it ended",
            None,
            workers().map(|(name, worker)| {
                (
                    vec![("plugin", name)],
                    if worker.running { 1.0 } else { 0.0 },
                )
            }),
        )?;
        out.counters(
            "plugin_worker_restarts",
            "Worker processes of the plugin that were started again",
            workers().map(|(name, worker)| (vec![("plugin", name)], worker.restarts)),
        )?;
        let endings = workers().flat_map(|(name, worker)| {
            let labels = move |(reason, count)| (vec![("plugin", name), ("reason", reason)], count);
            worker.endings.into_iter().map(labels)
        });
        out.counters(
            "plugin_worker_endings",
            "Worker processes of the plugin that ended, by reason",
            endings,
        )
    }
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

/// Microseconds as seconds. Exact up to centuries.
fn micros(us: u64) -> f64 {
    us as f64 / 1e6
}
