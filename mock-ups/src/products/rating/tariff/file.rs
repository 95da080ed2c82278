//! The file format of tariffs: TOML, described for users in `docs/mock-rating.md`.

mod read;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use serde::Deserialize;
use thiserror::Error;

pub(super) use read::parse;

/// Why a tariff cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TariffError {
    /// No bundled tariff has this name.
    #[error("there is no tariff `{0}`; the bundled ones are `default` and `cie-2024-01`")]
    Unknown(String),
    /// The file cannot be read.
    #[error("cannot read the tariff {}: {cause}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The file is not TOML.
    #[error("the tariff is not TOML: {0}")]
    Syntax(String),
    /// A key is missing, unknown or of the wrong type.
    #[error("the tariff does not fit the format: {0}")]
    Format(String),
    /// A value makes no sense.
    #[error("in the tariff, {place}: {problem}")]
    Value {
        /// Which entry.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Deserialize)]
// A misspelt key would silently keep a default price.
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    dimensional: Dimensional,
    fuel: ByClass,
    residential: ByClass,
    #[serde(default)]
    delivery_area: Vec<AreaEntry>,
    additional_handling: AdditionalHandlingEntry,
    large_package: LargePackageEntry,
    declared_value: DeclaredValueEntry,
    options: Options,
    carbon_neutral: ByClass,
    simple_rate: SimpleRate,
    zones: Zones,
    // Optional tables are those that a domestic tariff can do without.
    #[serde(default)]
    currencies: BTreeMap<String, f64>,
    #[serde(default)]
    taxes: BTreeMap<String, f64>,
    rates: Vec<RateEntry>,
    #[serde(default)]
    lane: Vec<LaneEntry>,
    modifier: Option<ModifierEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dimensional {
    rounding: String,
    cubic_inches_per_pound: u32,
    cubic_centimetres_per_kilogram: u32,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields)]
struct ByClass {
    ground: f64,
    air: f64,
    international: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AreaEntry {
    subtype: String,
    commercial: f64,
    residential: f64,
    #[serde(default)]
    prefixes: Vec<String>,
    #[serde(default)]
    zips: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdditionalHandlingEntry {
    charge: f64,
    over_pounds: u32,
    over_longest: u32,
    over_second: u32,
    // Rules that came in August 2025 default to 0, "no such rule", so older tariffs stay readable.
    #[serde(default)]
    over_volume: u32,
    #[serde(default)]
    over_length_girth: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LargePackageEntry {
    commercial: f64,
    residential: f64,
    over_length: u32,
    over_length_girth: u32,
    #[serde(default)]
    over_volume: u32,
    #[serde(default)]
    over_pounds: u32,
    minimum_pounds: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclaredValueEntry {
    free_dollars: u32,
    per_hundred: f64,
    minimum: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    saturday_delivery: f64,
    saturday_pickup: f64,
    signature: f64,
    adult_signature: f64,
    cash_on_delivery: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "UPPERCASE")]
struct SimpleRate {
    xs: f64,
    s: f64,
    m: f64,
    l: f64,
    xl: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Zones {
    miles: [f32; 6],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateEntry {
    service: String,
    zone: String,
    // Points, not 150 prices: the table between them is a straight line.
    points: Vec<(u32, f64)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LaneEntry {
    from: String,
    to: String,
    fuel: Option<ByClass>,
    residential: Option<ByClass>,
    delivery_area: Option<LaneArea>,
    modifier: Option<ModifierEntry>,
    prices: Vec<PriceEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LaneArea {
    subtype: String,
    commercial: f64,
    residential: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceEntry {
    service: String,
    pounds: u32,
    base: f64,
    negotiated: Option<f64>,
    fuel: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModifierEntry {
    kind: String,
    description: String,
    amount: f64,
}
