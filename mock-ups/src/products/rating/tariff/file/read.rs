//! What a tariff file says, as the tariff that the calculation uses.

use std::collections::BTreeMap;

use crate::places::Code2;
use crate::products::rating::service::{Class, Service};

use super::super::{
    AdditionalHandling, Cents, DeclaredValue, DeliveryArea, LargePackage, MAX_POUNDS, PriceColumn,
    QuotedLane, QuotedPrice, RateModifier, Rounding, Rules, Tariff, Zone,
};
use super::{AreaEntry, ByClass, File, LaneEntry, ModifierEntry, TariffError};

/// Reads the text of a tariff file.
pub(in super::super) fn parse(text: &str) -> Result<Tariff, TariffError> {
    let value = toml_span::parse(text).map_err(|error| {
        let place = error.line_info.map_or_else(String::new, |(line, column)| {
            // The parser counts from 0, editors from 1.
            format!("line {}, column {}: ", line + 1, column + 1)
        });
        TariffError::Syntax(format!("{place}{error}"))
    })?;
    // By way of JSON: the TOML reader can write its values through serde but not read types from them.
    let value = serde_json::to_value(&value).map_err(|e| TariffError::Format(e.to_string()))?;
    let file: File =
        serde_json::from_value(value).map_err(|e| TariffError::Format(e.to_string()))?;

    let mut columns = vec![None; Service::COUNT * Zone::COUNT];
    for entry in &file.rates {
        let place = format!("rates for service {} in zone {}", entry.service, entry.zone);
        let service = service(&entry.service, &place)?;
        let zone = Zone::named(&entry.zone).ok_or_else(|| wrong(&place, "no such zone"))?;
        let column = column(&entry.points, &place)?;
        let slot = &mut columns[service.index() * Zone::COUNT + usize::from(zone.0)];
        // The later of two columns would win without a word.
        if slot.replace(Box::new(column)).is_some() {
            return Err(wrong(place, "given twice"));
        }
    }
    let mut lanes: Vec<QuotedLane> = file.lane.iter().map(lane).collect::<Result<_, _>>()?;
    // Sorted, as lookups search by halves.
    lanes.sort_by_key(|lane| (lane.from, lane.to));
    if lanes
        .windows(2)
        // Neighbours after sorting, so one pass finds every pair.
        .any(|pair| (pair[0].from, pair[0].to) == (pair[1].from, pair[1].to))
    {
        return Err(wrong("lane", "the same pair of prefixes twice"));
    }
    let (area_by_prefix, area_by_zip) = areas(&file.delivery_area)?;
    Ok(Tariff {
        name: file.name.clone(),
        columns,
        rules: rules(&file)?,
        lanes,
        area_by_prefix,
        area_by_zip,
    })
}

fn rules(file: &File) -> Result<Rules, TariffError> {
    let handling = &file.additional_handling;
    let large = &file.large_package;
    let size = &file.simple_rate;
    Ok(Rules {
        dimension_rounding: match file.dimensional.rounding.as_str() {
            "nearest" => Rounding::Nearest,
            "up" => Rounding::Up,
            _ => return Err(wrong("dimensional.rounding", "write `nearest` or `up`")),
        },
        // 0 would divide by zero at the first package with sides; 1 is absurd and safe.
        divisor_inches: i64::from(file.dimensional.cubic_inches_per_pound.max(1)),
        divisor_centimetres: i64::from(file.dimensional.cubic_centimetres_per_kilogram.max(1)),
        fuel: by_class(file.fuel, "fuel")?,
        residential: by_class(file.residential, "residential")?,
        areas: file
            .delivery_area
            .iter()
            .map(|entry| area(&entry.subtype, entry.commercial, entry.residential))
            .collect::<Result<_, _>>()?,
        additional_handling: AdditionalHandling {
            charge: cents(handling.charge, "additional_handling")?,
            over_pounds: handling.over_pounds.into(),
            over_longest: handling.over_longest.into(),
            over_second: handling.over_second.into(),
            over_volume: handling.over_volume.into(),
            over_length_girth: handling.over_length_girth.into(),
        },
        large_package: LargePackage {
            commercial: cents(large.commercial, "large_package")?,
            residential: cents(large.residential, "large_package")?,
            over_length: large.over_length.into(),
            over_length_girth: large.over_length_girth.into(),
            over_volume: large.over_volume.into(),
            over_pounds: large.over_pounds.into(),
            minimum_pounds: large.minimum_pounds.into(),
        },
        declared_value: DeclaredValue {
            free_dollars: file.declared_value.free_dollars.into(),
            per_hundred: cents(file.declared_value.per_hundred, "declared_value")?,
            minimum: cents(file.declared_value.minimum, "declared_value")?,
        },
        saturday_delivery: cents(file.options.saturday_delivery, "options")?,
        saturday_pickup: cents(file.options.saturday_pickup, "options")?,
        signature: cents(file.options.signature, "options")?,
        adult_signature: cents(file.options.adult_signature, "options")?,
        cash_on_delivery: cents(file.options.cash_on_delivery, "options")?,
        carbon_neutral: by_class(file.carbon_neutral, "carbon_neutral")?,
        simple_rate: [
            cents(size.xs, "simple_rate")?,
            cents(size.s, "simple_rate")?,
            cents(size.m, "simple_rate")?,
            cents(size.l, "simple_rate")?,
            cents(size.xl, "simple_rate")?,
        ],
        zone_miles: ascending(file.zones.miles)?,
        currencies: currencies(&file.currencies)?,
        taxes: taxes(&file.taxes)?,
        lane_balance: file.modifier.as_ref().map(modifier).transpose()?,
    })
}

fn ascending(miles: [f32; 6]) -> Result<[f32; 6], TariffError> {
    if miles.windows(2).all(|pair| pair[0] < pair[1]) {
        Ok(miles)
    } else {
        Err(wrong("zones.miles", "the bounds must ascend"))
    }
}

fn currencies(entries: &BTreeMap<String, f64>) -> Result<Vec<(String, i64)>, TariffError> {
    entries
        .iter()
        .map(|(name, factor)| {
            // A factor of 0 would divide by zero when declared values are turned into dollars.
            let factor = scaled(*factor, 1000.0, "currencies")?.max(1);
            Ok((name.clone(), factor))
        })
        .collect()
}

fn taxes(entries: &BTreeMap<String, f64>) -> Result<Vec<(Code2, i64)>, TariffError> {
    entries
        .iter()
        .map(|(country, percent)| {
            let code = Code2::parse(country)
                .ok_or_else(|| wrong("taxes", format!("`{country}` is not a country code")))?;
            Ok((code, cents(*percent, "taxes")?))
        })
        .collect()
}

type AreaTables = (Box<[Option<u8>; 1000]>, Vec<(u32, u8)>);

fn areas(entries: &[AreaEntry]) -> Result<AreaTables, TariffError> {
    let mut by_prefix = Box::new([None; 1000]);
    let mut by_zip = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        // The tables hold one byte per ZIP prefix, so 256 areas are the most.
        let index = u8::try_from(index).map_err(|_| wrong("delivery_area", "too many"))?;
        for text in &entry.prefixes {
            by_prefix[usize::from(prefix(text)?)] = Some(index);
        }
        for text in &entry.zips {
            // Leading zeros count: `01234` is a ZIP code and `1234` is not.
            let zip = text.parse().ok().filter(|_| text.len() == 5);
            let zip = zip.ok_or_else(|| wrong("delivery_area.zips", "five digits each"))?;
            by_zip.push((zip, index));
        }
    }
    by_zip.sort_unstable();
    Ok((by_prefix, by_zip))
}

fn lane(entry: &LaneEntry) -> Result<QuotedLane, TariffError> {
    let place = format!("lane {} to {}", entry.from, entry.to);
    let area = entry.delivery_area.as_ref();
    Ok(QuotedLane {
        from: prefix(&entry.from)?,
        to: prefix(&entry.to)?,
        fuel: entry.fuel.map(|fuel| by_class(fuel, &place)).transpose()?,
        residential: entry
            .residential
            .map(|charge| by_class(charge, &place))
            .transpose()?,
        area: area
            .map(|entry| self::area(&entry.subtype, entry.commercial, entry.residential))
            .transpose()?,
        modifier: entry.modifier.as_ref().map(modifier).transpose()?,
        prices: entry
            .prices
            .iter()
            .map(|price| {
                Ok(QuotedPrice {
                    service: service(&price.service, &place)?,
                    pounds: price.pounds as usize,
                    base: cents(price.base, &place)?,
                    negotiated: price.negotiated.map(|v| cents(v, &place)).transpose()?,
                    fuel: price.fuel.map(|v| cents(v, &place)).transpose()?,
                })
            })
            .collect::<Result<_, TariffError>>()?,
    })
}

fn modifier(entry: &ModifierEntry) -> Result<RateModifier, TariffError> {
    Ok(RateModifier {
        kind: entry.kind.clone(),
        description: entry.description.clone(),
        // Modifiers may be negative, and no other amount may: the sign is kept apart.
        amount: if entry.amount < 0.0 {
            -cents(-entry.amount, "modifier")?
        } else {
            cents(entry.amount, "modifier")?
        },
    })
}

fn area(subtype: &str, commercial: f64, residential: f64) -> Result<DeliveryArea, TariffError> {
    Ok(DeliveryArea {
        subtype: subtype.to_owned(),
        commercial: cents(commercial, "delivery_area")?,
        residential: cents(residential, "delivery_area")?,
    })
}

fn prefix(text: &str) -> Result<u16, TariffError> {
    let parsed = text.parse().ok().filter(|_| text.len() == 3);
    parsed.ok_or_else(|| wrong(format!("ZIP prefix `{text}`"), "three digits"))
}

fn service(code: &str, place: &str) -> Result<Service, TariffError> {
    Service::parse(code).ok_or_else(|| wrong(place, format!("`{code}` is not a service code")))
}

fn by_class(value: ByClass, place: &str) -> Result<[i64; Class::COUNT], TariffError> {
    Ok([
        cents(value.ground, place)?,
        cents(value.air, place)?,
        cents(value.international, place)?,
    ])
}

/// Fills a column from points: straight lines between them, the last price beyond.
fn column(points: &[(u32, f64)], place: &str) -> Result<PriceColumn, TariffError> {
    let mut column = [0; MAX_POUNDS + 1];
    let mut known: Vec<(usize, Cents)> = Vec::with_capacity(points.len());
    for (pounds, price) in points {
        let next = (*pounds as usize, cents(*price, place)?);
        // A heavier package must never cost less; clients rely on it when they split shipments.
        let ordered = known
            .last()
            .is_none_or(|last| last.0 < next.0 && last.1 <= next.1);
        if !ordered || next.0 > MAX_POUNDS {
            let problem = "the points must ascend in weight, up to 150, and not fall in price";
            return Err(wrong(place, problem));
        }
        known.push(next);
    }
    let (Some(first), Some(last)) = (known.first(), known.last()) else {
        return Err(wrong(place, "no points"));
    };
    let mut at = 0;
    for (pounds, cell) in column.iter_mut().enumerate() {
        // Both ascend, so the search for the next point goes on where the last one ended.
        while known.get(at).is_some_and(|point| point.0 < pounds) {
            at += 1;
        }
        let price = match at {
            // Below the first point its price holds: there is no cheaper weight to draw a line from.
            0 => first.1,
            _ if at == known.len() => last.1,
            _ => {
                let ((w0, p0), (w1, p1)) = (known[at - 1], known[at]);
                let (run, width) = ((pounds - w0).cast_signed(), (w1 - w0).cast_signed());
                // Half the width is added so that the division rounds.
                p0 + ((p1 - p0) * run as i64 + width as i64 / 2) / width as i64
            }
        };
        *cell = u32::try_from(price).map_err(|_| wrong(place, "price too high"))?;
    }
    Ok(column)
}

/// Dollars to cents, or percent to hundredths of a percent.
fn cents(value: f64, place: &str) -> Result<Cents, TariffError> {
    scaled(value, 100.0, place)
}

fn scaled(value: f64, factor: f64, place: &str) -> Result<i64, TariffError> {
    let scaled = (value * factor).round();
    // The upper bound keeps products with percentages and package counts inside 64 bits.
    if (0.0..=1e9).contains(&scaled) {
        // In range, so the cast is exact.
        Ok(scaled as i64)
    } else {
        Err(wrong(place, format!("{value} is out of range")))
    }
}

/// A [`TariffError::Value`].
fn wrong(place: impl Into<String>, problem: impl Into<String>) -> TariffError {
    TariffError::Value {
        place: place.into(),
        problem: problem.into(),
    }
}
