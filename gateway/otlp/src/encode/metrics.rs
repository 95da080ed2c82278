//! Metrics in the form of OTLP.
//!
//! The names are those of `/metrics`, unit and `_total` included: a collector that writes to Prometheus adds neither
//! a second time, so dashboards and alerts hold for both ways.

use super::common::{key_value, nanos, resource, scope};
use crate::target::Resource;
use bytes::Bytes;
use gateway_model::{MetricFamily, MetricKind, MetricPoint, MetricUnit, MetricValue};
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{
        AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
        ResourceMetrics, ScopeMetrics, Sum, metric::Data, number_data_point,
    },
};
use prost::Message as _;
use std::time::SystemTime;

/// Values of one request, at most: collectors bound what they read, and 10,000 accounts have 100,000 values.
const VALUES: usize = 8 * 1024;

/// When the counts began, and when they were read.
#[derive(Clone, Copy)]
struct Times {
    began: u64,
    at: u64,
}

/// The requests that export these metrics, with the number of values in each.
pub(crate) fn metrics(
    from: &Resource,
    families: &[MetricFamily],
    began: SystemTime,
    at: SystemTime,
) -> Vec<(usize, Bytes)> {
    let times = Times {
        began: nanos(began),
        at: nanos(at),
    };
    let (mut requests, mut metrics, mut values) = (Vec::new(), Vec::new(), 0);
    for family in families {
        for points in family.points.chunks(VALUES) {
            if values + points.len() > VALUES {
                requests.push((values, request(from, std::mem::take(&mut metrics))));
                values = 0;
            }
            metrics.push(metric(family, points, times));
            values += points.len();
        }
    }
    if values > 0 {
        requests.push((values, request(from, metrics)));
    }
    requests
}

fn request(from: &Resource, metrics: Vec<Metric>) -> Bytes {
    let metrics = ScopeMetrics {
        scope: Some(scope("waybill")),
        metrics,
        ..ScopeMetrics::default()
    };
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(resource(from)),
            scope_metrics: vec![metrics],
            ..ResourceMetrics::default()
        }],
    };
    request.encode_to_vec().into()
}

fn metric(family: &MetricFamily, points: &[MetricPoint], times: Times) -> Metric {
    let cumulative = AggregationTemporality::Cumulative.into();
    let numbers = || {
        let numbers = points.iter().filter_map(|point| number(point, times));
        numbers.collect()
    };
    let data = match family.kind {
        MetricKind::Counter => Data::Sum(Sum {
            data_points: numbers(),
            aggregation_temporality: cumulative,
            is_monotonic: true,
        }),
        MetricKind::Gauge => Data::Gauge(Gauge {
            data_points: numbers(),
        }),
        MetricKind::Histogram => {
            let points = points.iter().filter_map(|point| histogram(point, times));
            Data::Histogram(Histogram {
                data_points: points.collect(),
                aggregation_temporality: cumulative,
            })
        }
    };
    Metric {
        name: family.name.clone(),
        description: family.help.clone(),
        // Without a unit rather than "1", from which a collector would make a ratio.
        unit: match family.unit {
            MetricUnit::Count => "",
            MetricUnit::Seconds => "s",
            MetricUnit::Bytes => "By",
        }
        .to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

fn number(point: &MetricPoint, times: Times) -> Option<NumberDataPoint> {
    use number_data_point::Value::{AsDouble, AsInt};
    let value = match point.value {
        // A count beyond the form's numbers is the largest of them.
        MetricValue::Integer(number) => AsInt(i64::try_from(number).unwrap_or(i64::MAX)),
        MetricValue::Number(number) => AsDouble(number),
        MetricValue::Histogram(..) => return None,
    };
    Some(NumberDataPoint {
        attributes: labels(point),
        start_time_unix_nano: times.began,
        time_unix_nano: times.at,
        value: Some(value),
        ..NumberDataPoint::default()
    })
}

fn histogram(point: &MetricPoint, times: Times) -> Option<HistogramDataPoint> {
    let MetricValue::Histogram(sum, buckets) = &point.value else {
        return None;
    };
    let bounds = buckets.iter().map(|(bound, _)| *bound);
    Some(HistogramDataPoint {
        attributes: labels(point),
        start_time_unix_nano: times.began,
        time_unix_nano: times.at,
        count: buckets.iter().map(|(_, count)| count).sum(),
        sum: Some(*sum),
        bucket_counts: buckets.iter().map(|(_, count)| *count).collect(),
        // The last bucket has no bound.
        explicit_bounds: bounds.filter(|bound| bound.is_finite()).collect(),
        ..HistogramDataPoint::default()
    })
}

fn labels(point: &MetricPoint) -> Vec<KeyValue> {
    let labels = point.labels.iter();
    let labels = labels.map(|(name, value)| key_value(name, Value::StringValue(value.clone())));
    labels.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(name: &str, points: usize) -> MetricFamily {
        let point = MetricPoint {
            labels: vec![("account", "main".to_owned())],
            value: MetricValue::Integer(1),
        };
        MetricFamily {
            name: name.to_owned(),
            help: String::new(),
            unit: MetricUnit::Count,
            kind: MetricKind::Counter,
            points: vec![point; points],
        }
    }

    #[test]
    fn many_values_take_several_requests_and_none_is_lost() {
        let families = [
            family("a", 3),
            family("b", 2 * VALUES + 1),
            family("none", 0),
            family("c", VALUES - 1),
        ];
        let epoch = SystemTime::UNIX_EPOCH;
        let requests = metrics(&Resource::new(), &families, epoch, epoch);
        let counts: Vec<usize> = requests.iter().map(|(values, _)| *values).collect();
        assert_eq!(counts, [3, VALUES, VALUES, VALUES]);
        for (values, body) in requests {
            let request = ExportMetricsServiceRequest::decode(body).expect("it is OTLP");
            let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
            let points = metrics.iter().map(|metric| match &metric.data {
                Some(Data::Sum(sum)) => sum.data_points.len(),
                other => panic!("a counter is a sum: {other:?}"),
            });
            assert_eq!(points.sum::<usize>(), values);
        }
        assert!(metrics(&Resource::new(), &[family("none", 0)], epoch, epoch).is_empty());
    }
}
