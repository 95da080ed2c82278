use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::{COLUMNS, Message, SECONDARY, codewords};

/// Symbols that `zint` 2.11.1 made: mode, primary message, secondary message in hexadecimal, and rows of modules
/// in hexadecimal with the leftmost module in the highest bit.
const FIXTURES: &str = include_str!("../../../fixtures/maxicode-by-zint.txt");

/// Rows of modules as `zint --dump` writes them: eight digits for thirty modules.
fn dump(message: &Message) -> String {
    let modules = message.modules();
    let mut out = String::new();
    for row in modules.chunks(COLUMNS) {
        for four in row.chunks(4) {
            let bits = (0..4).map(|bit| four.get(bit).copied().unwrap_or_default());
            let digit = bits.fold(0, |sum, bit| sum * 2 + u8::from(bit));
            let _ = write!(out, "{digit:X}");
        }
        out.push('\n');
    }
    out
}

fn primary(message: &Message) -> String {
    format!(
        "{}{:03}{:03}",
        message.postal_code, message.country, message.class_of_service
    )
}

/// What `zint` makes of the message; `None` if it is not installed.
fn by_zint(message: &Message) -> Option<String> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    let written = file.write_all(message.secondary.as_bytes());
    written.expect("it is written");
    let output = Command::new("zint")
        .args(["--barcode=57", "--dump", "-i"])
        .arg(file.path())
        .arg(format!("--mode={}", message.mode()))
        .arg(format!("--primary={}", primary(message)))
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).expect("text");
    // Digits are in groups of two.
    let text = text.replace(' ', "");
    assert!(output.status.success(), "zint: {message:?}");
    Some(text)
}

fn message(postal_code: &str, country: u16, class_of_service: u16, street: &str) -> Message {
    let secondary = format!(
        "[)>\u{1e}01\u{1d}961Z12345675\u{1d}UPSN\u{1d}12345E\u{1d}089\u{1d}\u{1d}1/1\u{1d}10\u{1d}N\
         \u{1d}{street}\u{1d}ROME\u{1d}\u{1e}\u{4}"
    );
    Message {
        postal_code: postal_code.to_owned(),
        country,
        class_of_service,
        secondary,
    }
}

#[test]
fn symbols_equal_those_of_zint_module_by_module() {
    for symbol in FIXTURES
        .split("\n\n")
        .filter(|text| !text.trim().is_empty())
    {
        let mut lines = symbol.trim().lines();
        let mut field = || lines.next().expect("a field");
        let (mode, primary, secondary) = (field(), field(), field());
        let bytes = (0..secondary.len()).step_by(2);
        let bytes = bytes.map(|at| u8::from_str_radix(&secondary[at..at + 2], 16).expect("hex"));
        let (postal_code, numbers) = primary.split_at(primary.len() - 6);
        let message = Message {
            postal_code: postal_code.to_owned(),
            country: numbers[..3].parse().expect("a country"),
            class_of_service: numbers[3..].parse().expect("a class"),
            secondary: String::from_utf8(bytes.collect()).expect("ASCII"),
        };
        assert_eq!(message.mode().to_string(), mode);
        let rows: Vec<_> = lines.collect();
        assert_eq!(
            dump(&message).lines().collect::<Vec<_>>(),
            rows,
            "{primary}"
        );
    }
}

proptest! {
    // Each case starts a program.
    #![proptest_config(tests_kit::properties(32))]

    #[test]
    fn symbols_of_any_address_equal_those_of_zint(
        postal_code in prop_oneof!["[0-9]{9}", "[A-Z0-9]{6}", "[A-Z][0-9]{2} {3}"],
        country in 0_u16..1000,
        class_of_service in 0_u16..1000,
        street in "[A-Z0-9 #&'()./-]{0,24}|[0-9]{9,24}",
    ) {
        let message = message(&postal_code, country, class_of_service, &street);
        let Some(expected) = by_zint(&message) else {
            eprintln!("skipped: zint is not installed (apt-get install zint)");
            return Ok(());
        };
        prop_assert_eq!(dump(&message), expected);
    }
}

#[test]
fn a_message_fits_or_gives_no_symbol() {
    let fits = "A".repeat(SECONDARY);
    assert_eq!(codewords(&fits).map(|words| words.len()), Some(SECONDARY));
    assert_eq!(codewords(&format!("{fits}A")), None);
    // Nine digits take six codewords.
    assert!(codewords(&"123456789".repeat(14)).is_some());
    let long = message("328210000", 840, 3, &fits);
    assert!(long.modules().is_empty());
}

/// Writes the fixtures anew. `zint` must be installed.
#[test]
#[ignore = "makes the fixtures"]
fn fixtures_are_made() {
    let mut out = String::new();
    for message in [
        message("328210000", 840, 3, "1 MAIN ST"),
        message("943040000", 840, 1, "STANFORD SHOPPING"),
        message("999999999", 999, 999, "123456789012345678"),
        message("000000000", 0, 0, ""),
        message("36071 ", 380, 387, ""),
        message("SW1A1A", 826, 66, "10 DOWNING ST"),
        message("      ", 344, 65, "#1/2 (A) & B-C'S."),
    ] {
        let hex = message.secondary.bytes().map(|byte| format!("{byte:02x}"));
        let hex: String = hex.collect();
        let modules = by_zint(&message).expect("zint is installed");
        let (mode, primary) = (message.mode(), primary(&message));
        let _ = writeln!(out, "{mode}\n{primary}\n{hex}\n{modules}");
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/maxicode-by-zint.txt");
    std::fs::write(path, out).expect("it is written");
}
