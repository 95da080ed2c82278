//! Tracking numbers: `1Z`, six characters of the shipper, two of the service, seven of the package
//! and a check digit.

/// What real numbers carry for a service, where it is on record and is not the service's code. 59, 54 and 65
/// are not on record, so their numbers carry the code.
const INDICATORS: [(&str, &str); 8] = [
    ("14", "15"),
    ("07", "66"),
    ("08", "67"),
    ("11", "68"),
    ("92", "YW"),
    ("93", "YW"),
    ("94", "YW"),
    ("95", "YW"),
];

/// The number of a package.
pub(crate) fn tracking_number(shipper: &str, service: &str, package: u32) -> String {
    // Not every service code stands in the number as it is: recorded numbers show an indicator of their own.
    let known = INDICATORS.iter().find(|(code, _)| *code == service);
    let indicator = known.map_or(service, |(_, indicator)| indicator);
    let mut number = format!(
        // Two characters whatever the code is, or the number would not have 18.
        "1Z{}{indicator:0>2.2}{:07}",
        shipper.to_ascii_uppercase(),
        package % 10_000_000
    );
    if let Some(digit) = check_digit(&number[2..]) {
        number.push(digit);
    }
    number
}

/// The check digit of the fifteen characters after `1Z`.
pub(crate) fn check_digit(body: &str) -> Option<char> {
    // Fifteen: a shorter body would shift the weights and give a wrong digit silently.
    if body.len() != 15 {
        return None;
    }
    let mut sum = 0_u32;
    for (index, byte) in body.bytes().enumerate() {
        let value = match byte {
            b'0'..=b'9' => u32::from(byte - b'0'),
            // A is 2, B is 3 and so on, modulo ten: 63 is the code of A less two.
            b'A'..=b'Z' => u32::from(byte - 63) % 10,
            _ => return None,
        };
        // Every second character counts twice; checked against real-looking numbers.
        sum += if index % 2 == 1 { 2 * value } else { value };
    }
    char::from_digit((10 - sum % 10) % 10, 10)
}

/// The postal service's number of a package that it delivers: 26 digits.
pub(crate) fn postal_number(package: u32) -> String {
    let body = format!("9202090612345{:012}", u64::from(package));
    let weighted = body.bytes().rev().enumerate().map(|(index, digit)| {
        // The postal service weighs from the right, 3 and 1 in turn.
        let weight = if index % 2 == 0 { 3 } else { 1 };
        weight * u32::from(digit - b'0')
    });
    let check = (10 - weighted.sum::<u32>() % 10) % 10;
    format!("{body}{check}")
}

/// A number of a package that Roadie delivers: `1R`, the shipper and the package.
pub(crate) fn roadie_number(shipper: &str, package: u32) -> String {
    let shipper = shipper.to_ascii_uppercase();
    // Fourteen characters after `1R`; what stands in them is not on record.
    format!("1R{shipper:0>6.6}{:08}", package % 100_000_000)
}

/// Whether it has the form of a Roadie number: `1R` and 14 or 26 letters and digits.
pub(crate) fn is_roadie_number(text: &str) -> bool {
    matches!(text.len(), 16 | 28)
        && text.starts_with("1R")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether it has the form of a tracking number. The digit is not checked: UPS's own test numbers
/// have wrong ones.
pub(crate) fn is_tracking_number(text: &str) -> bool {
    text.len() == 18
        && text
            .get(..2)
            .is_some_and(|start| start.eq_ignore_ascii_case("1Z"))
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::{
        check_digit, is_roadie_number, is_tracking_number, postal_number, roadie_number,
        tracking_number,
    };

    #[test]
    fn check_digits_of_known_numbers_are_right() {
        for number in [
            "1Z999AA10123456784",
            "1Z5338FF0107231059",
            "1Z2220060290602143",
            "1ZISDE016691676846",
            "1Z12345E6605272234",
            "1Z648616E192760718",
            "1ZWX0692YP40636269",
        ] {
            assert_eq!(
                check_digit(&number[2..17]),
                number.chars().last(),
                "{number}"
            );
            assert!(is_tracking_number(number));
        }
    }

    #[test]
    fn made_numbers_have_the_form_and_the_digit() {
        let number = tracking_number("a1b2c3", "03", 1_234_567);
        assert!(number.starts_with("1ZA1B2C3031234567"), "{number}");
        assert!(is_tracking_number(&number));
        assert_eq!(check_digit(&number[2..17]), number.chars().last());
        let number = |service| tracking_number("A1B2C3", service, 1);
        assert!(number("14").starts_with("1ZA1B2C315"));
        assert!(number("93").starts_with("1ZA1B2C3YW"));
        let postal = postal_number(7);
        assert!(postal.len() == 26 && postal.bytes().all(|b| b.is_ascii_digit()));
        assert!(is_roadie_number(&roadie_number("A1B2C3", 7)));
        assert!(is_roadie_number("1R12345678912345") && !is_roadie_number("1R1234"));
        assert!(!is_tracking_number("1Z999"));
        assert!(!is_tracking_number("1Z999AA1012345678ü"));
    }
}
