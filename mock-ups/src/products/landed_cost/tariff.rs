//! Rates of duty, tax and brokerage. They are made up; the example of UPS's file comes out to the cent.

use crate::places::{Code2, US};

/// Brokerage: a part of duties and taxes, in hundredths of a percent, and a fixed fee in hundredths.
pub(super) const DISBURSEMENT: i64 = 250;
pub(super) const ENTRY_PREPARATION: i64 = 560;

/// Duty by HS chapter, in hundredths of a percent.
const DUTIES: [(&str, i64); 16] = [
    ("09", 0),
    ("22", 1_200),
    ("24", 2_500),
    ("33", 200),
    ("39", 650),
    ("40", 200),
    ("42", 300),
    ("49", 0),
    ("61", 1_200),
    ("62", 1_200),
    ("64", 1_700),
    ("71", 250),
    ("84", 170),
    ("85", 0),
    ("87", 1_000),
    ("95", 0),
];
/// Of all other chapters.
const USUAL_DUTY: i64 = 350;

/// Value added tax by country, in hundredths of a percent.
const TAXES: [(&str, i64); 22] = [
    ("US", 0),
    ("CA", 500),
    ("GB", 2_000),
    ("DE", 1_900),
    ("FR", 2_000),
    ("IT", 2_200),
    ("ES", 2_100),
    ("NL", 2_100),
    ("BE", 2_100),
    ("PL", 2_300),
    ("IE", 2_300),
    ("AT", 2_000),
    ("SE", 2_500),
    ("DK", 2_500),
    ("NO", 2_500),
    ("CH", 810),
    ("MX", 1_600),
    ("JP", 1_000),
    ("AU", 1_000),
    ("NZ", 1_500),
    ("IN", 1_800),
    ("BR", 1_700),
];
/// Of all other countries.
const USUAL_TAX: i64 = 1_500;

/// What a description is taken for when no code is sent: a word in it, and the code.
const WORDS: [(&str, &str); 6] = [
    ("cord", "8546901000"),
    ("shirt", "6109100010"),
    ("shoe", "6403999000"),
    ("book", "4901990000"),
    ("phone", "8517130000"),
    ("coffee", "0901210000"),
];
const ANYTHING: &str = "9999990000";

pub(super) fn duty(hs_code: &str) -> i64 {
    let known = DUTIES
        .iter()
        .find(|(chapter, _)| hs_code.starts_with(chapter));
    known.map_or(USUAL_DUTY, |(_, rate)| *rate)
}

pub(crate) fn value_added_tax(country: Code2) -> i64 {
    let known = TAXES.iter().find(|(code, _)| *code == country.as_str());
    known.map_or(USUAL_TAX, |(_, rate)| *rate)
}

/// Goods that come home are free of duty in the United States; the example shows that they are not in Britain.
pub(super) fn is_free_of_duty_at_home(country: Code2) -> bool {
    country == US
}

/// An HS code of six to ten digits, with points or without, in the ten digits of a national tariff.
pub(super) fn ten_digits(code: &str) -> Option<String> {
    let digits: String = code.chars().filter(|c| !matches!(c, '.' | ' ')).collect();
    if !(6..=10).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // The rest of a six-digit code is "other".
    let rest = if digits.len() == 6 { "0090" } else { "0000" };
    let rest = &rest[..10 - digits.len()];
    Some(digits + rest)
}

pub(super) fn guessed(description: &str) -> String {
    let text = description.to_ascii_lowercase();
    let known = WORDS.iter().find(|(word, _)| text.contains(word));
    known.map_or(ANYTHING, |(_, code)| *code).to_owned()
}

#[cfg(test)]
mod tests {
    use super::ten_digits;

    #[test]
    fn codes_have_six_to_ten_digits() {
        assert_eq!(ten_digits("400932").as_deref(), Some("4009320090"));
        assert_eq!(ten_digits("0901.90.00.10").as_deref(), Some("0901900010"));
        assert_eq!(ten_digits("85171300").as_deref(), Some("8517130000"));
        for code in ["40093", "40093x", "12345678901", ""] {
            assert_eq!(ten_digits(code), None, "{code}");
        }
    }
}
