//! What stands on a label, and on what paper.

/// The paper in the printer. The label is as large on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stock {
    FourBySix,
    FourByEight,
}

impl Stock {
    /// Reads `LabelStockSize/Height`; anything but 8 is 6.
    pub(crate) fn parse(height: &str) -> Self {
        match height {
            "8" => Self::FourByEight,
            _ => Self::FourBySix,
        }
    }
}

/// What stands on a label.
#[derive(Debug, Clone)]
pub(crate) struct Label<'a> {
    pub(crate) tracking_number: &'a str,
    pub(crate) service: &'a str,
    /// The number, and `LBS` or `KGS`.
    pub(crate) weight: (String, &'static str),
    /// Which package of how many.
    pub(crate) position: (usize, usize),
    pub(crate) from: &'a [String],
    pub(crate) to: &'a [String],
    pub(crate) destination: Destination<'a>,
    /// The day of the pickup, from 1.
    pub(crate) day_of_year: u16,
    pub(crate) references: &'a [String],
}

/// Where the package goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Destination<'a> {
    pub(crate) street: &'a str,
    pub(crate) city: &'a str,
    pub(crate) state: &'a str,
    pub(crate) postal_code: &'a str,
    pub(crate) country: &'a str,
}
