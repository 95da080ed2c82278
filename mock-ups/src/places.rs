//! Where things are: US ZIP prefixes with their state and a rough position, states and provinces,
//! countries with region and currency.
//!
//! The positions are a model of our own: each run of ZIP prefixes lies on a straight line between
//! two points. That is good enough for believable zones and transit days, and needs no data set.

mod city;
mod country;
mod iso3166;
mod time_zone;
mod zip;

pub(crate) use city::{city_fits, city_of};
pub(crate) use country::country_name;
pub(crate) use iso3166::{alpha3, numeric};
pub(crate) use time_zone::{offset_text, time_zone, time_zone_name};
pub(crate) use zip::zip3;

/// A two-letter code, kept in upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Code2([u8; 2]);

impl Code2 {
    /// Two ASCII letters; anything else is `None`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [first, second] if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() => {
                Some(Self([
                    first.to_ascii_uppercase(),
                    second.to_ascii_uppercase(),
                ]))
            }
            _ => None,
        }
    }

    /// For constants: `text` must be two upper-case letters.
    pub(crate) const fn of(text: [u8; 2]) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        // Both constructors admit ASCII only.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether `list` (codes separated by single blanks) holds this code.
    pub(crate) fn in_list(self, list: &str) -> bool {
        let [first, second] = self.0;
        // Two letters and a blank are three bytes; the last code has no blank. Letter by letter: for slices the compiler
        // may call a function, at each of fifty states.
        list.as_bytes()
            .chunks(3)
            .any(|chunk| matches!(chunk, [a, b, ..] if *a == first && *b == second))
    }
}

pub(crate) const US: Code2 = Code2::of(*b"US");
pub(crate) const PR: Code2 = Code2::of(*b"PR");
pub(crate) const CA: Code2 = Code2::of(*b"CA");
pub(crate) const MX: Code2 = Code2::of(*b"MX");
pub(crate) const PL: Code2 = Code2::of(*b"PL");
pub(crate) const DE: Code2 = Code2::of(*b"DE");

/// The groups by which UPS decides which services exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Region {
    /// The United States without Puerto Rico.
    UnitedStates,
    /// Puerto Rico, which UPS treats as a country of its own.
    PuertoRico,
    /// Canada.
    Canada,
    /// Mexico.
    Mexico,
    /// Poland, which has services of its own beside those of the European Union.
    Poland,
    /// The rest of the European Union.
    EuropeanUnion,
    /// Every other country.
    Elsewhere,
}

const EUROPEAN_UNION: &str =
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PT RO SE SI SK";

const OTHER_EUROPE: &str =
    "AD AL BA BY CH FO GB GG GI GL IM IS JE LI MC MD ME MK NO RS SM UA VA XK";

const ASIA: &str =
    "AU BD BN CN FJ GU HK ID IN JP KH KR LA LK MM MN MO MP MY NP NZ PG PH PK SG TH TW VN";

const LATIN_AMERICA: &str = "\
AG AI AR AW BB BM BO BR BS BZ CL CO CR CW DM DO EC GD GF GP GT GY HN HT JM KN KY LC MF \
MQ MS NI PA PE PY SR SV SX TC TT UY VC VE VG VI";

const OTHER_COUNTRIES: &str = "\
AE AF AM AO AZ BF BH BI BJ BT BW CD CF CG CI CK CM CV DJ DZ EG ER ET FM GA GE GH GM GN \
GQ GW IL IQ JO KE KG KI KM KW KZ LB LR LS LY MA MG MH ML MR MU MV MW MZ NA NC NE NG OM \
PF PS PW QA RE RU RW SA SB SC SL SN SO ST SZ TD TG TJ TL TM TN TO TR TV TZ UG UZ VU WF \
WS YE YT ZA ZM ZW AS";

/// The far side of a shipment, as price groups see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Continent {
    /// The United States and Puerto Rico.
    UnitedStates,
    /// Canada.
    Canada,
    /// Mexico.
    Mexico,
    /// Europe, inside and outside the Union.
    Europe,
    /// Asia and Oceania.
    Asia,
    /// The Caribbean, Central and South America.
    LatinAmerica,
    /// Africa, the Middle East and what is left.
    World,
}

/// The region of a country, `None` when there is no such country.
pub(crate) fn region(country: Code2) -> Option<Region> {
    Some(match country {
        // Before the lists: these five have services of their own.
        US => Region::UnitedStates,
        PR => Region::PuertoRico,
        CA => Region::Canada,
        MX => Region::Mexico,
        PL => Region::Poland,
        other if other.in_list(EUROPEAN_UNION) => Region::EuropeanUnion,
        other
            if [OTHER_EUROPE, ASIA, LATIN_AMERICA, OTHER_COUNTRIES]
                .iter()
                .any(|list| other.in_list(list)) =>
        {
            Region::Elsewhere
        }
        _ => return None,
    })
}

/// The continent of a country.
pub(crate) fn continent(country: Code2) -> Continent {
    match country {
        US | PR => Continent::UnitedStates,
        CA => Continent::Canada,
        MX => Continent::Mexico,
        PL => Continent::Europe,
        other if other.in_list(EUROPEAN_UNION) || other.in_list(OTHER_EUROPE) => Continent::Europe,
        other if other.in_list(ASIA) => Continent::Asia,
        other if other.in_list(LATIN_AMERICA) => Continent::LatinAmerica,
        // Everything else is priced by the dearest table.
        _ => Continent::World,
    }
}

impl Region {
    /// Whether goods move freely between the two regions.
    pub(crate) const fn is_european_union(self) -> bool {
        matches!(self, Self::Poland | Self::EuropeanUnion)
    }

    /// The United States and Puerto Rico share the domestic services.
    pub(crate) const fn is_united_states(self) -> bool {
        matches!(self, Self::UnitedStates | Self::PuertoRico)
    }
}

/// The currency in which UPS rates a shipment from there.
// By country, not by region: members of the Union have currencies of their own.
pub(crate) fn currency(country: Code2) -> &'static str {
    match country {
        CA => "CAD",
        MX => "MXN",
        PL => "PLN",
        other => match &other.0 {
            b"GB" => "GBP",
            b"CH" => "CHF",
            b"SE" => "SEK",
            b"DK" => "DKK",
            b"CZ" => "CZK",
            b"HU" => "HUF",
            b"RO" => "RON",
            b"BG" => "BGN",
            b"JP" => "JPY",
            b"CN" => "CNY",
            b"AU" => "AUD",
            _ if other.in_list(EUROPEAN_UNION) => "EUR",
            // UPS rates in dollars where no other currency is known.
            _ => "USD",
        },
    }
}

/// About where a postal code is, in hundred thousandths of degrees north and east: by its first digits in the
/// United States, elsewhere the middle of the country; `(0, 0)` where that is not known.
pub(crate) fn position(country: Code2, postal: &str) -> (i64, i64) {
    const MIDDLES: [(&[u8; 2], i64, i64); 14] = [
        (b"US", 3_980_000, -9_860_000),
        (b"PR", 1_820_000, -6_650_000),
        (b"CA", 4_540_000, -7_570_000),
        (b"MX", 1_940_000, -9_910_000),
        (b"DE", 5_120_000, 1_040_000),
        (b"FR", 4_670_000, 240_000),
        (b"GB", 5_250_000, -120_000),
        (b"IT", 4_280_000, 1_260_000),
        (b"ES", 4_020_000, -370_000),
        (b"NL", 5_210_000, 530_000),
        (b"BE", 5_060_000, 460_000),
        (b"PL", 5_190_000, 1_910_000),
        (b"JP", 3_620_000, 13_820_000),
        (b"AU", -3_350_000, 15_100_000),
    ];
    let is_us = matches!(country, US | PR);
    let prefix = postal.get(..3).and_then(|prefix| prefix.parse().ok());
    if let Some(zip) = prefix.and_then(zip3).filter(|_| is_us) {
        // In the United States the ZIP code places the address; the middle of a country is the fallback.
        return zip.position();
    }
    let middle = MIDDLES.iter().find(|(code, ..)| **code == country.0);
    middle.map_or((0, 0), |(_, north, east)| (*north, *east))
}

/// The state of a ZIP code; empty if there is none.
pub(crate) fn state_of_zip(zip: &str) -> String {
    let prefix = zip.get(..3).and_then(|prefix| prefix.parse().ok());
    let known = prefix.and_then(zip3);
    known.map_or_else(String::new, |zip| zip.state.as_str().to_owned())
}

/// Whether UPS wants a postal code for addresses there.
pub(crate) fn needs_postal_code(region: Region) -> bool {
    matches!(
        region,
        Region::UnitedStates | Region::PuertoRico | Region::Canada
    )
}

/// Whether UPS wants a state for addresses there although the postal code does not need one.
pub(crate) fn needs_state(country: Code2) -> bool {
    // Vietnam's state has been required since April 2026.
    country.in_list("VN")
}

/// Whether the text is the code of a currency, in upper case.
pub(crate) fn is_currency(text: &str) -> bool {
    const CURRENCIES: &str = "\
AED ARS AUD BDT BGN BHD BRL CAD CHF CLP CNY COP CRC CZK DKK DOP EGP EUR GBP GTQ HKD HNL HUF \
IDR ILS INR ISK JMD JOD JPY KES KRW KWD KZT LKR MAD MOP MUR MXN MYR NGN NIO NOK NZD OMR PAB PEN PHP \
PKR PLN PYG QAR RON RSD SAR SEK SGD THB TND TRY TTD TWD UAH USD UYU VND XAF XCD XOF ZAR";
    text.len() == 3 && CURRENCIES.split(' ').any(|code| code == text)
}

/// Whether `state` exists in `country`. Countries whose states we do not know accept any.
pub(crate) fn is_state_of(state: Code2, country: Code2) -> bool {
    const STATES: &str = "\
AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH \
NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AA AE AP PR VI GU AS \
MP";
    const PROVINCES: &str = "AB BC MB NB NL NS NT NU ON PE QC SK YT";
    match country {
        // The states of the table with the territories and the armed forces' three.
        US => state.in_list(STATES),
        PR => state == PR,
        CA => state.in_list(PROVINCES),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{CA, Code2, PL, PR, Region, US, is_state_of, region, zip3};

    #[test]
    fn regions_cover_known_countries_only() {
        assert_eq!(region(US), Some(Region::UnitedStates));
        assert_eq!(region(PL), Some(Region::Poland));
        assert_eq!(region(Code2::of(*b"FR")), Some(Region::EuropeanUnion));
        assert_eq!(region(Code2::of(*b"JP")), Some(Region::Elsewhere));
        assert_eq!(region(Code2::of(*b"ZM")), Some(Region::Elsewhere));
        assert_eq!(region(Code2::of(*b"QQ")), None);
        assert_eq!(Code2::parse("usa"), None);
        assert!(is_state_of(Code2::of(*b"ON"), CA) && !is_state_of(Code2::of(*b"ON"), US));
    }

    #[test]
    fn zip_prefixes_know_their_state() {
        let state = |prefix: u16| zip3(prefix).map(|zip| zip.state.as_str().to_owned());
        assert_eq!(state(277).as_deref(), Some("NC"));
        assert_eq!(state(787).as_deref(), Some("TX"));
        assert_eq!(state(941).as_deref(), Some("CA"));
        assert_eq!(zip3(6).map(|zip| zip.state), Some(PR));
        assert_eq!(state(0), None);
        assert_eq!(state(1000), None);
    }
}
