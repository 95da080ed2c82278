//! Writes metrics with labels from snapshots.

use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Unit,
};
use std::fmt;

/// Label names and values.
pub(crate) type Labels<'l> = Vec<(&'static str, &'l str)>;

/// Writes metrics, one call for each.
pub(crate) struct Writer<'e>(pub(crate) DescriptorEncoder<'e>);

impl Writer<'_> {
    pub(crate) fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.one(name, help, None, &ConstCounter::new(value))
    }

    pub(crate) fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.one(name, help, None, &ConstGauge::new(value))
    }

    /// Seconds that only grow.
    pub(crate) fn seconds_total(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let unit = Some(&Unit::Seconds);
        self.one(name, help, unit, &ConstCounter::new(value))
    }

    /// A gauge whose name ends with its unit.
    pub(crate) fn of_unit(
        &mut self,
        name: &str,
        help: &str,
        unit: &Unit,
        value: f64,
    ) -> fmt::Result {
        self.one(name, help, Some(unit), &ConstGauge::new(value))
    }

    fn one(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        metric: &impl EncodeMetric,
    ) -> fmt::Result {
        let encoder = self
            .0
            .encode_descriptor(name, help, unit, metric.metric_type())?;
        metric.encode(encoder)
    }

    pub(crate) fn counters<'l>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (Labels<'l>, u64)>,
    ) -> fmt::Result {
        let encoder = self
            .0
            .encode_descriptor(name, help, None, MetricType::Counter)?;
        family(
            encoder,
            rows.into_iter().map(|(l, n)| (l, ConstCounter::new(n))),
        )
    }

    pub(crate) fn gauges<'l>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        rows: impl IntoIterator<Item = (Labels<'l>, f64)>,
    ) -> fmt::Result {
        let encoder = self
            .0
            .encode_descriptor(name, help, unit, MetricType::Gauge)?;
        family(
            encoder,
            rows.into_iter().map(|(l, n)| (l, ConstGauge::new(n))),
        )
    }

    /// `buckets`: upper bound in seconds and how many observations fell into the bucket.
    pub(crate) fn seconds(
        &mut self,
        name: &str,
        help: &str,
        sum: f64,
        buckets: &[(f64, u64)],
    ) -> fmt::Result {
        // From the same buckets, so that count and buckets cannot disagree in one scrape.
        let count = buckets.iter().map(|(_, n)| n).sum();
        let unit = Some(&Unit::Seconds);
        self.0
            .encode_descriptor(name, help, unit, MetricType::Histogram)?
            .encode_histogram::<NoLabelSet>(sum, count, buckets, None)
    }

    /// For each of the rows its sum in seconds, and its buckets as [`seconds`](Self::seconds) has them.
    pub(crate) fn seconds_of<'l>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (Labels<'l>, f64, Vec<(f64, u64)>)>,
    ) -> fmt::Result {
        let unit = Some(&Unit::Seconds);
        let mut encoder = (self.0).encode_descriptor(name, help, unit, MetricType::Histogram)?;
        for (labels, sum, buckets) in rows {
            let count = buckets.iter().map(|(_, n)| n).sum();
            let mut row = encoder.encode_family(&labels)?;
            row.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
        }
        Ok(())
    }
}

fn family<'l, M: EncodeMetric>(
    mut encoder: MetricEncoder<'_>,
    rows: impl Iterator<Item = (Labels<'l>, M)>,
) -> fmt::Result {
    for (labels, metric) in rows {
        metric.encode(encoder.encode_family(&labels)?)?;
    }
    Ok(())
}
