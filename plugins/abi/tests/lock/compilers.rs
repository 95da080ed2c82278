//! The layout as the C and C++ compilers see it.

use std::{env, fmt::Write, fs, process::Command};

/// A program that compiles only if the header agrees with the lock.
pub(crate) fn program(lock: &str) -> String {
    let mut out = String::from("#include \"waybill_plugin.h\"\n");
    for (number, line) in lock.lines().enumerate() {
        let words: Vec<_> = line.split(' ').collect();
        let condition = match words[..] {
            ["abi", version] => {
                let (major, minor) = version.split_once('.').expect("abi MAJOR.MINOR");
                format!("WAYBILL_ABI_MAJOR == {major}u && WAYBILL_ABI_MINOR == {minor}u")
            }
            ["const", name, value] => format!("(unsigned long long){name} == {value}ull"),
            ["size", name, value] => format!("sizeof({name}) == {value}u"),
            ["offset", member, value] => {
                let (owner, member) = member.split_once('.').expect("offset STRUCT.MEMBER");
                format!("offsetof({owner}, {member}) == {value}u")
            }
            _ => panic!("cannot read {line}"),
        };
        // The oldest form of a static assertion; C99 has no other.
        writeln!(
            out,
            "extern char waybill_check_{number}[({condition}) ? 1 : -1];"
        )
        .unwrap();
    }
    out
}

pub(crate) fn c99(program: &str) -> Result<(), String> {
    compile("CC", "cc", "check.c", &["-std=c99"], program)
}

pub(crate) fn cpp17(program: &str) -> Result<(), String> {
    compile(
        "CXX",
        "c++",
        "check.cpp",
        &["-std=c++17", "-x", "c++"],
        program,
    )
}

fn compile(
    variable: &str,
    default: &str,
    file: &str,
    flags: &[&str],
    program: &str,
) -> Result<(), String> {
    let compiler = env::var(variable).unwrap_or_else(|_| default.to_owned());
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    fs::write(folder.path().join(file), program).map_err(|error| error.to_string())?;
    let output = Command::new(&compiler)
        .args(flags)
        .args([
            "-Wall",
            "-Wextra",
            "-pedantic",
            "-Werror",
            "-fvisibility=hidden",
            "-c",
            "-I",
        ])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/include"))
        .args([file, "-o", "check.o"])
        .current_dir(folder.path())
        .output()
        .unwrap_or_else(|error| panic!("cannot run {compiler}, set {variable}: {error}"));
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
