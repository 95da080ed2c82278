//! Rules about source files.

use super::{assert_none, files};

/// The only folders whose code may say `unsafe`.
const UNSAFE: &[&str] = &["gateway/plugin-host/", "plugins/abi/", "plugins/sdk/"];

/// A file may not be longer than this, in lines.
const HARD_CAP: usize = 600;

/// Files over the cap that wait to be split. A line leaves the list as soon as it is not needed.
const OVER_CAP: &[&str] = &[];

/// The only files that may ask the system for the time.
const CLOCKS: &[&str] = &[
    "gateway/src/clock.rs",
    "mock-carrier/src/clock.rs",
    "mock-ups/src/clock.rs",
    "plugins/testkit/src/clock.rs",
];

/// Words that must not reach the main branch, split so that this file does not hold them.
const FORBIDDEN: &[&str] = &[
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("dbg", "!("),
];

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| {
        matches!(
            part,
            "tests" | "benches" | "examples" | "xtask" | "tests.rs"
        )
    })
}

#[test]
fn unsafe_code_is_only_in_three_crates() {
    let word = concat!("unsafe", " ");
    let mut offences = Vec::new();
    for (path, text) in files(".rs") {
        let may = UNSAFE.iter().any(|folder| path.starts_with(folder));
        let uses = |line: &str| {
            let code = line.split("//").next().unwrap_or(line);
            code.contains(word) && !code.contains('"')
        };
        offences.extend(
            text.lines()
                .enumerate()
                .filter(|(_, line)| !may && uses(line))
                .map(|(n, _)| format!("{path}:{}", n + 1)),
        );
    }
    assert_none("unsafe outside plugin-host, abi and sdk", &offences);
}

#[test]
fn unsafe_crates_forbid_what_the_workspace_forbids() {
    for folder in UNSAFE {
        let (_, manifest) = files("Cargo.toml")
            .into_iter()
            .find(|(path, _)| *path == format!("{folder}Cargo.toml"))
            .expect("a manifest");
        for lint in [
            "undocumented_unsafe_blocks = \"deny\"",
            "unsafe_op_in_unsafe_fn = \"deny\"",
            "unwrap_used = \"deny\"",
        ] {
            assert!(manifest.contains(lint), "{folder}Cargo.toml lacks {lint}");
        }
    }
}

#[test]
fn source_files_stay_under_the_cap() {
    let mut offences = Vec::new();
    for (path, text) in files(".rs") {
        let lines = text.lines().count();
        match (lines > HARD_CAP, OVER_CAP.contains(&path.as_str())) {
            (true, false) => offences.push(format!("{path}: {lines} lines, the cap is {HARD_CAP}")),
            (false, true) => offences.push(format!(
                "{path}: take it off the list, it has only {lines} lines"
            )),
            (true, true) | (false, false) => {}
        }
    }
    assert_none("file length", &offences);
}

#[test]
fn source_has_no_leftovers() {
    let mut offences = Vec::new();
    for (path, text) in files(".rs") {
        for (number, line) in text.lines().enumerate() {
            offences.extend(
                FORBIDDEN
                    .iter()
                    .filter(|word| line.contains(**word))
                    .map(|word| format!("{path}:{}: {word}", number + 1)),
            );
        }
    }
    assert_none("left-overs", &offences);
}

#[test]
fn only_the_clocks_ask_for_the_time() {
    let calls = [
        concat!("Instant", "::now("),
        concat!("SystemTime", "::now("),
        concat!("Timestamp", "::now("),
    ];
    let mut offences = Vec::new();
    for (path, text) in files(".rs") {
        if is_test(&path) || CLOCKS.contains(&path.as_str()) {
            continue;
        }
        let production = text.split("#[cfg(test)]").next().unwrap_or(&text);
        for (number, line) in production.lines().enumerate() {
            let code = line.split("//").next().unwrap_or(line);
            if calls.iter().any(|call| code.contains(call)) {
                offences.push(format!("{path}:{}", number + 1));
            }
        }
    }
    assert_none("time is an argument", &offences);
}

#[test]
fn nothing_draws_from_the_threads_generator() {
    let calls = [concat!("rand::", "rng()"), concat!("thread", "_rng(")];
    let mut offences = Vec::new();
    for (path, text) in files(".rs") {
        let drawn = text
            .lines()
            .enumerate()
            .filter(|(_, line)| calls.iter().any(|call| line.contains(call)));
        offences.extend(drawn.map(|(number, _)| format!("{path}:{}", number + 1)));
    }
    assert_none("randomness is an argument", &offences);
}

#[test]
fn mock_and_gateway_share_no_code() {
    let mut offences = Vec::new();
    for (path, text) in files(".rs") {
        if path.starts_with("mock-ups/") || path.starts_with("mock-carrier/") {
            let foreign = ["gateway_", "plugins_"]
                .iter()
                .filter(|name| text.contains(&format!("use {name}")));
            offences.extend(foreign.map(|name| format!("{path} uses {name}*")));
        }
    }
    assert_none(
        "a shared type would make the test agree with the bug",
        &offences,
    );
}

#[test]
fn project_names_no_machine_path() {
    let paths = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/fa", "rm/"),
    ];
    let mut offences = Vec::new();
    for suffix in [".rs", ".toml", ".md", ".yml", ".sh", ".py", ".js"] {
        for (path, text) in files(suffix) {
            for (number, line) in text.lines().enumerate() {
                if paths.iter().any(|p| line.contains(p)) {
                    offences.push(format!("{path}:{}", number + 1));
                }
            }
        }
    }
    assert_none("paths of somebody's machine", &offences);
}
