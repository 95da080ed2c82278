//! Records the compiler for the manifest: for people, never compared.

use std::{env, error::Error, process::Command};

fn main() -> Result<(), Box<dyn Error>> {
    let rustc = env::var_os("RUSTC").ok_or("cargo sets RUSTC")?;
    let output = Command::new(rustc).arg("--version").output()?;
    let text = String::from_utf8(output.stdout)?;
    // "rustc 1.95.0 (59807616e 2026-04-14)"
    let version = text.split_whitespace().nth(1).unwrap_or("unknown");
    let plain = version
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || ".-+".contains(c));
    let version = if plain { version } else { "unknown" };
    let mut out = std::io::stdout().lock();
    std::io::Write::write_fmt(
        &mut out,
        format_args!(
            "cargo::rustc-env=WAYBILL_SDK_RUSTC={version}\ncargo::rerun-if-changed=build.rs\n"
        ),
    )?;
    Ok(())
}
