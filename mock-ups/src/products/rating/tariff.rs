//! A tariff: everything that turns a weight on a lane into money, as indexed tables.
//!
//! Built once from a file (see `file`), then only read.

mod file;

use std::path::Path;

use crate::places::{Code2, Continent, Region, continent, zip3};

use super::service::{Class, Lane, Service};

pub use file::TariffError;

/// Money in hundredths of the currency.
pub(crate) type Cents = i64;

/// The heaviest weight of the tables, in pounds.
pub(crate) const MAX_POUNDS: usize = 150;

/// Prices by billed pounds; index 0 is the price of a letter.
pub(crate) type PriceColumn = [u32; MAX_POUNDS + 1];

/// A price table. `default` is a table of the mock's own making.
#[derive(Debug)]
pub struct Tariff {
    name: String,
    /// Columns by `service * ZONES + zone`.
    columns: Vec<Option<Box<PriceColumn>>>,
    pub(crate) rules: Rules,
    /// Sorted by origin and destination prefix.
    lanes: Vec<QuotedLane>,
    /// Delivery areas by ZIP prefix and by whole ZIP code, the latter sorted and winning.
    area_by_prefix: Box<[Option<u8>; 1000]>,
    area_by_zip: Vec<(u32, u8)>,
}

/// Everything of a tariff that is not a table.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) dimension_rounding: Rounding,
    /// Cubic inches per pound, cubic centimetres per kilogram.
    pub(crate) divisor_inches: i64,
    pub(crate) divisor_centimetres: i64,
    /// Hundredths of a percent, by class.
    pub(crate) fuel: [i64; Class::COUNT],
    /// Per package, by class.
    pub(crate) residential: [Cents; Class::COUNT],
    pub(crate) areas: Vec<DeliveryArea>,
    pub(crate) additional_handling: AdditionalHandling,
    pub(crate) large_package: LargePackage,
    pub(crate) declared_value: DeclaredValue,
    pub(crate) saturday_delivery: Cents,
    pub(crate) saturday_pickup: Cents,
    pub(crate) signature: Cents,
    pub(crate) adult_signature: Cents,
    pub(crate) cash_on_delivery: Cents,
    pub(crate) carbon_neutral: [Cents; Class::COUNT],
    /// Prices of the sizes XS, S, M, L, XL.
    pub(crate) simple_rate: [Cents; 5],
    /// Upper bounds in miles of zones 2 to 7; zone 8 is everything beyond.
    pub(crate) zone_miles: [f32; 6],
    /// Units of a currency for one dollar, in thousandths.
    pub(crate) currencies: Vec<(String, i64)>,
    /// Value added tax by country of origin, in hundredths of a percent.
    pub(crate) taxes: Vec<(Code2, i64)>,
    pub(crate) lane_balance: Option<RateModifier>,
}

/// How dimensions become whole inches or centimetres before they are multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// To the nearest whole unit, halves up.
    Nearest,
    /// Up to the next whole unit.
    Up,
}

/// Surcharge 376.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeliveryArea {
    pub(crate) subtype: String,
    pub(crate) commercial: Cents,
    pub(crate) residential: Cents,
}

/// Surcharge 100 and what brings it about.
#[derive(Debug, Clone)]
pub(crate) struct AdditionalHandling {
    pub(crate) charge: Cents,
    /// Heavier than this, in pounds.
    pub(crate) over_pounds: i64,
    /// Longest and second side longer than this, in inches.
    pub(crate) over_longest: i64,
    pub(crate) over_second: i64,
    /// Larger than this, in cubic inches. 0 means no such rule.
    pub(crate) over_volume: i64,
    /// Length plus girth over this, in inches. 0 means no such rule.
    pub(crate) over_length_girth: i64,
}

/// Surcharge 377 and what brings it about. 0 means no such rule.
#[derive(Debug, Clone)]
pub(crate) struct LargePackage {
    pub(crate) commercial: Cents,
    pub(crate) residential: Cents,
    pub(crate) over_length: i64,
    pub(crate) over_length_girth: i64,
    pub(crate) over_volume: i64,
    pub(crate) over_pounds: i64,
    /// Billed as if at least this heavy, in pounds.
    pub(crate) minimum_pounds: i64,
}

/// Surcharge 400.
#[derive(Debug, Clone)]
pub(crate) struct DeclaredValue {
    /// Whole dollars that are covered for nothing.
    pub(crate) free_dollars: i64,
    pub(crate) per_hundred: Cents,
    pub(crate) minimum: Cents,
}

/// A fixed change of a negotiated total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RateModifier {
    pub(crate) kind: String,
    pub(crate) description: String,
    pub(crate) amount: Cents,
}

/// Prices that hold between two ZIP prefixes only and win over the tables.
#[derive(Debug, Clone)]
pub(crate) struct QuotedLane {
    pub(crate) from: u16,
    pub(crate) to: u16,
    pub(crate) fuel: Option<[i64; Class::COUNT]>,
    pub(crate) residential: Option<[Cents; Class::COUNT]>,
    pub(crate) area: Option<DeliveryArea>,
    pub(crate) modifier: Option<RateModifier>,
    pub(crate) prices: Vec<QuotedPrice>,
}

/// One price of a [`QuotedLane`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct QuotedPrice {
    pub(crate) service: Service,
    pub(crate) pounds: usize,
    pub(crate) base: Cents,
    /// The negotiated base, when it is not the account's discount on `base`.
    pub(crate) negotiated: Option<Cents>,
    /// In hundredths of a percent, when it is not the lane's or the class's.
    pub(crate) fuel: Option<i64>,
}

/// The zones of the price tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Zone(u8);

/// The names that tariff files use, in table order.
const ZONE_NAMES: [&str; 18] = [
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "hawaii",
    "alaska",
    "puerto-rico",
    "home",
    "region",
    "canada",
    "mexico",
    "europe",
    "asia",
    "latin-america",
    "world",
];

/// The zone numbers that ground services show; air services add a hundred or more.
const ZONE_NUMBERS: [i64; 18] = [
    // Hawaii, Alaska, Puerto Rico and the foreign regions have numbers outside 2 to 8 on UPS's charts.
    2, 3, 4, 5, 6, 7, 8, 44, 46, 45, 1, 51, 81, 82, 84, 86, 87, 89,
];

impl Zone {
    pub(crate) const COUNT: usize = ZONE_NAMES.len();

    fn named(name: &str) -> Option<Self> {
        let at = ZONE_NAMES.iter().position(|known| *known == name)?;
        u8::try_from(at).ok().map(Self)
    }

    /// The number in answers (`Zone`), which differs by service as on UPS's charts.
    pub(crate) fn number(self, service: Service) -> i64 {
        let offset = match service.code() {
            "01" | "14" => 100,
            "13" => 130,
            "02" => 200,
            "59" => 240,
            "12" => 300,
            // Pallets may be heavier than the table; its last price holds for them.
            "07" | "54" => 900,
            "65" => 400,
            "08" => 600,
            _ => 0,
        };
        offset + ZONE_NUMBERS[usize::from(self.0)]
    }

    /// How many steps from the origin a domestic zone is: 2 for the nearest.
    pub(crate) const fn steps(self) -> usize {
        self.0 as usize + 2
    }
}

/// A tariff that the mock carries with it.
const BUNDLED: [(&str, &str); 2] = [
    ("default", include_str!("../../../tariffs/default.toml")),
    (
        // Prices that reproduce recorded answers of the test environment in January 2024.
        "cie-2024-01",
        include_str!("../../../tariffs/cie-2024-01.toml"),
    ),
];

impl Tariff {
    /// The bundled tariff with this name: `default` or `cie-2024-01`.
    ///
    /// # Errors
    ///
    /// When there is no such tariff.
    pub fn bundled(name: &str) -> Result<Self, TariffError> {
        match BUNDLED.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => file::parse(text),
            None => Err(TariffError::Unknown(name.to_owned())),
        }
    }

    /// Reads a tariff from a file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or does not describe a tariff.
    pub fn from_file(path: &Path) -> Result<Self, TariffError> {
        let text = std::fs::read_to_string(path).map_err(|cause| TariffError::Unreadable {
            path: path.to_owned(),
            cause,
        })?;
        file::parse(&text)
    }

    /// Reads a tariff from the text of a file.
    ///
    /// # Errors
    ///
    /// When the text does not describe a tariff.
    pub fn from_toml(text: &str) -> Result<Self, TariffError> {
        file::parse(text)
    }

    /// The name that the file gives it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The published price, `None` when the tariff does not sell the service in the zone.
    pub(crate) fn base(&self, service: Service, zone: Zone, pounds: usize) -> Option<Cents> {
        let column =
            self.columns[service.index() * Zone::COUNT + usize::from(zone.0)].as_deref()?;
        Some(Cents::from(column[pounds.min(MAX_POUNDS)]))
    }

    /// Whether the tariff sells the service in the zone.
    pub(crate) fn sells(&self, service: Service, zone: Zone) -> bool {
        self.columns[service.index() * Zone::COUNT + usize::from(zone.0)].is_some()
    }

    /// The quoted prices between two ZIP prefixes.
    pub(crate) fn quoted(&self, from: Option<u16>, to: Option<u16>) -> Option<&QuotedLane> {
        let key = (from?, to?);
        // Few lanes and many calls: the file's reader sorted them for this search.
        let at = self
            .lanes
            .binary_search_by_key(&key, |lane| (lane.from, lane.to))
            .ok()?;
        self.lanes.get(at)
    }

    /// The delivery area of a ZIP code.
    pub(crate) fn area(&self, zip: u32) -> Option<&DeliveryArea> {
        // The whole ZIP code wins, since one prefix can hold rural and suburban places.
        let by_zip = self.area_by_zip.binary_search_by_key(&zip, |entry| entry.0);
        let index = match by_zip {
            Ok(at) => self.area_by_zip[at].1,
            Err(_) => (*self.area_by_prefix.get(zip as usize / 100)?)?,
        };
        self.rules.areas.get(usize::from(index))
    }

    /// The zone of a shipment. Prefixes are those of US ZIP codes, where both are known.
    pub(crate) fn zone(&self, lane: Lane, from: Option<u16>, to: Option<u16>) -> Zone {
        // The names are constants of the table above; zone 8 is the fallback that prices nothing too low.
        let name = |wanted: &str| Zone::named(wanted).unwrap_or(Zone(6));
        // Before "domestic": the United States and Puerto Rico are two countries with one set of zones.
        if lane.is_united_states() {
            return self.domestic_zone(from, to);
        }
        if lane.is_domestic() {
            return name("home");
        }
        if lane.is_european() {
            return name("region");
        }
        name(match continent(lane.to.0) {
            // Canada and Mexico are neighbours; other origins reach the United States by the dearest table.
            Continent::UnitedStates => match lane.from.1 {
                Region::Canada | Region::Mexico => "region",
                Region::UnitedStates
                | Region::PuertoRico
                | Region::Poland
                | Region::EuropeanUnion
                | Region::Elsewhere => "world",
            },
            Continent::Canada => "canada",
            Continent::Mexico => "mexico",
            Continent::Europe => "europe",
            Continent::Asia => "asia",
            Continent::LatinAmerica => "latin-america",
            Continent::World => "world",
        })
    }

    fn domestic_zone(&self, from: Option<u16>, to: Option<u16>) -> Zone {
        let (Some(from), Some(to)) = (from.and_then(zip3), to.and_then(zip3)) else {
            // A ZIP code is missing or unknown: the farthest zone, so that no rate is too cheap.
            return Zone(6);
        };
        // Within Hawaii or Alaska the mainland's distance bands apply.
        if from.state != to.state {
            // Destination first: UPS names the zone after where the shipment goes.
            for end in [to.state, from.state] {
                match end.as_str() {
                    "HI" => return Zone(7),
                    "AK" => return Zone(8),
                    "PR" | "VI" | "GU" => return Zone(9),
                    _ => {}
                }
            }
        }
        let miles = from.miles_to(&to);
        let bands = self.rules.zone_miles.iter();
        // The bounds ascend, so counting those that are passed gives the zone.
        let step = bands.take_while(|bound| miles > **bound).count();
        Zone(u8::try_from(step).unwrap_or(6))
    }

    /// Units of the currency for one dollar, in thousandths.
    pub(crate) fn currency_factor(&self, currency: &str) -> i64 {
        self.rules
            .currencies
            .iter()
            .find(|(known, _)| known == currency)
            // An unknown currency is priced as dollars: a foreign origin must still get an answer.
            .map_or(1000, |(_, factor)| *factor)
    }
}

#[cfg(test)]
mod tests;
