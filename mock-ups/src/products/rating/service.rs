//! The services, and between which places UPS sells them.

use crate::places::{self, Code2, Continent, DE, MX, PL, Region, US};

/// How a service is priced: which fuel percentage and which residential surcharge apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Moves by road.
    Ground,
    /// Moves by air inside one country.
    Air,
    /// Crosses a border by air.
    International,
}

impl Class {
    pub(crate) const COUNT: usize = 3;

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Ground => 0,
            Self::Air => 1,
            Self::International => 2,
        }
    }
}

/// A service code as UPS writes it: one of [`CODES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Service(u8);

/// Every code the mock knows, in ascending order.
const CODES: [&str; 37] = [
    "01", "02", "03", "07", "08", "11", "12", "13", "14", "17", "54", "59", "65", "70", "71", "72",
    "74", "75", "82", "83", "84", "85", "86", "92", "93", "94", "95", "96", "C6", "C7", "C8", "M2",
    "M3", "M4", "M5", "M6", "M7",
];

/// A constant list of services by their codes; an unknown code does not compile.
macro_rules! services {
    ($($code:literal),*) => {
        const { &[$(Service::known($code)),*] }
    };
}

impl Service {
    /// For constants: `code` must be one of [`CODES`].
    const fn known(code: &str) -> Self {
        let code = code.as_bytes();
        let mut index = 0;
        loop {
            // Runs past the end, and so fails to compile, when there is no such code.
            let known = CODES[index as usize].as_bytes();
            if known.len() == code.len() && known[0] == code[0] && known[1] == code[1] {
                return Self(index);
            }
            index += 1;
        }
    }

    pub(crate) const COUNT: usize = CODES.len();

    /// The service with this code. `1` and `001` are read as `01`, as clients that treat codes as
    /// numbers send them.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        // Exact first: `017` must not be found as `17` before a code that is spelled so.
        let exact = |code: &str| CODES.iter().position(|known| *known == code);
        let digits = code.trim_start_matches('0');
        let found = exact(code).or_else(|| match digits.len() {
            // One digit is a code without its zero; two digits are looked up as they are.
            1 if code.is_ascii() => CODES
                .iter()
                .position(|known| known.strip_prefix('0') == Some(digits)),
            _ => exact(digits),
        })?;
        u8::try_from(found).ok().map(Self)
    }

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) const fn code(self) -> &'static str {
        CODES[self.index()]
    }

    /// The price class on this lane.
    pub(crate) fn class(self, lane: Lane) -> Class {
        match self.code() {
            "03" | "11" | "70" | "75" | "82" | "84" | "92" | "93" | "94" | "95" | "C6" | "C7"
            | "C8" => Class::Ground,
            _ if lane.is_international() => Class::International,
            _ => Class::Air,
        }
    }

    /// What the post delivers at the end.
    pub(crate) fn is_ground_saver(self) -> bool {
        matches!(self.code(), "92" | "93" | "94" | "95")
    }

    /// What Roadie's drivers deliver. Its tracking numbers are of another kind.
    pub(crate) fn is_roadie(self) -> bool {
        self.code().starts_with('C')
    }

    /// Whether UPS can say when it arrives. Freight and what the post delivers have no such date.
    pub(crate) fn has_transit_times(self) -> bool {
        // Mail Innovations is carried by the post at the end, which promises no day.
        !matches!(self.code(), "17" | "71" | "72" | "75" | "96") && !self.code().starts_with('M')
    }

    /// The name in time-in-transit answers.
    pub(crate) fn name(self, lane: Lane) -> &'static str {
        let domestic_us = lane.is_united_states();
        match self.code() {
            "01" if domestic_us => "UPS Next Day Air",
            "01" => "UPS Express",
            "02" if domestic_us => "UPS 2nd Day Air",
            "02" => "UPS Expedited",
            "03" => "UPS Ground",
            // Inside the Union UPS calls the same codes Express and Expedited, without "Worldwide".
            "07" if lane.is_european() => "UPS Express",
            "07" => "UPS Worldwide Express",
            "08" if lane.is_european() => "UPS Expedited",
            "08" => "UPS Worldwide Expedited",
            "11" => "UPS Standard",
            "12" => "UPS 3 Day Select",
            "13" if domestic_us => "UPS Next Day Air Saver",
            "13" => "UPS Express Saver",
            "14" if domestic_us => "UPS Next Day Air Early",
            "14" => "UPS Express Early",
            "17" => "UPS Worldwide Economy DDU",
            "54" => "UPS Worldwide Express Plus",
            "59" => "UPS 2nd Day Air A.M.",
            "65" => "UPS Worldwide Saver",
            "70" => "UPS Access Point Economy",
            "71" => "UPS Worldwide Express Freight Midday",
            "72" => "UPS Worldwide Economy DDP",
            "74" => "UPS Express 12:00",
            "75" => "UPS Heavy Goods",
            "82" => "UPS Today Standard",
            "83" => "UPS Today Dedicated Courier",
            "84" => "UPS Today Intercity",
            "85" => "UPS Today Express",
            "86" => "UPS Today Express Saver",
            "92" | "93" | "94" | "95" => "UPS Ground Saver",
            "96" => "UPS Worldwide Express Freight",
            "C6" => "Roadie XD AM",
            "C7" => "Roadie XD PM",
            "C8" => "Roadie XD",
            _ => "UPS Mail Innovations",
        }
    }
}

/// From where to where, as far as the choice of services depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lane {
    /// The country of origin and its region.
    pub(crate) from: (Code2, Region),
    /// The country of destination and its region.
    pub(crate) to: (Code2, Region),
    /// Whether the destination is a residence.
    pub(crate) residential: bool,
}

impl Lane {
    pub(crate) const fn is_united_states(self) -> bool {
        self.from.1.is_united_states() && self.to.1.is_united_states()
    }

    pub(crate) const fn is_european(self) -> bool {
        self.from.1.is_european_union() && self.to.1.is_european_union()
    }

    /// From outside the European Union into it.
    pub(crate) const fn enters_european_union(self) -> bool {
        !self.from.1.is_european_union() && self.to.1.is_european_union()
    }

    /// Whether both ends are in Europe, inside or outside the Union.
    pub(crate) fn stays_in_europe(self) -> bool {
        let in_europe = |country| places::continent(country) == Continent::Europe;
        in_europe(self.from.0) && in_europe(self.to.0)
    }

    pub(crate) fn is_domestic(self) -> bool {
        // US and PR are two country codes and one domestic market.
        self.from.0 == self.to.0 || self.is_united_states()
    }

    pub(crate) fn is_international(self) -> bool {
        // Inside the Union nothing crosses customs, so it counts as neither domestic nor international.
        !self.is_domestic() && !self.is_european()
    }

    /// Domestic shipments of the United States are rated package by package, others as a whole.
    pub(crate) const fn is_rated_by_package(self) -> bool {
        self.is_united_states()
    }

    /// What Shop offers, in the order in which it comes out: as in the recorded answers, none that
    /// clients could rely on.
    fn shop_services(self) -> &'static [Service] {
        match (self.from.1, self.to.1) {
            (Region::UnitedStates, Region::UnitedStates) if self.residential => {
                // The recorded Shop for a residence: without 59, which is for businesses.
                services!["01", "02", "03", "12", "13", "14"]
            }
            (Region::UnitedStates, Region::UnitedStates) => {
                // The order of the official example for a business, different from the residence's.
                services!["12", "14", "59", "03", "13", "01", "02"]
            }
            (Region::UnitedStates | Region::PuertoRico, Region::PuertoRico)
            | (Region::PuertoRico, Region::UnitedStates) => services!["01", "02", "03", "14"],
            (Region::UnitedStates, Region::Canada | Region::Mexico) => {
                services!["07", "08", "11", "54", "65"]
            }
            (Region::UnitedStates | Region::PuertoRico, _) => services!["07", "08", "54", "65"],
            (Region::Canada, Region::Canada) => services!["01", "02", "11", "13", "14"],
            (Region::Canada, Region::UnitedStates) => services!["07", "08", "11", "12", "54", "65"],
            (Region::Poland, Region::Poland) => {
                services!["82", "84", "85", "86", "07", "11", "54", "65"]
            }
            (
                Region::Canada
                | Region::Mexico
                | Region::Poland
                | Region::EuropeanUnion
                | Region::Elsewhere,
                _,
            ) => services!["07", "08", "11", "54", "65"],
        }
    }

    /// What can be asked for by Rate beyond what Shop offers.
    fn rate_only_services(self) -> &'static [Service] {
        match (self.from.1, self.to.1) {
            (Region::UnitedStates, Region::UnitedStates) => services![
                // 92 to 95 never come out of a Shop, in any recording: they must be asked for by Rate.
                "75", "92", "93", "94", "95", "C6", "C7", "C8", "M2", "M3", "M4", "M5", "M6", "M7"
            ],
            (Region::UnitedStates, _) => services!["11", "17", "71", "72", "96", "M5", "M6"],
            (Region::Canada, Region::Canada) => services!["70"],
            (Region::Poland, Region::Poland) => services!["70", "83", "08"],
            // 12:00 Express is sold from Germany only.
            (Region::Poland | Region::EuropeanUnion, _) if self.from.0 == DE => {
                services!["70", "74"]
            }
            (Region::Poland | Region::EuropeanUnion | Region::Mexico, _) => services!["70"],
            (Region::PuertoRico | Region::Canada | Region::Elsewhere, _) => &[],
        }
    }

    /// The services of a Shop.
    pub(crate) fn shop(self) -> impl Iterator<Item = Service> {
        self.shop_services().iter().copied()
    }

    /// Whether the service is sold on this lane at all.
    pub(crate) fn sells(self, service: Service) -> bool {
        self.shop_services().contains(&service) || self.rate_only_services().contains(&service)
    }

    /// Whether the service is sold there to businesses and not to this residence.
    pub(crate) fn sells_to_businesses_only(self, service: Service) -> bool {
        let to_business = Self {
            // The same lane as a business would see it: 111215 tells the client that the residence is the reason.
            residential: false,
            ..self
        };
        self.residential && to_business.sells(service)
    }

    /// Whether the service is sold from this origin to any destination.
    pub(crate) fn origin_sells(self, service: Service) -> bool {
        // One country for each region, since the choice depends on regions only.
        let probes = [
            (US, Region::UnitedStates),
            (places::PR, Region::PuertoRico),
            (places::CA, Region::Canada),
            (MX, Region::Mexico),
            (PL, Region::Poland),
            (DE, Region::EuropeanUnion),
            (Code2::of(*b"JP"), Region::Elsewhere),
            self.from,
        ];
        probes.into_iter().any(|to| {
            let probe = Self { to, ..self };
            probe.sells(service)
        })
    }
}

/// Packaging codes, with what the tables need to know of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packaging {
    /// 01: priced as a letter, by air only.
    Letter,
    /// UPS's own boxes, tubes and paks: air only.
    Express,
    /// UPS's 10 and 25 kg boxes: international only.
    WorldwideBox,
    /// 30: freight.
    Pallet,
    /// 56 to 67: for Mail Innovations.
    Mail,
    /// Anything the customer brings.
    Customer,
}

impl Packaging {
    /// The packaging of a code; an absent code is 02.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        Some(match code {
            // Clients send numbers and drop the zero; an absent code is the customer's own package.
            "" | "00" | "02" | "0" | "2" => Self::Customer,
            "01" | "1" => Self::Letter,
            // UPS writes 2a in small letters, some clients in capitals.
            "03" | "04" | "21" | "2a" | "2b" | "2c" | "2A" | "2B" | "2C" => Self::Express,
            "24" | "25" => Self::WorldwideBox,
            "30" => Self::Pallet,
            "56" | "57" | "58" | "59" | "60" | "61" | "62" | "63" | "64" | "65" | "66" | "67" => {
                Self::Mail
            }
            _ => return None,
        })
    }

    /// Whether the service takes it on this lane.
    pub(crate) fn goes_by(self, service: Service, lane: Lane) -> bool {
        // Numbers, as this is asked for each package and service: texts compare slower.
        const FREIGHT: [Service; 2] = [Service::known("71"), Service::known("96")];
        let mail = service.code().as_bytes()[0] == b'M';
        // Freight takes pallets only.
        match self {
            Self::Customer => !mail && !FREIGHT.contains(&service),
            // UPS's own packaging is free for air services and refused on the ground.
            Self::Letter | Self::Express => !mail && service.class(lane) != Class::Ground,
            Self::WorldwideBox => lane.is_international() && service.class(lane) != Class::Ground,
            Self::Pallet => matches!(service.code(), "71" | "96" | "75"),
            Self::Mail => mail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CODES, Lane, Packaging, Service};
    use crate::places::{CA, Code2, PR, US, region};

    pub(crate) fn lane(from: Code2, to: Code2, residential: bool) -> Lane {
        let known = |country| (country, region(country).expect("a country"));
        Lane {
            from: known(from),
            to: known(to),
            residential,
        }
    }

    fn service(code: &str) -> Service {
        Service::parse(code).expect("a known code")
    }

    #[test]
    fn codes_are_unique_and_read_back() {
        for code in CODES {
            assert_eq!(service(code).code(), code);
        }
        assert_eq!(service("3").code(), "03");
        assert_eq!(service("072").code(), "72");
        assert_eq!(service("003").code(), "03");
        assert_eq!(Service::parse("99"), None);
        assert_eq!(Service::parse(""), None);
        assert_eq!(Service::parse("0"), None);
    }

    #[test]
    fn shop_offers_second_day_am_to_businesses_only() {
        let codes = |residential| {
            let mut codes: Vec<_> = lane(US, US, residential)
                .shop()
                .map(Service::code)
                .collect();
            codes.sort_unstable();
            codes
        };
        assert_eq!(codes(true), ["01", "02", "03", "12", "13", "14"]);
        assert_eq!(codes(false), ["01", "02", "03", "12", "13", "14", "59"]);
    }

    #[test]
    fn ground_never_leaves_the_united_states() {
        assert!(lane(US, PR, false).sells(service("03")));
        assert!(!lane(US, CA, false).sells(service("03")));
        assert!(lane(US, CA, false).origin_sells(service("03")));
        assert!(!lane(CA, US, false).origin_sells(service("03")));
        assert!(lane(US, US, false).sells(service("93")));
    }

    #[test]
    fn letters_do_not_go_by_road() {
        let lane = lane(US, US, false);
        assert!(!Packaging::Letter.goes_by(service("03"), lane));
        assert!(Packaging::Letter.goes_by(service("01"), lane));
        assert!(!Packaging::WorldwideBox.goes_by(service("01"), lane));
        assert!(Packaging::Mail.goes_by(service("M4"), lane));
    }
}
