//! What the rounds came to.

use crate::measure::{Results, Sample, Shape};
use serde::Serialize;

/// One figure over the rounds. Without rounds there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
    /// In the order in which they were measured.
    pub(crate) rounds: Vec<f64>,
}

impl Figure {
    pub(crate) fn of(rounds: Vec<f64>) -> Option<Self> {
        let mut sorted = rounds.clone();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            median: *sorted.get(sorted.len() / 2)?,
            least: *sorted.first()?,
            most: *sorted.last()?,
            rounds,
        })
    }

    /// From least to most, in per cent of the median.
    pub(crate) fn spread(&self) -> f64 {
        100.0 * (self.most - self.least) / self.median
    }
}

/// The figures of one way of asking.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) cpu_us_per_request: Figure,
    pub(crate) requests_per_second: Figure,
    /// 50th, 99th and 99.9th percentile.
    pub(crate) latency_us: [Figure; 3],
}

impl Figures {
    /// `None` if it was not measured.
    pub(crate) fn of(samples: &[Sample]) -> Option<Self> {
        let figure = |of: fn(&Sample) -> f64| Figure::of(samples.iter().map(of).collect());
        Some(Self {
            cpu_us_per_request: figure(|s| s.cpu_us_per_request)?,
            requests_per_second: figure(|s| s.requests_per_second)?,
            latency_us: [
                figure(|s| s.latency_us[0])?,
                figure(|s| s.latency_us[1])?,
                figure(|s| s.latency_us[2])?,
            ],
        })
    }
}

/// The first candidate's CPU per request over another's, round by round: both had the same minute of
/// the machine.
pub(crate) fn ratio(first: &Results, other: &Results) -> Option<Figure> {
    let both = first.of(Shape::Closed).iter().zip(other.of(Shape::Closed));
    Figure::of(
        both.map(|(first, other)| first.cpu_us_per_request / other.cpu_us_per_request)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figure_has_the_middle_and_the_ends_of_its_rounds() {
        let figure = Figure::of(vec![30.0, 10.0, 20.0]).unwrap();
        assert_eq!(
            (figure.median, figure.least, figure.most),
            (20.0, 10.0, 30.0)
        );
        assert_eq!(figure.rounds, [30.0, 10.0, 20.0]);
        assert!((figure.spread() - 100.0).abs() < 1e-9);
        assert_eq!(Figure::of(Vec::new()), None);
    }
}
