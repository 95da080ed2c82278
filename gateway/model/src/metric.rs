//! Metrics as an exporter takes them: read at one moment, with the names and labels that `/metrics` has.

/// All series of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricFamily {
    /// The name that `/metrics` has; that of a counter ends with `_total`.
    pub name: String,
    /// What it means.
    pub help: String,
    /// What its values are.
    pub unit: MetricUnit,
    /// What its values may do.
    pub kind: MetricKind,
    /// The series.
    pub points: Vec<MetricPoint>,
}

/// What the values of a metric are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricUnit {
    /// A number of things.
    Count,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

/// What the values of a metric may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// They only grow, until the process ends.
    Counter,
    /// They come and go.
    Gauge,
    /// They are distributions, whose counts only grow.
    Histogram,
}

/// One series at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricPoint {
    /// Names and values of its labels.
    pub labels: Vec<(&'static str, String)>,
    /// Its value.
    pub value: MetricValue,
}

/// A value of a metric.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricValue {
    /// A whole number.
    Integer(u64),
    /// A number.
    Number(f64),
    /// A distribution: the sum of all observations, and of each bucket the upper bound and how many observations
    /// fell into it. The last bound is infinite.
    Histogram(f64, Vec<(f64, u64)>),
}

/// Where metrics are read from. It must not block.
pub trait MetricSource: Send + Sync {
    /// All metrics, as they are now.
    fn families(&self) -> Vec<MetricFamily>;
}
