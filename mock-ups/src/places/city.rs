//! Which city a ZIP code belongs to, for large cities only: the mock holds no data set of addresses.

/// A ZIP code or its first digits, and the city. The longest one that fits counts.
const CITIES: &[(&str, &str)] = &[
    ("90210", "BEVERLY HILLS"),
    ("100", "NEW YORK"),
    ("101", "NEW YORK"),
    ("112", "BROOKLYN"),
    ("191", "PHILADELPHIA"),
    ("303", "ATLANTA"),
    ("328", "ORLANDO"),
    ("331", "MIAMI"),
    ("432", "COLUMBUS"),
    ("606", "CHICAGO"),
    ("770", "HOUSTON"),
    ("752", "DALLAS"),
    ("787", "AUSTIN"),
    ("850", "PHOENIX"),
    ("900", "LOS ANGELES"),
    ("921", "SAN DIEGO"),
    ("941", "SAN FRANCISCO"),
    ("981", "SEATTLE"),
];

/// The city of a ZIP code, if it is known.
pub(crate) fn city_of(zip: &str) -> Option<&'static str> {
    let fits = CITIES.iter().filter(|(start, _)| zip.starts_with(start));
    // The longest prefix wins: 90210 is not Los Angeles.
    let longest = fits.max_by_key(|(start, _)| start.len());
    longest.map(|(_, city)| *city)
}

/// Whether the city is that of the ZIP code, or the ZIP code is not among those that are known.
pub(crate) fn city_fits(zip: &str, city: &str) -> bool {
    // Unknown ZIP codes fit any city, or every small town would be ambiguous.
    city_of(zip).is_none_or(|known| known.eq_ignore_ascii_case(city.trim()))
}

#[cfg(test)]
mod tests {
    use super::{city_fits, city_of};

    #[test]
    fn longest_start_decides_and_unknown_codes_fit_any_city() {
        assert_eq!(city_of("90210"), Some("BEVERLY HILLS"));
        assert!(!city_fits("90210", "Los Angeles"));
        assert!(city_fits("32821-1234", "orlando") && !city_fits("32821", "Orlanod"));
        assert!(city_fits("99501", "anything"));
    }
}
