//! Parts of pickup answers.

use crate::json::Json;

/// The price of a pickup; the same for all, and invented.
pub(super) fn rate(json: &mut Json) {
    json.object("RateResult", |json| {
        json.text("RateType", "SD");
        json.text("CurrencyCode", "USD");
        let charges = [
            ("A", "ADDITIONAL CHARGE", "0.00"),
            // The base charge is invented; only the shape of the answer is UPS's.
            ("B", "BASE CHARGE", "13.35"),
        ];
        json.array(
            "ChargeDetail",
            charges,
            |json, (code, description, amount)| {
                json.text("ChargeCode", code);
                json.text("ChargeDescription", description);
                json.text("ChargeAmount", amount);
                json.text("TaxAmount", "0.00");
            },
        );
        json.text("GrandTotalOfAllCharge", "13.35");
    });
}

/// The states of a country, where the mock knows them.
pub(super) fn states(json: &mut Json, country: &str) {
    let states: &[&str] = match country.to_ascii_uppercase().as_str() {
        "US" => &[
            "AL", "AK", "AZ", "CA", "CO", "FL", "GA", "IL", "NC", "NJ", "NY", "TX", "WA",
        ],
        "CA" => &["AB", "BC", "MB", "NB", "NL", "NS", "ON", "PE", "QC", "SK"],
        // Not an error: UPS lists states only for countries that have them.
        _ => &[],
    };
    json.strings("PoliticalDivision1", states.iter().copied());
}

/// One centre to drop off at and to pick up from.
pub(super) fn service_centers(json: &mut Json) {
    json.object("ServiceCenterLocation", |json| {
        json.array("DropOffFacilities", [()], |json, ()| {
            facility(json);
            json.text("OriginOrDestination", "01");
            json.array("LocalizedInstruction", [()], |json, ()| {
                json.text("Locale", "en_US");
                json.text("Last50ftInstruction", "A made-up centre of a mock.");
            });
        });
        json.object("PickupFacilities", |json| {
            facility(json);
        });
    });
}

fn facility(json: &mut Json) {
    json.text("Name", "SAMPLE CENTER");
    json.object("Address", |json| {
        json.text("AddressLine", "1 INDUSTRIAL PKWY");
        json.text("City", "TIMONIUM");
        json.text("StateProvince", "MD");
        json.text("PostalCode", "21093");
        json.text("CountryCode", "US");
        json.text("ResidentialIndicator", "N");
    });
    json.text("SLIC", "2109");
    json.text("Type", "FRT");
    json.text("Timezone", "America/New_York");
    json.text("Phone", "5555550100");
    json.text("Fax", "5555550101");
    json.object("FacilityTime", |json| {
        let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];
        json.array("DayOfWeek", days, |json, day| {
            json.text("Day", day);
            json.text("OpenHours", "0800");
            json.text("CloseHours", "1800");
        });
    });
}
