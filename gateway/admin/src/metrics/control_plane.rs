//! What the broker, the fleet and the plugins say.

use crate::{
    labels::Writer,
    runtime_status::{Exported, PluginStatus, RuntimeStatus},
};
use gateway_broker::BrokerMetrics;
use gateway_model::MetricUnit;
use std::fmt;

/// Nothing, if nothing is exported.
pub(super) fn exports(out: &mut Writer<'_>, runtime: &dyn RuntimeStatus) -> fmt::Result {
    for (what, counts) in runtime.exports() {
        let (name, things) = match what {
            Exported::Spans => ("spans", "Spans"),
            Exported::LogRecords => ("log_records", "Lines of the log"),
            Exported::MetricPoints => ("metric_points", "Values of metrics"),
        };
        out.counter(
            &format!("{name}_exported"),
            &format!("{things} that the collector took"),
            counts.exported,
        )?;
        let dropped = counts.dropped;
        out.counters(
            &format!("{name}_dropped"),
            &format!("{things} that are lost, by reason"),
            dropped.map(|(reason, count)| (vec![("reason", reason)], count)),
        )?;
    }
    Ok(())
}

/// Nothing, if the store is not shared.
pub(super) fn fleet(out: &mut Writer<'_>, runtime: &dyn RuntimeStatus) -> fmt::Result {
    let Some(fleet) = runtime.fleet() else {
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

pub(super) fn broker(out: &mut Writer<'_>, b: &BrokerMetrics) -> fmt::Result {
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

pub(super) fn plugins(out: &mut Writer<'_>, plugins: &[PluginStatus]) -> fmt::Result {
    out.gauges(
        "plugin_active",
        "1 when the plugin is in use, 0 when not",
        MetricUnit::Count,
        plugins.iter().map(|plugin| {
            let labels = vec![
                ("plugin", plugin.name.as_str()),
                ("version", plugin.version.as_str()),
                ("state", plugin.state),
            ];
            (labels, if plugin.active { 1.0 } else { 0.0 })
        }),
    )?;
    plugin_workers(out, plugins)
}

fn plugin_workers(out: &mut Writer<'_>, plugins: &[PluginStatus]) -> fmt::Result {
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
        MetricUnit::Count,
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
