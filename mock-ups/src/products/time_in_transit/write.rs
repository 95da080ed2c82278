//! The answers of time in transit.

use jiff::civil::Date;

use crate::calendar::{self, weekday_name};
use crate::json::{Json, Style};
use crate::lenient::Text;
use crate::places::{self, Code2, US, city_of, country_name};
use crate::products::rating::Tariff;
use crate::products::rating::service::{Lane, Service};
use crate::products::rating::transit::{Commitment, commitment, pickup_day};

use super::request::Request;
use super::{AmbiguousEnds, TransitRequest};

/// The whole success.
pub(super) fn answer(request: &Request<'_>, trip: &TransitRequest, tariff: &Tariff) -> Vec<u8> {
    let zone = tariff.zone(trip.lane, trip.from_prefix, trip.to_prefix);
    let pickup = pickup_day(trip.ship_date, Some(trip.ship_time));
    let mut rows: Vec<Row> = trip
        .services()
        .map(|service| {
            Row::of(
                service,
                trip.lane,
                pickup,
                commitment(service, trip.lane, zone),
            )
        })
        .collect();
    // Saturday delivery exists for Friday's Next Day Air within the United States.
    if pickup.weekday() == jiff::civil::Weekday::Friday && trip.lane.is_united_states() {
        let next_day = rows.iter().find(|row| row.level == "1DA").cloned();
        rows.extend(next_day.map(Row::on_saturday));
    }
    // Fastest first, as recorded; of one day the earlier hour.
    rows.sort_by_key(|row| (row.arrival, row.commitment.clock));
    // Compact: the one product whose recorded answers have no blanks between members.
    Json::document(Style::Compact, 512 + rows.len() * 768, |json| {
        json.object("emsResponse", |json| {
            json.text("shipDate", &trip.ship_date.to_string());
            json.text("shipTime", &trip.ship_time.strftime("%H:%M:%S").to_string());
            json.text("serviceLevel", "A");
            json.text("billType", request.bill_type.present().unwrap_or("03"));
            json.text(
                "residentialIndicator",
                if trip.lane.residential { "01" } else { "02" },
            );
            destination(json, request, trip);
            origin(json, request, trip);
            optional(json, "weight", &request.weight);
            optional(json, "weightUnitOfMeasure", &request.weight_unit_of_measure);
            optional(
                json,
                "shipmentContentsValue",
                &request.shipment_contents_value,
            );
            let currency = &request.shipment_contents_currency_code;
            optional(json, "shipmentContentsCurrencyCode", currency);
            // A boolean and numbers, where other products have strings: so it is recorded.
            json.boolean("guaranteeSuspended", false);
            json.number("numberOfServices", i64::try_from(rows.len()).unwrap_or(0));
            json.array("services", &rows, |json, row| row.write(json, pickup));
        });
    })
}

fn optional(json: &mut Json, key: &str, text: &Text<'_>) {
    if let Some(text) = text.present() {
        json.text(key, text);
    }
}

fn destination(json: &mut Json, request: &Request<'_>, trip: &TransitRequest) {
    json.text(
        "destinationCountryName",
        &country_name(&trip.lane.to.0).to_uppercase(),
    );
    json.text("destinationCountryCode", trip.lane.to.0.as_str());
    optional(
        json,
        "destinationPostalCode",
        &request.destination_postal_code,
    );
    optional(
        json,
        "destinationStateProvince",
        &request.destination_state_province,
    );
    optional(json, "destinationCityName", &request.destination_city_name);
}

fn origin(json: &mut Json, request: &Request<'_>, trip: &TransitRequest) {
    json.text(
        "originCountryName",
        &country_name(&trip.lane.from.0).to_uppercase(),
    );
    json.text("originCountryCode", trip.lane.from.0.as_str());
    optional(json, "originPostalCode", &request.origin_postal_code);
    optional(json, "originStateProvince", &request.origin_state_province);
    optional(json, "originCityName", &request.origin_city_name);
}

/// One service of the answer.
#[derive(Debug, Clone)]
struct Row {
    level: &'static str,
    name: String,
    commitment: Commitment,
    arrival: Date,
    total_days: i64,
    rest_days: i64,
    holidays: i64,
    saturday: bool,
}

impl Row {
    fn of(service: Service, lane: Lane, pickup: Date, commitment: Commitment) -> Self {
        let journey = calendar::travel(pickup, commitment.business_days);
        Self {
            level: level(service, lane),
            name: service.name(lane).to_owned(),
            commitment,
            arrival: journey.arrival,
            total_days: journey.total_days,
            rest_days: journey.rest_days,
            holidays: journey.holidays,
            saturday: false,
        }
    }

    /// The service, delivered on the Saturday after a pickup on Friday.
    fn on_saturday(mut self) -> Self {
        // The journey goes over the weekend; one day after Friday is the Saturday.
        let before = i8::try_from(self.total_days).unwrap_or(0);
        self.arrival = self
            .arrival
            .saturating_sub(jiff::Span::new().days(before - 1));
        self.level = "1DAS";
        self.name.push_str(" (Saturday Delivery)");
        (self.total_days, self.rest_days, self.holidays) = (1, 0, 0);
        self.saturday = true;
        self
    }

    fn write(&self, json: &mut Json, pickup: Date) {
        let flag = |on: bool| if on { "1" } else { "0" };
        let time = clock(self.commitment.clock);
        json.text("serviceLevel", self.level);
        json.text("serviceLevelDescription", &self.name);
        json.text("shipDate", &pickup.to_string());
        json.text("deliveryDate", &self.arrival.to_string());
        json.text("commitTime", &time);
        json.text("deliveryTime", &time);
        json.text("deliveryDayOfWeek", weekday_name(self.arrival));
        json.text("nextDayPickupIndicator", "0");
        json.text("saturdayPickupIndicator", "0");
        json.text("saturdayDeliveryIndicator", flag(self.saturday));
        json.text("sundayPickupIndicator", "0");
        json.text("sundayDeliveryIndicator", "0");
        json.text("guaranteeIndicator", flag(self.commitment.guaranteed));
        json.number(
            "businessTransitDays",
            i64::from(self.commitment.business_days),
        );
        json.number("totalTransitDays", self.total_days);
        json.number("restDaysCount", self.rest_days);
        json.number("holidayCount", self.holidays);
        json.number("delayCount", 0);
        json.text("pickupDate", &pickup.to_string());
        json.text("pickupTime", "20:00:00");
        json.text("cstccutoffTime", "18:00:00");
        json.number("poddays", 0);
    }
}

/// The codes of this product, which differ from rating's.
fn level(service: Service, lane: Lane) -> &'static str {
    if lane.is_united_states() {
        return match service.code() {
            "14" => "1DM",
            "01" => "1DA",
            "13" => "1DP",
            "59" => "2DM",
            "02" => "2DA",
            "12" => "3DS",
            // Everything else on the ground has one code.
            _ => "GND",
        };
    }
    // Domestic outside the United States: codes 23 to 26.
    if lane.is_domestic() {
        return match service.code() {
            "54" | "14" => "23",
            "07" | "01" => "24",
            "65" | "13" => "26",
            _ => "25",
        };
    }
    // Inside the Union the codes are others again.
    if lane.is_european() {
        return match service.code() {
            "54" => "22",
            "07" => "10",
            "65" => "18",
            _ => "08",
        };
    }
    match service.code() {
        "54" => "21",
        "07" => "01",
        "65" => "28",
        "08" => "05",
        "12" => "33",
        _ => "03",
    }
}

/// `HH:MM:SS` from six digits.
fn clock(time: i64) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        time / 10_000,
        time / 100 % 100,
        time % 100
    )
}

/// The answer to places that cannot be told.
pub(super) fn ambiguous(request: &Request<'_>, unclear: AmbiguousEnds) -> Vec<u8> {
    Json::document(Style::Compact, 512, |json| {
        json.object("validationList", |json| {
            let fields = [
                (unclear.destination, "DestinationPostalCode"),
                (unclear.origin, "OriginPostalCode"),
            ];
            let fields = fields.iter().filter(|field| field.0).map(|field| field.1);
            json.strings("invalidFieldList", fields);
            json.boolean("destinationAmbiguous", unclear.destination);
            json.boolean("originAmbiguous", unclear.origin);
            // 1070 is the code of the recorded 206.
            json.strings("invalidFieldListCodes", ["1070"]);
        });
        if unclear.destination {
            let country = request.destination_country_code.present();
            // A missing destination country means the origin's.
            let country = country.or_else(|| request.origin_country_code.present());
            pick_list(
                json,
                "destinationPickList",
                country,
                &request.destination_postal_code,
            );
        }
        if unclear.origin {
            let country = request.origin_country_code.present();
            pick_list(json, "originPickList", country, &request.origin_postal_code);
        }
    })
}

/// What to pick from, in the order of members that was recorded.
fn pick_list(json: &mut Json, key: &str, country: Option<&str>, postal: &Text<'_>) {
    let code = country.and_then(Code2::parse).unwrap_or(US);
    let of_zip = city_of(postal.as_str()).map(|city| (city, postal.as_str()));
    let choices = match of_zip {
        Some((city, postal)) => vec![(city, places::state_of_zip(postal), postal)],
        // Two well-known places when the mock does not know the ZIP code: a list must offer a choice.
        None => vec![
            ("NEW YORK", "NY".to_owned(), "10001"),
            ("LOS ANGELES", "CA".to_owned(), "90001"),
        ],
    };
    json.array(key, choices, |json, (city, state, postal)| {
        json.text("city", city);
        json.text("stateProvince", &state);
        json.text("countryName", &country_name(&code).to_uppercase());
        json.text("countryCode", code.as_str());
        json.text("postalCode", postal);
        json.text("postalCodeLow", postal);
        json.text("postalCodeHigh", postal);
    });
}
