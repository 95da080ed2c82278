//! Locator: `POST /api/locations/{version}/search/availabilities/{option}`. The places are made up
//! around the address that is asked about, the same ones each time.

use http::Method;

use crate::api::{ApiRequest, ApiResponse, Product, UpsError};
use crate::json::{Json, Style};
use crate::lenient::{Opt, Text, members};
use crate::places::{self, Code2};
use crate::products::rating::error;
use crate::products::rating::request::CodeObject;
use crate::products::request_body::read;
use crate::products::versions::{Api, version as version_of};

/// The product.
#[derive(Debug)]
pub struct Locator;

#[derive(Debug, Default)]
struct Envelope<'a> {
    locator_request: Opt<Request<'a>>,
}

members!('a, Envelope<'a> {
    "LocatorRequest" => locator_request,
});

#[derive(Debug, Default)]
struct Request<'a> {
    origin_address: Opt<Origin<'a>>,
    unit_of_measurement: Opt<CodeObject<'a>>,
    search_criteria: Opt<Criteria<'a>>,
}

members!('a, Request<'a> {
    "OriginAddress" => origin_address,
    "UnitOfMeasurement" => unit_of_measurement,
    "LocationSearchCriteria" => search_criteria,
});

#[derive(Debug, Default)]
struct Criteria<'a> {
    maximum_list_size: Text<'a>,
    search_radius: Text<'a>,
}

members!('a, Criteria<'a> {
    "MaximumListSize" => maximum_list_size,
    "SearchRadius" => search_radius,
});

#[derive(Debug, Default)]
struct Origin<'a> {
    address_key_format: Opt<Address<'a>>,
    maximum_list_size: Text<'a>,
}

members!('a, Origin<'a> {
    "AddressKeyFormat" => address_key_format,
    "MaximumListSize" => maximum_list_size,
});

#[derive(Debug, Default)]
struct Address<'a> {
    political_division2: Text<'a>,
    political_division1: Text<'a>,
    postcode_primary_low: Text<'a>,
    country_code: Text<'a>,
}

members!('a, Address<'a> {
    "PoliticalDivision2" => political_division2,
    "PoliticalDivision1" => political_division1,
    "PostcodePrimaryLow" => postcode_primary_low,
    "CountryCode" => country_code,
});

/// What each option of the path finds: codes of places. The options that list services and programmes
/// instead of places are refused.
const OPTIONS: [(&str, &[&str]); 6] = [
    ("1", &["000", "001"]),
    ("32", &["002", "018"]),
    ("40", &["002", "018"]),
    ("48", &["002", "018"]),
    ("56", &["002", "018"]),
    ("64", &["018"]),
];

/// Codes and names of places.
const KINDS: [(&str, &str); 4] = [
    ("002", "The UPS Store"),
    ("018", "UPS Access Point Location"),
    ("001", "UPS Customer Center"),
    ("000", "UPS Drop Box"),
];

const STREETS: [&str; 5] = [
    "MAIN ST",
    "MARKET ST",
    "INDUSTRIAL PKWY",
    "STATION RD",
    "MILL LN",
];

/// Places in one answer: UPS's limit, and what is found when the request names no number.
const MOST: usize = 50;
const USUAL: usize = 10;
/// Miles around, when the request names no radius.
const USUAL_RADIUS: usize = 50;

/// Miles or kilometres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Miles,
    Kilometres,
}

/// A checked search.
struct Search<'r> {
    address: &'r Address<'r>,
    country: Code2,
    kinds: &'static [&'static str],
    most: usize,
    unit: Unit,
    /// Tenths of a mile.
    radius: usize,
    seed: u32,
}

impl Locator {
    fn locate(
        request: &ApiRequest<'_>,
        version: &str,
        option: &str,
    ) -> Result<ApiResponse, UpsError> {
        // The version's number changes nothing here, but it has to exist.
        version_of(Api::Locator, version)?;
        let found = OPTIONS.iter().find(|(known, _)| *known == option);
        let Some((_, kinds)) = found else {
            return Err(UpsError::bad_request("350200", "Invalid request option"));
        };
        let envelope: Envelope<'_> = match read(request.body) {
            Ok(envelope) => envelope,
            Err(unread) => return unread.answer(),
        };
        let body = envelope
            .locator_request
            .0
            .ok_or_else(|| UpsError::from(error::NOT_VALID))?;
        let origin = body.origin_address.as_ref();
        let address = origin.and_then(|origin| origin.address_key_format.as_ref());
        let country = address.and_then(|address| Code2::parse(address.country_code.as_str()));
        let known = country.filter(|country| places::region(*country).is_some());
        let (Some(address), Some(country)) = (address, known) else {
            return Err(UpsError::bad_request(
                "350201",
                "Missing or invalid country code",
            ));
        };
        // Either is enough to place the search.
        if address.postcode_primary_low.present().is_none()
            && address.political_division2.present().is_none()
        {
            let text = "Either a city or a postal code is required";
            return Err(UpsError::bad_request("350202", text));
        }
        let unit = body.unit_of_measurement.as_ref();
        let unit = match unit.map_or("", |unit| unit.code.as_str()) {
            "" | "MI" => Unit::Miles,
            "KM" => Unit::Kilometres,
            _ => {
                let text = "Invalid unit of measurement; valid are MI and KM";
                return Err(UpsError::bad_request("350203", text));
            }
        };
        let criteria = body.search_criteria.as_ref();
        // Two places of the request name the size; the criteria win.
        let sizes = [
            criteria.and_then(|criteria| criteria.maximum_list_size.present()),
            origin.and_then(|origin| origin.maximum_list_size.present()),
        ];
        let most = number(sizes.into_iter().flatten().next(), USUAL, MOST)
            .ok_or_else(|| UpsError::bad_request("350204", "Invalid maximum list size"))?;
        let radius = criteria.and_then(|criteria| criteria.search_radius.present());
        let radius = number(radius, USUAL_RADIUS, 150)
            .ok_or_else(|| UpsError::bad_request("350205", "Invalid search radius"))?;
        let bytes = address.postcode_primary_low.as_str().bytes();
        let bytes = bytes.chain(address.political_division2.as_str().bytes());
        let search = Search {
            address,
            country,
            kinds,
            most,
            unit,
            // In tenths of a mile, as distances are compared in whole numbers.
            radius: match unit {
                Unit::Miles => radius * 10,
                // 1.61 km a mile.
                Unit::Kilometres => radius * 1000 / 161,
            },
            // The seed comes from the address: the same question finds the same places.
            seed: bytes.fold(5, |sum: u32, byte| {
                sum.wrapping_mul(33).wrapping_add(u32::from(byte))
            }),
        };
        let body = Json::document(Style::Spaced, 8192, |json| {
            json.object("LocatorResponse", |json| search.write(json));
        });
        Ok(ApiResponse::json(body))
    }
}

/// A number from 1 to a limit; a usual one when none is sent.
fn number(sent: Option<&str>, usual: usize, limit: usize) -> Option<usize> {
    match sent {
        None => Some(usual),
        Some(text) => text
            .parse()
            .ok()
            .filter(|number| (1..=limit).contains(number)),
    }
}

/// A place that is made up around the address.
struct Place {
    index: usize,
    kind: (&'static str, &'static str),
    /// Tenths of a mile.
    distance: usize,
}

impl Search<'_> {
    /// The places, nearest first.
    fn places(&self) -> impl Iterator<Item = Place> {
        let known = KINDS.iter().filter(|(code, _)| self.kinds.contains(code));
        let kinds: Vec<_> = known.copied().collect();
        let start = usize::try_from(self.seed % 7).unwrap_or(0);
        let radius = self.radius;
        let place = move |index: usize| Place {
            index,
            kind: kinds[index % kinds.len()],
            // Grows with the index, so that the places come out nearest first.
            distance: 4 + start + index * (index + 3),
        };
        // The radius ends the list before the size does.
        (0..self.most)
            .map(place)
            .take_while(move |place| place.distance <= radius)
    }

    fn write(&self, json: &mut Json) {
        json.object("Response", |json| {
            json.text("ResponseStatusCode", "1");
            json.text("ResponseStatusDescription", "Success");
        });
        json.object("Geocode", |json| self.geocode(json, 0));
        json.object("SearchResults", |json| {
            json.text("Disclaimer", "Made-up places of a mock.");
            json.array("DropLocation", self.places(), |json, place| {
                self.drop_location(json, &place);
            });
        });
    }

    fn drop_location(&self, json: &mut Json, place: &Place) {
        let index = i64::try_from(place.index).unwrap_or(0);
        json.integer_text("LocationID", i64::from(self.seed % 90_000) + 10_000 + index);
        json.object("IVR", |json| json.text("PhraseID", "MOCK"));
        json.object("Geocode", |json| self.geocode(json, place.distance));
        let (code, name) = place.kind;
        json.object("AddressKeyFormat", |json| {
            let street = STREETS[place.index % STREETS.len()];
            json.text("ConsigneeName", name);
            json.text(
                "AddressLine",
                &format!("{} {street}", 12 + 37 * place.index),
            );
            let city = self.address.political_division2.present();
            // A search by postal code alone still shows a city.
            json.text("PoliticalDivision2", city.unwrap_or("SAMPLE CITY"));
            json.text(
                "PoliticalDivision1",
                self.address.political_division1.as_str(),
            );
            let postal = self.address.postcode_primary_low.as_str();
            json.text("PostcodePrimaryLow", postal);
            json.text("CountryCode", self.country.as_str());
        });
        json.strings("PhoneNumber", ["5555550100"]);
        json.array("LocationAttribute", [()], |json, ()| {
            json.object("OptionType", |json| {
                json.text("Code", "01");
                json.text("Description", "Location");
            });
            json.array("OptionCode", [()], |json, ()| {
                json.text("Code", code);
                json.text("Description", name);
            });
        });
        self.distance(json, place.distance);
        hours(json);
        json.text("OriginOrDestination", "01");
        let state = self.address.political_division1.as_str();
        let zone = places::time_zone_name(self.country.as_str(), state);
        json.text("Timezone", zone);
    }

    fn distance(&self, json: &mut Json, tenths: usize) {
        let (tenths, code, name) = match self.unit {
            Unit::Miles => (tenths, "MI", "Miles"),
            Unit::Kilometres => (tenths * 161 / 100, "KM", "Kilometers"),
        };
        json.object("Distance", |json| {
            json.text("Value", &format!("{}.{}", tenths / 10, tenths % 10));
            json.object("UnitOfMeasurement", |json| {
                json.text("Code", code);
                json.text("Description", name);
            });
        });
    }

    /// A point near the address: by its ZIP code in the United States, else near the middle of the country.
    fn geocode(&self, json: &mut Json, away: usize) {
        let postal = self.address.postcode_primary_low.as_str();
        let (north, east) = places::position(self.country, postal);
        // About a hundredth of a degree for each mile and a half: near enough to a made-up place.
        let away = i64::try_from(away).unwrap_or(0) * 145;
        json.text("Latitude", &degrees(north + away));
        json.text("Longitude", &degrees(east - away));
    }
}

/// Degrees with five decimals.
fn degrees(hundred_thousandths: i64) -> String {
    let sign = if hundred_thousandths < 0 { "-" } else { "" };
    let value = hundred_thousandths.unsigned_abs();
    format!("{sign}{}.{:05}", value / 100_000, value % 100_000)
}

/// When a place is open: in the week, shorter on Saturday, closed on Sunday.
fn hours(json: &mut Json) {
    let week = "Mon-Fri: 8am-7pm; Sat: 9am-5pm; Sun: Closed";
    json.text("StandardHoursOfOperation", week);
    json.object("OperatingHours", |json| {
        json.array("StandardHours", [()], |json, ()| {
            json.text("HoursType", "10");
            json.array("DayOfWeek", 1..=7_i64, |json, day| {
                json.integer_text("Day", day);
                match day {
                    // Day 1 is Sunday.
                    1 => json.text("ClosedIndicator", ""),
                    7 => {
                        // Hours have no zero in front here.
                        json.text("OpenHours", "900");
                        json.text("CloseHours", "1700");
                    }
                    _ => {
                        json.text("OpenHours", "800");
                        json.text("CloseHours", "1900");
                    }
                }
            });
        });
    });
}

impl Product for Locator {
    fn answer(&self, request: &ApiRequest<'_>) -> Option<ApiResponse> {
        let &["locations", version, "search", "availabilities", option] = request.segments else {
            return None;
        };
        if request.method != Method::POST {
            return None;
        }
        Some(Self::locate(request, version, option).unwrap_or_else(ApiResponse::from))
    }
}

#[cfg(test)]
mod tests;
