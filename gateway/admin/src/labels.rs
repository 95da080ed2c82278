//! Writes metrics with labels from snapshots: as text of Prometheus, or as families for an exporter.

use gateway_model::{MetricFamily, MetricKind, MetricPoint, MetricUnit, MetricValue};
use prometheus_client::{
    encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet},
    metrics::MetricType,
    registry::Unit,
};
use std::fmt;

/// Label names and values.
pub(crate) type Labels<'l> = Vec<(&'static str, &'l str)>;

/// Writes metrics, one call for each.
pub(crate) enum Writer<'e> {
    /// As text of Prometheus. Its registry knows the prefix.
    Text(DescriptorEncoder<'e>),
    /// As families, whose names begin with this word.
    Families(Option<&'static str>, &'e mut Vec<MetricFamily>),
}

/// What a metric is, apart from its values.
#[derive(Clone, Copy)]
struct Description<'d> {
    /// Without prefix, unit and `_total`.
    name: &'d str,
    help: &'d str,
    unit: MetricUnit,
    kind: MetricKind,
}

impl<'d> Description<'d> {
    const fn new(kind: MetricKind, unit: MetricUnit, name: &'d str, help: &'d str) -> Self {
        Self {
            name,
            help,
            unit,
            kind,
        }
    }

    /// The name that the text has, too.
    fn full_name(&self, prefix: Option<&str>) -> String {
        let prefix = prefix.map_or_else(String::new, |prefix| format!("{prefix}_"));
        let unit = self.unit();
        let unit = unit.map_or_else(String::new, |unit| format!("_{}", unit.as_str()));
        let total = match self.kind {
            MetricKind::Counter => "_total",
            MetricKind::Gauge | MetricKind::Histogram => "",
        };
        format!("{prefix}{}{unit}{total}", self.name)
    }

    const fn unit(&self) -> Option<Unit> {
        match self.unit {
            MetricUnit::Count => None,
            MetricUnit::Seconds => Some(Unit::Seconds),
            MetricUnit::Bytes => Some(Unit::Bytes),
        }
    }
}

impl Writer<'_> {
    pub(crate) fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.counters(name, help, [(Vec::new(), value)])
    }

    pub(crate) fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let what = Description::new(MetricKind::Gauge, MetricUnit::Count, name, help);
        self.write(what, [(Vec::new(), MetricValue::Integer(value))])
    }

    /// Seconds that only grow.
    pub(crate) fn seconds_total(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let what = Description::new(MetricKind::Counter, MetricUnit::Seconds, name, help);
        self.write(what, [(Vec::new(), MetricValue::Number(value))])
    }

    /// A gauge whose name ends with its unit.
    pub(crate) fn of_unit(
        &mut self,
        name: &str,
        help: &str,
        unit: MetricUnit,
        value: f64,
    ) -> fmt::Result {
        self.gauges(name, help, unit, [(Vec::new(), value)])
    }

    pub(crate) fn counters<'l>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (Labels<'l>, u64)>,
    ) -> fmt::Result {
        let what = Description::new(MetricKind::Counter, MetricUnit::Count, name, help);
        let rows = rows.into_iter();
        self.write(what, rows.map(|(l, n)| (l, MetricValue::Integer(n))))
    }

    pub(crate) fn gauges<'l>(
        &mut self,
        name: &str,
        help: &str,
        unit: MetricUnit,
        rows: impl IntoIterator<Item = (Labels<'l>, f64)>,
    ) -> fmt::Result {
        let what = Description::new(MetricKind::Gauge, unit, name, help);
        let rows = rows.into_iter();
        self.write(what, rows.map(|(l, n)| (l, MetricValue::Number(n))))
    }

    /// `buckets`: upper bound in seconds and how many observations fell into the bucket.
    pub(crate) fn seconds(
        &mut self,
        name: &str,
        help: &str,
        sum: f64,
        buckets: Vec<(f64, u64)>,
    ) -> fmt::Result {
        self.seconds_of(name, help, [(Vec::new(), sum, buckets)])
    }

    /// For each of the rows its sum in seconds, and its buckets as [`seconds`](Self::seconds) has them.
    pub(crate) fn seconds_of<'l>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (Labels<'l>, f64, Vec<(f64, u64)>)>,
    ) -> fmt::Result {
        let what = Description::new(MetricKind::Histogram, MetricUnit::Seconds, name, help);
        let rows = rows.into_iter();
        self.write(
            what,
            rows.map(|(l, sum, buckets)| (l, MetricValue::Histogram(sum, buckets))),
        )
    }

    fn write<'l>(
        &mut self,
        what: Description<'_>,
        rows: impl IntoIterator<Item = (Labels<'l>, MetricValue)>,
    ) -> fmt::Result {
        match self {
            Self::Text(encoder) => {
                let (unit, kind) = (what.unit(), text_kind(what.kind));
                let mut encoder =
                    encoder.encode_descriptor(what.name, what.help, unit.as_ref(), kind)?;
                for (labels, value) in rows {
                    if labels.is_empty() {
                        encode(&mut encoder, what.kind, &value)?;
                    } else {
                        encode(&mut encoder.encode_family(&labels)?, what.kind, &value)?;
                    }
                }
            }
            Self::Families(prefix, families) => {
                let points = rows.into_iter().map(|(labels, value)| {
                    let labels = labels.into_iter();
                    let labels = labels.map(|(name, value)| (name, value.to_owned()));
                    MetricPoint {
                        labels: labels.collect(),
                        value,
                    }
                });
                families.push(MetricFamily {
                    name: what.full_name(*prefix),
                    help: what.help.to_owned(),
                    unit: what.unit,
                    kind: what.kind,
                    points: points.collect(),
                });
            }
        }
        Ok(())
    }
}

const fn text_kind(kind: MetricKind) -> MetricType {
    match kind {
        MetricKind::Counter => MetricType::Counter,
        MetricKind::Gauge => MetricType::Gauge,
        MetricKind::Histogram => MetricType::Histogram,
    }
}

fn encode(encoder: &mut MetricEncoder<'_>, kind: MetricKind, value: &MetricValue) -> fmt::Result {
    let is_counter = kind == MetricKind::Counter;
    match value {
        MetricValue::Integer(number) if is_counter => {
            encoder.encode_counter::<NoLabelSet, u64, u64>(number, None)
        }
        MetricValue::Number(number) if is_counter => {
            encoder.encode_counter::<NoLabelSet, f64, u64>(number, None)
        }
        MetricValue::Integer(number) => encoder.encode_gauge(number),
        MetricValue::Number(number) => encoder.encode_gauge(number),
        MetricValue::Histogram(sum, buckets) => {
            // From the same buckets, so that count and buckets cannot disagree in one scrape.
            let count = buckets.iter().map(|(_, n)| n).sum();
            encoder.encode_histogram::<NoLabelSet>(*sum, count, buckets, None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn family_has_the_name_of_the_text() {
        let mut families = Vec::new();
        let mut out = Writer::Families(Some("waybill"), &mut families);
        out.counter("replays", "", 1).expect("a list takes all");
        out.seconds_total("cpu", "", 1.0).expect("a list takes all");
        out.of_unit("memory", "", MetricUnit::Bytes, 1.0)
            .expect("a list takes all");
        out.seconds("duration", "", 0.5, vec![(f64::INFINITY, 1)])
            .expect("a list takes all");
        let names: Vec<_> = families.iter().map(|family| family.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "waybill_replays_total",
                "waybill_cpu_seconds_total",
                "waybill_memory_bytes",
                "waybill_duration_seconds"
            ]
        );
    }
}
