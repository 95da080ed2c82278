//! The metrics that a collector gets are those of `/metrics`.

use super::collector::{Collector, Reply, attribute, metrics_of, resource_of};
use mock_ups::{Endpoint, Fault};
use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    metrics::v1::{AggregationTemporality, Metric, metric::Data, number_data_point::Value},
};
use std::{collections::BTreeMap, time::Duration};
use tests::{World, eventually};

const METRICS: &str = "traces = false\nmetrics = true\nmetrics_interval = \"1s\"";

/// The series as Prometheus writes them, and what they are.
#[derive(Debug, Default)]
struct Series {
    values: BTreeMap<String, f64>,
    kinds: BTreeMap<String, &'static str>,
}

fn labels(attributes: &[KeyValue], more: Option<(&str, String)>) -> String {
    let mut labels: Vec<(String, String)> = attributes
        .iter()
        .map(|it| (it.key.clone(), attribute(attributes, &it.key)))
        .collect();
    labels.extend(more.map(|(name, value)| (name.to_owned(), value)));
    labels.sort();
    let labels: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    if labels.is_empty() {
        String::new()
    } else {
        format!("{{{}}}", labels.join(","))
    }
}

/// What a collector makes of these metrics for Prometheus.
fn series(metrics: &[Metric]) -> Series {
    let mut series = Series::default();
    let cumulative = i32::from(AggregationTemporality::Cumulative);
    for metric in metrics {
        let name = &metric.name;
        let (kind, points) = match metric.data.clone().expect("data") {
            Data::Sum(sum) => {
                assert!(sum.is_monotonic, "{name}");
                assert_eq!(sum.aggregation_temporality, cumulative, "{name}");
                assert!(name.ends_with("_total"), "{name}");
                ("counter", sum.data_points)
            }
            Data::Gauge(gauge) => ("gauge", gauge.data_points),
            Data::Histogram(histogram) => {
                assert_eq!(histogram.aggregation_temporality, cumulative, "{name}");
                for point in histogram.data_points {
                    assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
                    let (mut below, bounds) = (0, point.explicit_bounds.iter());
                    let bounds = bounds.map(f64::to_string).chain(["+Inf".to_owned()]);
                    for (bound, count) in bounds.zip(&point.bucket_counts) {
                        below += count;
                        let labels = labels(&point.attributes, Some(("le", bound)));
                        (series.values).insert(format!("{name}_bucket{labels}"), below as f64);
                    }
                    assert_eq!(below, point.count, "{name}");
                    let labels = labels(&point.attributes, None);
                    let sum = point.sum.expect("a sum");
                    (series.values).insert(format!("{name}_count{labels}"), below as f64);
                    series.values.insert(format!("{name}_sum{labels}"), sum);
                }
                series.kinds.insert(name.clone(), "histogram");
                continue;
            }
            other @ (Data::ExponentialHistogram(_) | Data::Summary(_)) => {
                unreachable!("{name}: {other:?}")
            }
        };
        for point in points {
            assert!(point.start_time_unix_nano > 0, "{name}");
            assert!(point.time_unix_nano >= point.start_time_unix_nano, "{name}");
            let value = match point.value.expect("a value") {
                Value::AsDouble(value) => value,
                Value::AsInt(value) => value as f64,
            };
            let labels = labels(&point.attributes, None);
            series.values.insert(format!("{name}{labels}"), value);
        }
        series.kinds.insert(name.clone(), kind);
    }
    series
}

/// The same of the text of `/metrics`.
fn scraped(text: &str) -> Series {
    let mut series = Series::default();
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a kind");
            let kind = match kind {
                "counter" => "counter",
                "gauge" => "gauge",
                "histogram" => "histogram",
                other => unreachable!("{other}"),
            };
            series.kinds.insert(name.to_owned(), kind);
            continue;
        }
        let Some((name, value)) = line.rsplit_once(' ').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let name = match name.split_once('{') {
            None => name.to_owned(),
            Some((name, labels)) => {
                let labels = labels.trim_end_matches('}').split("\",");
                let mut labels: Vec<String> = labels
                    .map(|label| format!("{}\"", label.trim_end_matches('"')))
                    .collect();
                // A bound may be written as 1 or as 1.0.
                for label in &mut labels {
                    if let Some(bound) = label.strip_prefix("le=\"")
                        && let Ok(bound) = bound.trim_end_matches('"').parse::<f64>()
                        && bound.is_finite()
                    {
                        *label = format!("le=\"{bound}\"");
                    }
                }
                labels.sort();
                format!("{name}{{{}}}", labels.join(","))
            }
        };
        let value = value.parse().expect("a number");
        series.values.insert(name, value);
    }
    series
}

/// The last metrics, once there are some that the test waits for.
async fn last(collector: &Collector, what: &str, wanted: impl Fn(&Series) -> bool) -> Series {
    let last = || collector.metrics().last().map(|metrics| series(metrics));
    eventually(what, async || last().is_some_and(|it| wanted(&it))).await;
    last().expect("there are some")
}

#[tokio::test]
async fn collector_gets_the_series_of_the_metrics_page() {
    let collector = Collector::start().await;
    let more = format!(
        "{METRICS}\nattributes = {{ team = \"freight\" }}\n[metrics]\naccount_series = true"
    );
    let world = collector.world(&more).await;
    world.shop().await.assert_rates();
    let fault = Fault::new(mock_ups::Action::ResetBefore).endpoint(Endpoint::Rating);
    let fault = world.mock.add_fault(fault).expect("a fault");
    world.shop().await;
    drop(fault);
    let failed = "waybill_gateway_errors_total{code=\"carrier_unreachable\"}";
    let exported = last(&collector, "both requests are counted", |series| {
        let served = series.values.get("waybill_responses_total{class=\"2xx\"}");
        served == Some(&1.0) && series.values.get(failed) == Some(&1.0)
    })
    .await;
    let mut scraped = scraped(world.admin.get("/metrics").await.text());
    // The text describes a metric without a series, too.
    let has_series = |name: &str| {
        let mut series = scraped.values.keys();
        series.any(|series| series.starts_with(name))
    };
    scraped.kinds.retain(|name, _| has_series(name));
    assert_eq!(exported.kinds, scraped.kinds);
    let names = |series: &Series| series.values.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&exported), names(&scraped));
    for (name, value) in &exported.values {
        // Requests end before both; what the process uses, times that are left and the export itself go on.
        let goes_on = ["process_", "metric_points", "seconds_left", "_in_seconds"];
        if !goes_on.iter().any(|part| name.contains(part)) {
            assert_eq!(value, &scraped.values[name], "{name}");
        }
    }
    let received = collector.received().remove(0);
    assert_eq!(received.path, "/v1/metrics");
    assert_eq!(received.headers["content-type"], "application/x-protobuf");
    let resource = resource_of(&received);
    assert_eq!(attribute(&resource, "service.name"), "waybill");
    assert_eq!(attribute(&resource, "team"), "freight");
    assert_eq!(attribute(&resource, "service.instance.id").len(), 36);
    assert!(collector.spans().is_empty(), "spans are switched off");
}

/// Cumulative: what a collector does not take comes with the next time.
#[tokio::test]
async fn metrics_that_were_refused_come_with_the_next_time() {
    let collector = Collector::start().await;
    let reply = |status| Reply {
        status,
        ..Reply::default()
    };
    collector.reply([reply(503), reply(400)]);
    let world = collector.world(METRICS).await;
    world.shop().await.assert_rates();
    last(&collector, "the request is counted", |series| {
        let dropped = |reason| {
            let name = format!("waybill_metric_points_dropped_total{{reason=\"{reason}\"}}");
            series.values.get(&name).is_some_and(|it| *it > 0.0)
        };
        series.values.get("waybill_responses_total{class=\"2xx\"}") == Some(&1.0)
            && dropped("refused")
            && dropped("unreachable")
    })
    .await;
    let said = || world.gateway.process.stderr();
    eventually("the log tells of the trouble and of its end", async || {
        said().contains("metrics cannot be exported") && said().contains("takes metrics again")
    })
    .await;
}

#[tokio::test]
async fn last_metrics_are_sent_before_the_gateway_ends() {
    let collector = Collector::start().await;
    let more = METRICS.replace("1s", "1h");
    let mut world = collector.world(&more).await;
    eventually("the first are sent at once", async || {
        !collector.metrics().is_empty()
    })
    .await;
    world.shop().await.assert_rates();
    world.gateway.process.signal("TERM");
    let status = world.gateway.process.ended().await;
    assert_eq!(status.code(), Some(0), "{}", world.gateway.process.output());
    let metrics = collector.metrics();
    let last = series(metrics.last().expect("there are some"));
    assert_eq!(last.values["waybill_responses_total{class=\"2xx\"}"], 1.0);
    assert_eq!(metrics.len(), 2);
}

#[tokio::test]
async fn slow_collector_of_metrics_slows_no_request_down() {
    let collector = Collector::start().await;
    let slow = Reply {
        delay: Duration::from_secs(3600),
        ..Reply::default()
    };
    collector.reply([slow.clone(), slow]);
    let world: World = collector
        .world(&format!("{METRICS}\ntimeout = \"500ms\""))
        .await;
    for _ in 0..20 {
        world.shop().await.assert_rates();
    }
    last(&collector, "they are taken at last", |_| true).await;
}

/// The one that ends says its last when it lets the store go, and each has a name of its own.
#[tokio::test]
async fn processes_that_hand_over_to_each_other_count_apart() {
    let collector = Collector::start().await;
    let metrics = METRICS.replace("1s", "1h");
    let more = format!("{metrics}\n[store]\nurl = \"sqlite://waybill.db\"");
    let mut world = collector.world(&more).await;
    world.shop().await.assert_rates();
    let _old = world.gateway.take_over().await;
    let served = "waybill_responses_total{class=\"2xx\"}";
    let of_each = || {
        let mut of_each = BTreeMap::<String, Vec<f64>>::new();
        for received in collector.received() {
            let instance = attribute(&resource_of(&received), "service.instance.id");
            let series = series(&metrics_of(&received.body));
            of_each
                .entry(instance)
                .or_default()
                .push(series.values[served]);
        }
        let mut counts: Vec<_> = of_each.into_values().collect();
        counts.sort_by_key(Vec::len);
        counts
    };
    // The old one at its start and at its end, the new one at its start.
    eventually("both have told", async || {
        of_each() == [vec![0.0], vec![0.0, 1.0]]
    })
    .await;
}
