//! Tracking numbers: `1Z`, six characters of the shipper, two of the service, seven of the package
//! and a check digit.

/// The number of a package.
pub(crate) fn tracking_number(shipper: &str, service: &str, package: u32) -> String {
    let mut number = format!(
        "1Z{}{service:0>2.2}{:07}",
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
    if body.len() != 15 {
        return None;
    }
    let mut sum = 0_u32;
    for (index, byte) in body.bytes().enumerate() {
        let value = match byte {
            b'0'..=b'9' => u32::from(byte - b'0'),
            b'A'..=b'Z' => u32::from(byte - 63) % 10,
            _ => return None,
        };
        sum += if index % 2 == 1 { 2 * value } else { value };
    }
    char::from_digit((10 - sum % 10) % 10, 10)
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
    use super::{check_digit, is_tracking_number, tracking_number};

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
        assert!(!is_tracking_number("1Z999"));
        assert!(!is_tracking_number("1Z999AA1012345678ü"));
    }
}
