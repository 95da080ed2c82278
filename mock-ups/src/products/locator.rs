//! Locator: `POST /api/locations/{version}/search/availabilities/{option}`. The places are made up
//! around the address that is asked about, the same ones each time.

use http::Method;

use crate::api::{ApiRequest, ApiResponse, Product, UpsError};
use crate::json::{Json, Style};
use crate::lenient::{Opt, Text, members};
use crate::places::{self, Code2};
use crate::products::rating::{error, mode::version_number};
use crate::products::shipping::read;

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
}

members!('a, Request<'a> {
    "OriginAddress" => origin_address,
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

/// What the options of the path search for.
const OPTIONS: [&str; 9] = ["1", "8", "16", "24", "32", "40", "48", "56", "64"];

/// Streets, kinds and distances of the places.
const PLACES: [(&str, &str, &str, &str); 4] = [
    ("100 MAIN ST", "002", "The UPS Store", "0.4"),
    ("250 MARKET ST", "018", "UPS Access Point Location", "0.9"),
    ("12 INDUSTRIAL PKWY", "001", "UPS Customer Center", "2.3"),
    ("77 STATION RD", "000", "UPS Drop Box", "3.8"),
];

impl Locator {
    fn locate(
        request: &ApiRequest<'_>,
        version: &str,
        option: &str,
    ) -> Result<ApiResponse, UpsError> {
        version_number(version)?;
        if !OPTIONS.contains(&option) {
            return Err(UpsError::bad_request("350200", "Invalid request option"));
        }
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
        if address.postcode_primary_low.present().is_none()
            && address.political_division2.present().is_none()
        {
            let text = "Either a city or a postal code is required";
            return Err(UpsError::bad_request("350202", text));
        }
        let most = origin.map_or("", |origin| origin.maximum_list_size.as_str());
        let most = most.parse().unwrap_or(PLACES.len()).clamp(1, PLACES.len());
        let body = Json::document(Style::Spaced, 8192, |json| {
            json.object("LocatorResponse", |json| {
                write(json, address, &country, most)
            });
        });
        Ok(ApiResponse::json(body))
    }
}

fn write(json: &mut Json, address: &Address<'_>, country: &Code2, most: usize) {
    json.object("Response", |json| {
        json.text("ResponseStatusCode", "1");
        json.text("ResponseStatusDescription", "Success");
    });
    let seed = address
        .postcode_primary_low
        .as_str()
        .bytes()
        .chain(address.political_division2.as_str().bytes())
        .fold(5_u32, |sum, byte| {
            sum.wrapping_mul(33).wrapping_add(u32::from(byte))
        });
    json.object("Geocode", |json| geocode(json, seed, 0));
    json.object("SearchResults", |json| {
        json.text("Disclaimer", "Made-up places of a mock.");
        let places = PLACES.iter().take(most).enumerate();
        json.array("DropLocation", places, |json, (index, place)| {
            drop_location(json, address, country, seed, index, *place);
        });
    });
}

fn drop_location(
    json: &mut Json,
    address: &Address<'_>,
    country: &Code2,
    seed: u32,
    index: usize,
    (street, kind, name, distance): (&str, &str, &str, &str),
) {
    let number = i64::from(seed % 90_000) + 10_000 + i64::try_from(index).unwrap_or(0);
    json.integer_text("LocationID", number);
    json.object("IVR", |json| json.text("PhraseID", "MOCK"));
    json.object("Geocode", |json| geocode(json, seed, index));
    json.object("AddressKeyFormat", |json| {
        json.text("ConsigneeName", name);
        json.text("AddressLine", street);
        let city = address
            .political_division2
            .present()
            .unwrap_or("SAMPLE CITY");
        json.text("PoliticalDivision2", city);
        json.text("PoliticalDivision1", address.political_division1.as_str());
        json.text("PostcodePrimaryLow", address.postcode_primary_low.as_str());
        json.text("CountryCode", country.as_str());
    });
    json.strings("PhoneNumber", ["5555550100"]);
    json.array("LocationAttribute", [()], |json, ()| {
        json.object("OptionType", |json| {
            json.text("Code", "01");
            json.text("Description", "Location");
        });
        json.array("OptionCode", [()], |json, ()| {
            json.text("Code", kind);
            json.text("Description", name);
        });
    });
    json.object("Distance", |json| {
        json.text("Value", distance);
        json.object("UnitOfMeasurement", |json| {
            json.text("Code", "MI");
            json.text("Description", "Miles");
        });
    });
    json.text(
        "StandardHoursOfOperation",
        "Mon-Fri: 8am-7pm; Sat: 9am-5pm; Sun: Closed",
    );
    json.text("OriginOrDestination", "01");
    json.text("Timezone", "America/New_York");
}

/// A point in the contiguous United States that depends on the address.
fn geocode(json: &mut Json, seed: u32, index: usize) {
    let index = u32::try_from(index).unwrap_or(0);
    let north = 30 + seed % 15;
    let west = 75 + seed / 16 % 40;
    json.text(
        "Latitude",
        &format!("{north}.{:05}", seed % 90_000 + index * 37),
    );
    json.text(
        "Longitude",
        &format!("-{west}.{:05}", seed / 7 % 90_000 + index * 53),
    );
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
