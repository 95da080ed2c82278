//! The streets that the mock knows: a few well-known ones, for trying things out. Each house number within
//! a street's range counts as existing.

/// What stands at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Unknown,
    Commercial,
    Residential,
}

pub(crate) struct Street {
    name: &'static str,
    numbers: (u32, u32),
    city: &'static str,
    pub(crate) state: &'static str,
    pub(crate) zip: &'static str,
    kind: Kind,
}

const fn street(
    name: &'static str,
    numbers: (u32, u32),
    city: &'static str,
    state: &'static str,
    zip: &'static str,
    kind: Kind,
) -> Street {
    Street {
        name,
        numbers,
        city,
        state,
        zip,
        kind,
    }
}

use Kind::{Commercial, Residential};

// A table reads better by the column than by the formatter.
#[rustfmt::skip]
const STREETS: &[Street] = &[
    street("BROADWAY", (1, 299), "NEW YORK", "NY", "10007", Commercial),
    street("BROADWAY", (1300, 1799), "NEW YORK", "NY", "10019", Commercial),
    street("5TH AVE", (300, 399), "NEW YORK", "NY", "10118", Commercial),
    street("5TH AVE", (700, 999), "NEW YORK", "NY", "10022", Commercial),
    street("W 86TH ST", (1, 399), "NEW YORK", "NY", "10024", Residential),
    street("E 72ND ST", (1, 599), "NEW YORK", "NY", "10021", Residential),
    street("FLATBUSH AVE", (1, 399), "BROOKLYN", "NY", "11217", Commercial),
    street("OCEAN PKWY", (1, 999), "BROOKLYN", "NY", "11218", Residential),
    street("MAIN ST", (1, 799), "BUFFALO", "NY", "14203", Commercial),
    street("STATE ST", (1, 299), "ALBANY", "NY", "12207", Commercial),
    street("ALISO CREEK RD", (26500, 26999), "ALISO VIEJO", "CA", "92656", Commercial),
    street("MARKET ST", (1, 899), "SAN FRANCISCO", "CA", "94103", Commercial),
    street("VALENCIA ST", (900, 1499), "SAN FRANCISCO", "CA", "94110", Residential),
    street("HOLLYWOOD BLVD", (6000, 7099), "LOS ANGELES", "CA", "90028", Commercial),
    street("SUNSET BLVD", (7000, 9299), "LOS ANGELES", "CA", "90046", Residential),
    street("UNIVERSITY AVE", (1, 699), "PALO ALTO", "CA", "94301", Commercial),
    street("MAIN ST", (1, 1999), "SANTA MONICA", "CA", "90405", Commercial),
    street("LEMON AVE", (100, 2999), "SAN DIEGO", "CA", "92103", Residential),
    street("GLENLAKE PKWY NE", (1, 99), "ATLANTA", "GA", "30328", Commercial),
    street("PEACHTREE ST NE", (1, 1999), "ATLANTA", "GA", "30309", Commercial),
    street("MICHIGAN AVE", (1, 999), "CHICAGO", "IL", "60611", Commercial),
    street("PAGE RD", (4000, 4999), "DURHAM", "NC", "27703", Commercial),
    street("CONGRESS AVE", (1, 1999), "AUSTIN", "TX", "78701", Commercial),
    street("CALLE FORTALEZA", (1, 299), "SAN JUAN", "PR", "00901", Commercial),
];

/// A street with businesses in this ZIP code.
pub(crate) fn business_zip(zip: u32) -> Option<&'static Street> {
    let mut streets = STREETS.iter();
    // Parsed once a request, for a table of two dozen lines.
    streets.find(|street| street.kind == Commercial && street.zip.parse() == Ok(zip))
}

/// Whether an address is certainly a business.
pub(crate) fn is_business(lines: Vec<&str>, city: &str, state: &str, postal: &str) -> bool {
    let query = Query {
        lines,
        city,
        state,
        postal,
    };
    search(&query).kind() == Commercial
}

/// What a client asks about.
#[derive(Debug)]
pub(crate) struct Query<'a> {
    pub(crate) lines: Vec<&'a str>,
    pub(crate) city: &'a str,
    pub(crate) state: &'a str,
    pub(crate) postal: &'a str,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Match {
    /// There is one candidate and nothing speaks against it.
    pub(crate) exact: bool,
    pub(crate) candidates: Vec<Candidate>,
}

/// An address that may be meant.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) line: String,
    pub(crate) city: &'static str,
    pub(crate) state: &'static str,
    pub(crate) zip: &'static str,
    pub(crate) extended: String,
    pub(crate) kind: Kind,
}

impl Match {
    /// The kind of the address; unknown unless it is certain which is meant.
    pub(crate) fn kind(&self) -> Kind {
        match &self.candidates[..] {
            [only] if self.exact => only.kind,
            _ => Kind::Unknown,
        }
    }
}

/// Looks an address up: by street and house number, within the ZIP code, the city or the state,
/// whichever fits.
pub(crate) fn search(query: &Query<'_>) -> Match {
    let city = normal(query.city);
    // Only five digits are compared: clients append the extension or not.
    let zip = query.postal.get(..5).unwrap_or_default();
    // A client may put the company or the unit in the first line, so every line is tried.
    let lines: Vec<(Option<u32>, String)> = query.lines.iter().map(|line| split(line)).collect();
    let mut certain = Vec::new();
    let mut likely = Vec::new();
    for street in STREETS.iter().filter(|street| street.state == query.state) {
        for (number, name) in &lines {
            let same_zip = street.zip == zip;
            // Without a house number no address is certain or even likely.
            let same_city = street.city == city;
            let Some(number) = number.filter(|_| similar(street.name, name)) else {
                continue;
            };
            let exists = (street.numbers.0..=street.numbers.1).contains(&number);
            // An absent ZIP code speaks against nothing; a wrong one does.
            if exists && same_city && (same_zip || zip.is_empty()) {
                certain.push(candidate(street, &number.to_string()));
            } else if same_city || same_zip {
                // A number that does not exist is answered with the range that does, as UPS's candidates are.
                let shown = if exists {
                    number.to_string()
                } else {
                    format!("{}-{}", street.numbers.0, street.numbers.1)
                };
                likely.push(candidate(street, &shown));
            }
        }
    }
    // Exactly one: two streets of one name make the address ambiguous.
    if certain.len() == 1 {
        return Match {
            exact: true,
            candidates: certain,
        };
    }
    // The certain ones stand first among the candidates.
    certain.append(&mut likely);
    Match {
        exact: false,
        candidates: certain,
    }
}

fn candidate(street: &Street, number: &str) -> Candidate {
    let extended = number
        .bytes()
        .chain(street.name.bytes())
        // Invented, but the same for one address, and four digits as in a ZIP extension.
        .fold(17_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 9_000);
    Candidate {
        line: format!("{number} {}", street.name),
        city: street.city,
        state: street.state,
        zip: street.zip,
        extended: format!("{:04}", extended + 1_000),
        kind: street.kind,
    }
}

/// Whether two names mean one street, up to a direction or a kind of street that was left out.
fn similar(known: &str, asked: &str) -> bool {
    let mut known_words = known.split(' ');
    known == asked
        || !asked.is_empty()
            && asked
                .split(' ')
                // Words in order: a left-out direction is fine, a changed order is another street.
                .all(|word| known_words.any(|candidate| candidate == word))
}

/// House number and street of a line, both as the data set writes them.
fn split(line: &str) -> (Option<u32>, String) {
    let line = normal(line);
    match line.split_once(' ') {
        Some((first, rest)) => match first.parse() {
            Ok(number) => (Some(number), rest.to_owned()),
            // A line without a number in front is a name only.
            Err(_) => (None, line),
        },
        None => (None, line),
    }
}

/// Upper case, single blanks, no punctuation, the usual abbreviations, nothing after a unit.
fn normal(text: &str) -> String {
    let mut words = Vec::new();
    let upper: String = text
        .chars()
        .take(100)
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                // Bounded, as the text is a client's.
                c.to_ascii_uppercase()
            } else {
                ' '
            }
        })
        .collect();
    for word in upper.split_ascii_whitespace() {
        words.push(match word {
            // What follows names a place inside the building, which the street does not depend on.
            "STE" | "SUITE" | "APT" | "UNIT" | "FL" | "FLOOR" | "RM" => break,
            "STREET" => "ST",
            "AVENUE" | "AV" => "AVE",
            "BOULEVARD" => "BLVD",
            "ROAD" => "RD",
            "PARKWAY" => "PKWY",
            "DRIVE" => "DR",
            "WEST" => "W",
            "EAST" => "E",
            "NORTH" => "N",
            "SOUTH" => "S",
            "NORTHEAST" => "NE",
            "FIFTH" => "5TH",
            other => other,
        });
    }
    words.join(" ")
}

/// The code of a state that is given by code or by name.
pub(crate) fn state_code(text: &str) -> String {
    const NAMES: [(&str, &str); 8] = [
        ("NEW YORK", "NY"),
        ("CALIFORNIA", "CA"),
        ("GEORGIA", "GA"),
        ("ILLINOIS", "IL"),
        ("NORTH CAROLINA", "NC"),
        ("TEXAS", "TX"),
        ("PUERTO RICO", "PR"),
        ("FLORIDA", "FL"),
    ];
    // Full names are accepted: recordings have them.
    let upper = text.trim().to_ascii_uppercase();
    let named = NAMES.iter().find(|name| name.0 == upper);
    named.map_or(upper, |name| name.1.to_owned())
}
