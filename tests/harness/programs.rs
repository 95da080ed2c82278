//! The real programs and the real plugin.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// Files that a test runs or loads.
#[derive(Debug)]
pub struct Programs {
    /// The gateway.
    pub waybill: PathBuf,
    /// The mock as a program.
    pub mock_ups: PathBuf,
    /// The UPS plugin.
    pub ups_plugin: PathBuf,
}

/// Builds what a test drives, once per test run, and says where it is.
///
/// `cargo xtask test` has built everything already and says so by `WAYBILL_BUILT`; otherwise this
/// runs cargo, so that `cargo test -p tests` never drives a stale program.
///
/// # Panics
/// When the build fails.
pub fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        build(&["-p", "gateway", "-p", "mock-ups", "-p", "plugins-ups-dylib"]);
        let folder = profile_folder();
        let programs = Programs {
            waybill: folder.join("waybill"),
            mock_ups: folder.join("mock-ups"),
            ups_plugin: folder.join("libwaybill_plugin_ups.so"),
        };
        for file in [&programs.waybill, &programs.mock_ups, &programs.ups_plugin] {
            assert!(
                file.exists(),
                "{} was not built: unset WAYBILL_BUILT",
                file.display()
            );
        }
        programs
    })
}

/// The sample plugin that signs requests, as a library.
///
/// # Panics
/// When the build fails.
pub fn signer_plugin() -> &'static Path {
    static PLUGIN: OnceLock<PathBuf> = OnceLock::new();
    PLUGIN.get_or_init(|| {
        build(&["-p", "examples-signer-dylib"]);
        let file = profile_folder().join("libwaybill_plugin_signer.so");
        assert!(
            file.exists(),
            "the sample signer was not built: unset WAYBILL_BUILT"
        );
        file
    })
}

/// The plugin of a carrier, as a library.
///
/// # Panics
/// When the build fails.
pub fn carrier_plugin(carrier: &str) -> PathBuf {
    build(&["-p", &format!("plugins-{carrier}-dylib")]);
    let name = carrier.replace('-', "_");
    let file = profile_folder().join(format!("libwaybill_plugin_{name}.so"));
    assert!(
        file.exists(),
        "the plugin of {carrier} was not built: unset WAYBILL_BUILT"
    );
    file
}

/// An installed package without what only serving needs: `bin/waybill`, and `share/waybill` for authors of plugins.
///
/// # Panics
/// When it cannot be laid out.
pub fn lay_out_package(prefix: &Path) {
    build(&["-p", "xtask"]);
    let laid_out = Command::new(profile_folder().join("xtask"))
        .args(["dist", "--sdk-only", "--dir"])
        .arg(prefix)
        .output()
        .expect("xtask starts");
    let error = String::from_utf8_lossy(&laid_out.stderr);
    assert!(laid_out.status.success(), "{error}");
    let (from, to) = (&programs().waybill, prefix.join("bin/waybill"));
    fs::create_dir_all(prefix.join("bin")).expect("the test owns the folder");
    // A link, because the program of a test build is large; the folder may be on another file system.
    if fs::hard_link(from, &to).is_err() {
        fs::copy(from, &to).expect("the test owns the folder");
    }
}

/// `cargo xtask package` for the programs of this build, without their symbols, which would only take time to pack.
///
/// # Panics
/// When the build fails.
pub fn package() -> Command {
    static STRIPPED: OnceLock<PathBuf> = OnceLock::new();
    let built = STRIPPED.get_or_init(|| {
        build(&["--workspace"]);
        let (from, to) = (profile_folder(), profile_folder().join("stripped"));
        fs::create_dir_all(&to).expect("the target folder is ours");
        for entry in fs::read_dir(&from).expect("the programs were built") {
            let name = entry.expect("an entry").file_name();
            let name = name.to_string_lossy();
            let packed = ["waybill", "mock-ups", "mock-carrier"].contains(&&*name);
            if packed || name.starts_with("libwaybill_plugin_") && name.ends_with(".so") {
                let (from, to) = (from.join(&*name), to.join(&*name));
                let strip = Command::new("strip").arg("-o").arg(&to).arg(&from).status();
                if !strip.is_ok_and(|status| status.success()) {
                    fs::copy(&from, &to).expect("the target folder is ours");
                }
            }
        }
        to
    });
    let mut command = Command::new(profile_folder().join("xtask"));
    command.args(["package", "--built"]).arg(built);
    command
}

/// The folder of the built examples.
///
/// # Panics
/// When the build fails.
pub fn examples() -> &'static Path {
    static EXAMPLES: OnceLock<PathBuf> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        build(&["-p", "examples", "--examples"]);
        profile_folder().join("examples")
    })
}

fn build(packages: &[&str]) {
    if env::var_os("WAYBILL_BUILT").is_some() {
        return;
    }
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--locked"]).args(packages);
    if profile_folder().ends_with("release") {
        command.arg("--release");
    }
    let status = command.current_dir(root()).status().expect("cargo starts");
    assert!(status.success(), "the programs under test do not build");
}

/// `target/debug`: test binaries live in its `deps`.
fn profile_folder() -> PathBuf {
    let test = env::current_exe().expect("a test has a file");
    let deps = test.parent().expect("a file has a folder");
    let folder = if deps.ends_with("deps") || deps.ends_with("examples") {
        deps.parent()
    } else {
        Some(deps)
    };
    folder.expect("target/<profile>").to_owned()
}

/// The top folder of the workspace.
///
/// # Panics
/// Never: this package has a parent folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ has a parent")
}
