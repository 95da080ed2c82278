//! Reads the tables of raw messages in `cases/`.

/// One line of a table.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) outcome: String,
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl Case {
    pub(crate) fn new(outcome: &str, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            outcome: outcome.to_owned(),
            name: name.to_owned(),
            bytes: bytes.into(),
        }
    }
}

/// The cases under a `[section]` of a table. A section without any is a mistake.
pub(crate) fn section(table: &str, section: &str) -> Vec<Case> {
    let start = format!("[{section}]");
    let lines = table
        .lines()
        .skip_while(|line| !line.starts_with(&start))
        .skip(1);
    let lines = lines
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty());
    let cases: Vec<_> = lines
        .map(|line| {
            let parts: Vec<_> = line.splitn(3, " | ").collect();
            let [outcome, name, bytes] = parts[..] else {
                unreachable!("not a case: {line}");
            };
            Case::new(outcome, name, unescape(bytes))
        })
        .collect();
    assert!(!cases.is_empty(), "no cases in {section}");
    cases
}

/// Undoes `\r`, `\n`, `\t`, `\\` and `\xNN`.
pub(crate) fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let (byte, used) = match after {
            [b'r', ..] => (b'\r', 1),
            [b'n', ..] => (b'\n', 1),
            [b't', ..] => (b'\t', 1),
            [b'\\', ..] => (b'\\', 1),
            [b'x', high, low, ..] => {
                let digits = [*high, *low];
                let digits = str::from_utf8(&digits).expect("two digits");
                (u8::from_str_radix(digits, 16).expect("hexadecimal"), 3)
            }
            _ => unreachable!("unknown escape in {text}"),
        };
        bytes.push(byte);
        rest = &after[used..];
    }
    bytes
}

/// Runs every case and lists all failures.
#[track_caller]
pub(crate) fn run(cases: &[Case], check: impl Fn(&Case) -> Result<(), String>) {
    let results = cases
        .iter()
        .map(|case| check(case).map_err(|why| format!("{}: {why}", case.name)));
    let failures: Vec<_> = results.filter_map(Result::err).collect();
    let (failed, all) = (failures.len(), cases.len());
    assert!(
        failures.is_empty(),
        "{failed} of {all} failed:\n{}",
        failures.join("\n")
    );
}
