//! What UPS's sorting reads: the routing code, the bar code of the postal code, and the MaxiCode's message.

use crate::places::{Code2, PR, US, alpha3, numeric};

use super::content::{Destination, Label};
use super::maxicode::{Message, codewords};

impl Destination<'_> {
    fn country(&self) -> Code2 {
        // Without a country UPS takes its own.
        Code2::parse(self.country).unwrap_or(US)
    }

    /// Letters and digits of the postal code, without blanks and hyphens.
    fn postal(&self) -> String {
        let letters = self.postal_code.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|letter| letter.to_ascii_uppercase()).collect()
    }

    /// A ZIP code of five or nine digits, in the United States and Puerto Rico.
    fn zip(&self) -> Option<String> {
        let postal = self.postal();
        let is_zip = matches!(postal.len(), 5 | 9) && postal.bytes().all(|b| b.is_ascii_digit());
        (matches!(self.country(), US | PR) && is_zip).then_some(postal)
    }
}

/// The routing code, such as `IL 606 9-04`. State and first three digits are those of the ZIP code. UPS takes
/// the rest from a table of its own, which is not public: here they are the ZIP code's last two digits.
pub(super) fn routing_code(to: &Destination<'_>) -> String {
    if let Some(zip) = to.zip() {
        let state = to.state.to_ascii_uppercase();
        let (area, place, last) = (&zip[..3], &zip[3..4], &zip[4..5]);
        return format!("{state} {area} {place}-0{last}");
    }
    let letters = alpha3(to.country().as_str()).unwrap_or("ZZZ");
    let mut digits: String = to.postal().chars().filter(char::is_ascii_digit).collect();
    digits.push_str("000");
    format!("{letters} {} 0-00", &digits[..3])
}

/// The data of the postal bar code: 420 and the ZIP code, or 421, the country and the postal code.
pub(super) fn postal_bar_code(to: &Destination<'_>) -> Option<String> {
    if let Some(zip) = to.zip() {
        return Some(format!("420{zip}"));
    }
    let mut postal = to.postal();
    postal.truncate(9);
    let country = numeric(to.country().as_str())?;
    (!postal.is_empty()).then(|| format!("421{country}{postal}"))
}

/// Group separator, record separator and end of transmission of ISO/IEC 15434.
const GS: char = '\u{1d}';
const RS: char = '\u{1e}';
const EOT: char = '\u{4}';

/// The MaxiCode's message.
pub(super) fn message(label: &Label<'_>) -> Message {
    let to = label.destination;
    let postal_code = to.zip().map_or_else(
        // Six characters, filled up with blanks.
        || format!("{:<6.6}", to.postal()),
        // Nine digits, filled up with zeros.
        |zip| format!("{zip:0<9}"),
    );
    let country = numeric(to.country().as_str()).and_then(|digits| digits.parse().ok());
    Message {
        postal_code,
        country: country.unwrap_or_default(),
        class_of_service: class_of_service(label.tracking_number),
        secondary: secondary(label),
    }
}

/// The three-digit class of service: the indicator in the tracking number. One with letters is read as two
/// digits of the thirty-two that UPS uses; that is a guess.
fn class_of_service(tracking_number: &str) -> u16 {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHJKLMNPRSTVWXYZ";
    let indicator = tracking_number.get(8..10).unwrap_or_default();
    if let Ok(number) = indicator.parse() {
        return number;
    }
    let values = indicator.bytes().map(|byte| {
        let position = DIGITS.iter().position(|digit| *digit == byte);
        position.unwrap_or_default() as u16
    });
    // Three digits are all that the symbol has room for.
    values.fold(0, |sum, value| sum * 32 + value) % 1000
}

/// The fields of UPS's message that follow postal code, country and class of service. Street and city are
/// shortened until the message fits: both are optional.
fn secondary(label: &Label<'_>) -> String {
    let mut street = clean(label.destination.street);
    let mut city = clean(label.destination.city);
    loop {
        let text = fields(label, &street, &city);
        if codewords(&text).is_some() {
            return text;
        }
        if street.pop().is_none() && city.pop().is_none() {
            // Not reached: all other fields have a bounded length.
            return fields(label, "", "");
        }
    }
}

fn fields(label: &Label<'_>, street: &str, city: &str) -> String {
    let number = label.tracking_number;
    // Shipper number and service are not repeated in this form of the tracking number.
    let short = number.get(10..).unwrap_or_default();
    let (position, count) = label.position;
    // The shipment's id between the day and the position stays empty.
    let parts = [
        format!("961Z{}", clean(short)),
        "UPSN".to_owned(),
        clean(number.get(2..8).unwrap_or_default()),
        format!("{:03}", label.day_of_year),
        String::new(),
        format!("{position}/{count}"),
        pounds(label),
        "N".to_owned(),
        street.to_owned(),
        city.to_owned(),
        clean(label.destination.state),
    ];
    let parts = parts.join(&GS.to_string());
    format!("[)>{RS}01{GS}{parts}{RS}{EOT}")
}

/// The weight in pounds, five characters at most.
fn pounds(label: &Label<'_>) -> String {
    let weight: f64 = label.weight.0.parse().unwrap_or_default();
    let pounds = match label.weight.1 {
        "KGS" => weight * 2.204_62,
        _ => weight,
    };
    let tenths = format!("{pounds:.1}");
    let text = tenths.strip_suffix(".0").unwrap_or(&tenths);
    text.chars().take(5).collect()
}

/// Text in the characters that fit everywhere: code set A of MaxiCode, without those that mean something to a
/// printer.
fn clean(text: &str) -> String {
    let upper = text.chars().map(|c| match c.to_ascii_uppercase() {
        c @ ('A'..='Z' | '0'..='9' | ' ' | '#' | '&' | '\'' | '(' | ')' | '-' | '.' | '/') => c,
        _ => ' ',
    });
    upper.collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Destination, class_of_service, message, postal_bar_code, routing_code};
    use crate::label::testing::label;

    fn to<'a>(country: &'a str, state: &'a str, postal_code: &'a str) -> Destination<'a> {
        Destination {
            street: "1 Main Street",
            city: "Orlando",
            state,
            postal_code,
            country,
        }
    }

    #[test]
    fn routing_and_postal_codes_follow_the_destination() {
        for (to, routing, bars) in [
            (to("US", "WA", "98104"), "WA 981 0-04", Some("42098104")),
            (
                to("US", "ca", "94304-0000"),
                "CA 943 0-04",
                Some("420943040000"),
            ),
            (
                to("CA", "ON", "M5E 1G4"),
                "CAN 514 0-00",
                Some("421124M5E1G4"),
            ),
            (to("DE", "", "10117"), "DEU 101 0-00", Some("42127610117")),
            (to("HK", "", ""), "HKG 000 0-00", None),
        ] {
            assert_eq!(routing_code(&to), routing);
            assert_eq!(postal_bar_code(&to).as_deref(), bars);
        }
    }

    #[test]
    fn messages_have_upss_fields_and_the_mode_of_the_country() {
        let mut label = label();
        label.destination = to("US", "FL", "32821");
        let sent = message(&label);
        assert_eq!(
            (sent.mode(), sent.country, sent.class_of_service),
            (2, 840, 1)
        );
        assert_eq!(sent.postal_code, "328210000");
        let expected = "[)>\u{1e}01\u{1d}961Z23456784\u{1d}UPSN\u{1d}999AA1\u{1d}333\u{1d}\u{1d}1/2\
                        \u{1d}5\u{1d}N\u{1d}1 MAIN STREET\u{1d}ORLANDO\u{1d}FL\u{1e}\u{4}";
        assert_eq!(sent.secondary, expected);

        label.destination = to("GB", "", "SW1A 1AA");
        let sent = message(&label);
        assert_eq!((sent.mode(), sent.country), (3, 826));
        assert_eq!(sent.postal_code, "SW1A1A");
        label.destination = to("HK", "", "");
        assert_eq!(message(&label).postal_code, "      ");
    }

    #[test]
    fn long_addresses_are_shortened_until_they_fit() {
        let mut label = label();
        label.destination = Destination {
            street: "A very long street with a name of more than thirty-five letters",
            city: "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch",
            ..to("US", "FL", "32821")
        };
        let sent = message(&label).secondary;
        assert!(
            sent.contains("LLANFAIRPWLL") && !sent.contains("STREET"),
            "{sent}"
        );
        assert_eq!(message(&label).modules().len(), 990);
        label.weight = ("12.5".to_owned(), "KGS");
        label.destination = to("US", "FL", "32821");
        label.destination.street = "é~^1\"\\,";
        assert!(
            message(&label)
                .secondary
                .contains("\u{1d}27.6\u{1d}N\u{1d}1\u{1d}")
        );
    }

    #[test]
    fn a_class_of_service_has_three_digits() {
        assert_eq!(class_of_service("1ZA1B2C30312345678"), 3);
        assert_eq!(class_of_service("1ZA1B2C36612345678"), 66);
        assert_eq!(class_of_service("1ZA1B2C3YW12345678"), 988);
    }
}
