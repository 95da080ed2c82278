//! Packages: units, limits, billed weight and what the dimensions bring about.

use crate::api::UpsError;
use crate::lenient::{Text, thousandths};
use crate::places::Region;
use crate::products::rating::error;
use crate::products::rating::job::{Parcel, SIMPLE_RATE_SIZES, Units};
use crate::products::rating::request::{DimensionsIn, Package, WeightIn};
use crate::products::rating::service::{Lane, Packaging, Service};
use crate::products::rating::tariff::{MAX_POUNDS, Rounding, Tariff};

/// Thousandths of a pound in a kilogram.
// Three decimals, as weights are kept in thousandths; a finer factor would move no billed half kilogram.
const POUNDS_PER_KILOGRAM: i64 = 2205;

/// The unit system of all packages.
pub(super) fn units(packages: &[Package<'_>], lane: Lane) -> Result<Units, UpsError> {
    let mut found = None;
    for package in packages {
        let weight = package
            .package_weight
            .as_ref()
            .map_or(Ok(None), weight_units)?;
        let size = package.dimensions.as_ref().map_or(Ok(None), size_units)?;
        // Before the country is looked at: a mixture is code 110548 wherever the shipment starts.
        for units in [weight, size].into_iter().flatten() {
            if *found.get_or_insert(units) != units {
                return Err(error::MIXED_UNITS.into());
            }
        }
    }
    let metric_only = lane.from.1.is_european_union();
    // Letters and simple rates may come without any unit, so the origin's own system is assumed.
    let units = found.unwrap_or(if metric_only {
        Units::Metric
    } else {
        Units::Imperial
    });
    let valid = match lane.from.1 {
        // UPS rates domestic US packages in pounds only and answers 111057 to kilograms.
        Region::UnitedStates | Region::PuertoRico => units == Units::Imperial,
        Region::Poland | Region::EuropeanUnion => units == Units::Metric,
        Region::Canada | Region::Mexico | Region::Elsewhere => true,
    };
    if valid {
        Ok(units)
    } else {
        Err(error::WRONG_SYSTEM.into())
    }
}

fn weight_units(weight: &WeightIn<'_>) -> Result<Option<Units>, UpsError> {
    let code = weight
        .unit_of_measurement
        .as_ref()
        .and_then(|unit| unit.code.present());
    match code {
        // A weight without a unit is pounds in the description; the default is chosen once for the shipment.
        None => Ok(None),
        Some(code) if code.eq_ignore_ascii_case("LBS") => Ok(Some(Units::Imperial)),
        Some(code) if code.eq_ignore_ascii_case("KGS") => Ok(Some(Units::Metric)),
        Some(_) => Err(error::WEIGHT_UNIT_INVALID.into()),
    }
}

fn size_units(size: &DimensionsIn<'_>) -> Result<Option<Units>, UpsError> {
    // Empty sides mean no dimensions, so a missing unit is no mistake either.
    if is_blank(size) {
        return Ok(None);
    }
    let code = size
        .unit_of_measurement
        .as_ref()
        .and_then(|unit| unit.code.present());
    match code {
        // Unlike a weight, sides have no default unit: UPS reports 110020.
        None => Err(error::SIZE_UNIT_MISSING.into()),
        Some(code) if code.eq_ignore_ascii_case("IN") => Ok(Some(Units::Imperial)),
        Some(code) if code.eq_ignore_ascii_case("CM") => Ok(Some(Units::Metric)),
        Some(_) => Err(error::SIZE_UNIT_INVALID.into()),
    }
}

fn is_blank(size: &DimensionsIn<'_>) -> bool {
    [&size.length, &size.width, &size.height]
        .iter()
        .all(|side| side.present().is_none())
}

/// Checks and measures one package.
pub(super) fn parcel<'r>(
    package: &'r Package<'_>,
    index: usize,
    units: Units,
    lane: Lane,
    tariff: &Tariff,
) -> Result<Parcel<'r>, UpsError> {
    let kind = package
        // Rating's own name wins where a client sends both.
        .packaging_type
        .as_ref()
        .or(package.packaging.as_ref());
    let packaging = Packaging::parse(kind.map_or("", |kind| kind.code.as_str()))
        .ok_or_else(|| UpsError::from(error::PACKAGING_UNAVAILABLE))?;
    let simple_rate = simple_rate(package)?;
    let sent = package
        .package_weight
        .as_ref()
        .map_or("", |weight| weight.weight.as_str());
    // A letter and a simple rate are sold without a weight, so an absent one is no error for them.
    let weighs_something = packaging != Packaging::Letter && simple_rate.is_none();
    let weight = actual_weight(sent, units, weighs_something)?;
    // After the weight: a package without weight and sides gets the weight's code.
    let size = Size::measure(package, index, units, tariff)?;
    // Freight: the limits of 150 lb and 108 in are those of small packages.
    if packaging != Packaging::Pallet {
        within_limits(weight, size, units)?;
    }

    let rules = &tariff.rules;
    let dimensional = size.map_or(0, |size| size.dimensional(units, tariff));
    // UPS bills the heavier of actual and dimensional weight, each rounded up first.
    let mut billed = round_up_weight(weight, units).max(dimensional);
    let scale = size.map(|size| size.in_inches(units));
    // The thresholds for handling and large packages are known in pounds and inches only, so metric is converted.
    let weight_pounds = to_pounds(weight, units);
    let found_handling = needs_handling(weight_pounds, scale, tariff);
    let large = package.large_package_indicator.0 || is_large(weight_pounds, scale, tariff);
    if large {
        // Large packages are billed at a minimum weight, which comes after the dimensional weight.
        billed = billed.max(match units {
            Units::Imperial => rules.large_package.minimum_pounds * 10,
            // Minimum pounds in tenths of a kilogram: 10 tenths times 1000 thousandths over the factor.
            Units::Metric => rules.large_package.minimum_pounds * 10_000 / POUNDS_PER_KILOGRAM,
        });
    }
    let is_letter = packaging == Packaging::Letter && weight <= LETTER_LIMIT;
    if is_letter {
        // A guess: letters are billed at half a unit, whatever they weigh.
        billed = 5;
    }
    let options = package.package_service_options.as_ref();
    Ok(Parcel {
        packaging,
        weight: if sent.is_empty() { "0" } else { sent },
        // Simple rate is priced by its size, and answers show a billing weight of 0.0.
        billed: if simple_rate.is_some() { 0 } else { billed },
        // Index 0 of a price column is the letter's price.
        pounds: if is_letter {
            0
        } else {
            price_index(billed, units)
        },
        // UPS charges one or the other: a large package never pays additional handling too.
        additional_handling: !large && (package.additional_handling_indicator.0 || found_handling),
        // Alert 119001 is only for handling that the client did not ask for.
        handling_was_found: !large && found_handling && !package.additional_handling_indicator.0,
        large,
        signature: options
            .and_then(|options| options.delivery_confirmation.as_ref())
            // Elsewhere a signature belongs to the shipment and is read there, so the package's is ignored.
            .filter(|_| lane.is_united_states() || lane.is_domestic())
            // On packages UPS counts 1 as unsupported, 2 as any signature and 3 as an adult's.
            .and_then(|confirmation| super::signature_of(confirmation, "2", "3")),
        declared_value: declared_value(package)?,
        cash_on_delivery: options.is_some_and(|options| options.cash_on_delivery.0),
        by_road: super::regulated::goes_by_road(options, lane)?,
        simple_rate,
    })
}

/// Refuses shipping's name for the packaging.
pub(super) fn named_strictly(packages: &[Package<'_>]) -> Result<(), UpsError> {
    let is_misnamed = |package: &Package<'_>| {
        // Only where `PackagingType` is absent: a client that sends both names has named it for rating.
        package.packaging_type.as_ref().is_none() && package.packaging.as_ref().is_some()
    };
    match packages.iter().any(is_misnamed) {
        true => Err(error::PACKAGING_UNAVAILABLE.into()),
        false => Ok(()),
    }
}

/// A letter that is heavier, in thousandths of a pound or kilogram, is priced as a package.
const LETTER_LIMIT: i64 = 500;

/// The weight in thousandths of the unit.
fn actual_weight(sent: &str, units: Units, must_weigh: bool) -> Result<i64, UpsError> {
    let none = match units {
        Units::Imperial => error::NO_WEIGHT_POUNDS,
        Units::Metric => error::NO_WEIGHT_KILOGRAMS,
    };
    match thousandths(sent) {
        Some(weight) if weight > 0 => Ok(weight),
        // Zero, absent and unreadable have one code: a package that must weigh something does not.
        Some(0) if !must_weigh => Ok(0),
        None if sent.is_empty() && !must_weigh => Ok(0),
        _ => Err(none.into()),
    }
}

fn within_limits(weight: i64, size: Option<Size>, units: Units) -> Result<(), UpsError> {
    let (heaviest, longest, around) = match units {
        Units::Imperial => (150, 108, 165),
        // 274 cm as in the field's description, although the error's own text says 270 cm.
        Units::Metric => (70, 274, 419),
    };
    let too = match units {
        Units::Imperial => (
            error::TOO_HEAVY_POUNDS,
            error::TOO_LONG_INCHES,
            error::TOO_BIG,
        ),
        Units::Metric => (
            error::TOO_HEAVY_KILOGRAMS,
            error::TOO_LONG_CENTIMETRES,
            error::TOO_BIG_CENTIMETRES,
        ),
    };
    // Weight, then length, then girth: a crate that breaks all three limits is reported as too heavy.
    if weight > heaviest * 1000 {
        return Err(too.0.into());
    }
    // Without sides there is nothing to measure; UPS bills by weight alone.
    let Some(size) = size else { return Ok(()) };
    if size.longest > longest {
        return Err(too.1.into());
    }
    if size.length_and_girth() > around {
        return Err(too.2.into());
    }
    Ok(())
}

/// The sides in whole inches or centimetres, longest first.
#[derive(Debug, Clone, Copy)]
struct Size {
    longest: i64,
    second: i64,
    third: i64,
}

impl Size {
    fn measure(
        package: &Package<'_>,
        index: usize,
        units: Units,
        tariff: &Tariff,
    ) -> Result<Option<Self>, UpsError> {
        let Some(sent) = package.dimensions.as_ref().filter(|size| !is_blank(size)) else {
            return Ok(None);
        };
        // A side is hostile input: capped at about 250 m, so that the volume of three cannot overflow.
        let most = if units == Units::Imperial {
            10_000_000
        } else {
            25_400_000
        };
        let side = |text: &Text<'_>| {
            let side = thousandths(text.as_str()).filter(|side| *side > 0)?;
            Some(match tariff.rules.dimension_rounding {
                // Sides are rounded before they are multiplied: only so does the recorded 5 lb come out for 8 x 6 x 12
                // in.
                Rounding::Nearest => (side.min(most) + 500) / 1000,
                Rounding::Up => (side.min(most) + 999) / 1000,
            })
        };
        let measured = || Some([side(&sent.length)?, side(&sent.width)?, side(&sent.height)?]);
        // Sides may be sent in any order; UPS calls the longest the length.
        let mut sides = measured().ok_or_else(|| error::dimensions_incomplete(index))?;
        sides.sort_unstable();
        let [third, second, longest] = sides;
        Ok(Some(Self {
            longest,
            second,
            third,
        }))
    }

    const fn length_and_girth(self) -> i64 {
        // Girth is twice the sum of the two shorter sides, as the text of error 111050 says.
        self.longest + 2 * (self.second + self.third)
    }

    const fn volume(self) -> i64 {
        self.longest * self.second * self.third
    }

    /// The dimensional weight in tenths of the unit, rounded up.
    fn dimensional(self, units: Units, tariff: &Tariff) -> i64 {
        match units {
            Units::Imperial => self.volume().div_euclid_up(tariff.rules.divisor_inches) * 10,
            Units::Metric => {
                // Half kilograms: the volume is doubled, so that rounding up stops at each half.
                (self.volume() * 2).div_euclid_up(tariff.rules.divisor_centimetres) * 5
            }
        }
    }

    fn in_inches(self, units: Units) -> Self {
        let convert = |side: i64| match units {
            Units::Imperial => side,
            // Cut off, not rounded: a side just under an inch limit must not be lifted over it.
            Units::Metric => side * 100 / 254,
        };
        Self {
            longest: convert(self.longest),
            second: convert(self.second),
            third: convert(self.third),
        }
    }
}

/// Division of non-negative numbers that rounds up.
trait DivideUp {
    fn div_euclid_up(self, divisor: Self) -> Self;
}

impl DivideUp for i64 {
    fn div_euclid_up(self, divisor: Self) -> Self {
        (self + divisor - 1) / divisor
    }
}

/// Whole pounds, or half kilograms, in tenths.
fn round_up_weight(thousandths: i64, units: Units) -> i64 {
    match units {
        Units::Imperial => thousandths.div_euclid_up(1000) * 10,
        Units::Metric => thousandths.div_euclid_up(500) * 5,
    }
}

/// Thousandths of a pound.
const fn to_pounds(weight: i64, units: Units) -> i64 {
    match units {
        Units::Imperial => weight,
        Units::Metric => weight * POUNDS_PER_KILOGRAM / 1000,
    }
}

fn price_index(billed: i64, units: Units) -> usize {
    let pounds = to_pounds(billed * 100, units).div_euclid_up(1000);
    // At least 1, as index 0 is a letter; pallets are heavier than the table and take its last price.
    usize::try_from(pounds).unwrap_or(0).clamp(1, MAX_POUNDS)
}

fn needs_handling(weight: i64, size: Option<Size>, tariff: &Tariff) -> bool {
    let rule = &tariff.rules.additional_handling;
    // Rules that a tariff does not have are 0, which must not mean "everything is over it".
    let over = |limit: i64, value: i64| limit > 0 && value > limit;
    over(rule.over_pounds * 1000, weight)
        || size.is_some_and(|size| {
            over(rule.over_longest, size.longest)
                || over(rule.over_second, size.second)
                || over(rule.over_volume, size.volume())
                || over(rule.over_length_girth, size.length_and_girth())
        })
}

fn is_large(weight: i64, size: Option<Size>, tariff: &Tariff) -> bool {
    let rule = &tariff.rules.large_package;
    let over = |limit: i64, value: i64| limit > 0 && value > limit;
    over(rule.over_pounds * 1000, weight)
        || size.is_some_and(|size| {
            over(rule.over_length, size.longest)
                || over(rule.over_length_girth, size.length_and_girth())
                || over(rule.over_volume, size.volume())
        })
}

/// The declared value or, in its place, the amount of `PackageProtection`, which is priced alike: a guess.
fn declared_value(package: &Package<'_>) -> Result<i64, UpsError> {
    // 50,000 units in thousandths: UPS's highest value for remote accounts, not the 5,000 of local ones.
    const MOST: i64 = 50_000_000;
    let options = package.package_service_options.as_ref();
    let protection = options
        .and_then(|options| options.insurance.as_ref())
        .and_then(|insurance| insurance.package_protection.as_ref());
    let declared = options.and_then(|options| options.declared_value.as_ref());
    let Some(value) = declared.or(protection) else {
        return Ok(0);
    };
    match value.monetary_value.present().map(thousandths) {
        None => Ok(0),
        Some(Some(amount)) if amount > MOST => Err(error::DECLARED_VALUE_TOO_HIGH.into()),
        // Cents are cut off: a third decimal is no money.
        Some(Some(amount)) if amount >= 0 => Ok(amount / 10),
        Some(_) => Err(error::DECLARED_VALUE_INVALID.into()),
    }
}

fn simple_rate(package: &Package<'_>) -> Result<Option<usize>, UpsError> {
    let sent = package
        .simple_rate
        .as_ref()
        .and_then(|size| size.code.present());
    // An empty code means no simple rate, not an unknown size.
    let Some(code) = sent else { return Ok(None) };
    SIMPLE_RATE_SIZES
        .iter()
        .position(|known| known.eq_ignore_ascii_case(code))
        .map(Some)
        .ok_or_else(|| error::SIMPLE_RATE_INVALID.into())
}

/// Whether every package can go by the service that Rate asks for.
pub(super) fn fits_service(
    parcels: &[Parcel<'_>],
    service: Service,
    lane: Lane,
) -> Result<(), UpsError> {
    for parcel in parcels {
        if !parcel.packaging.goes_by(service, lane) {
            return Err(match parcel.packaging {
                // Two codes for one mistake: packaging that never goes by such a service is 111212, the rest 111500.
                Packaging::WorldwideBox | Packaging::Mail | Packaging::Pallet => {
                    error::PACKAGING_UNAVAILABLE.into()
                }
                Packaging::Letter | Packaging::Express | Packaging::Customer => {
                    error::PACKAGING_INVALID.into()
                }
            });
        }
        if !parcel.goes_by(service, lane) {
            // The packaging fits, so it is what is inside.
            return Err(error::OPTION_UNAVAILABLE.into());
        }
        // Simple rate exists for 2nd Day Air, Ground and 3 Day Select within the United States.
        let simple = lane.is_united_states() && matches!(service.code(), "02" | "03" | "12");
        if parcel.simple_rate.is_some() && !simple {
            return Err(error::SIMPLE_RATE_INVALID.into());
        }
    }
    Ok(())
}
