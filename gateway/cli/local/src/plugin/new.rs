//! `waybill plugin new`: writes a plugin that builds and passes `waybill plugin check`.

mod files;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use files::Names;
use gateway_cli::{CliError, CommandOutcome, Language, NewPluginArgs, terminal::Output};
use serde::Serialize;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// A name becomes part of host names, package names and symbols.
const MAX_NAME: usize = 32;

#[derive(Serialize)]
struct Written {
    folder: String,
    files: Vec<String>,
}

pub(super) fn run(args: &NewPluginArgs, output: &mut Output) -> Result<CommandOutcome, CliError> {
    check_name(&args.name).map_err(CliError::Usage)?;
    let sdk = sdk(args.sdk.as_deref(), args.lang).map_err(CliError::Usage)?;
    let folder = args.dir.clone().unwrap_or_else(|| args.name.clone().into());
    // Never into a folder that is there: its files may be somebody's work.
    if folder.exists() {
        let folder = folder.display();
        let why = anyhow!("{folder} exists: choose another name, or another folder with --dir");
        return Err(CliError::Usage(why));
    }
    let names = Names::of(&args.name, &sdk);
    let files = match args.lang {
        Language::Rust => files::rust(&names),
        Language::C => files::c(&names),
    };
    write(&folder, &files).map_err(CliError::Running)?;
    if args.lang == Language::Rust {
        copy_lock(&sdk, &folder).map_err(CliError::Running)?;
    }
    if output.is_json() {
        output.json(&Written {
            folder: folder.display().to_string(),
            files: files.into_iter().map(|(path, _)| path.to_owned()).collect(),
        })?;
        return Ok(CommandOutcome::Done);
    }
    let (shown, name) = (folder.display(), &args.name);
    output.line(format_args!(
        "wrote a plugin for {name} into {shown}. Next:"
    ))?;
    output.line(format_args!("  make -C {shown} test"))?;
    output.line(format_args!("  make -C {shown}"))?;
    output.line(format_args!("  waybill plugin check {shown}/{name}.so"))?;
    let guide = sdk.join("docs/plugins.md");
    if guide.is_file() {
        let guide = guide.display();
        output.line(format_args!("The guide for authors is {guide}"))?;
    }
    Ok(CommandOutcome::Done)
}

fn check_name(name: &str) -> Result<()> {
    let letter = |c: char| c.is_ascii_lowercase();
    let fits = |c: char| letter(c) || c.is_ascii_digit() || c == '-';
    let good = name.starts_with(letter)
        && !name.ends_with('-')
        && !name.contains("--")
        && name.chars().all(fits)
        && name.len() <= MAX_NAME;
    ensure!(
        good,
        "{name:?} is no name for a plugin: write 1 to {MAX_NAME} of a-z, 0-9 and -, a letter first, and no - at the \
         end or beside another -"
    );
    Ok(())
}

/// The folder that holds the SDK, the ABI crate and the header.
fn sdk(named: Option<&Path>, language: Language) -> Result<PathBuf> {
    let folder = match named {
        Some(folder) => folder.to_owned(),
        None => {
            let program = env::current_exe().context("cannot find this program's own file")?;
            // bin/waybill and share/waybill have one parent, as in every package.
            let parent = program.parent().and_then(Path::parent);
            parent
                .unwrap_or_else(|| Path::new("/"))
                .join("share/waybill")
        }
    };
    let wanted = match language {
        Language::Rust => "plugins/sdk/Cargo.toml",
        Language::C => "plugins/abi/include/waybill_plugin.h",
    };
    if !folder.join(wanted).is_file() {
        let folder = folder.display();
        bail!(
            "there is no {wanted} in {folder}: install Waybill's package whole, or name the folder that \
             holds `plugins` with --sdk"
        );
    }
    let folder = fs::canonicalize(&folder).context("cannot resolve the folder of the SDK")?;
    // It is written into a manifest and a Makefile, where these mean something.
    let text = folder.to_str().unwrap_or("\"");
    ensure!(
        !text.contains(['"', '\'', '\\', '$', '#', '\n']),
        "the path {} has characters that Cargo or make would misread",
        folder.display()
    );
    Ok(folder)
}

fn write(folder: &Path, files: &[(&'static str, String)]) -> Result<()> {
    for (path, text) in files {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        let failed = || format!("cannot write {}", path.display());
        fs::create_dir_all(parent).with_context(failed)?;
        fs::write(&path, text).with_context(failed)?;
    }
    Ok(())
}

/// The versions that Waybill itself was tested with. Cargo takes out of the file what the plugin does not use.
fn copy_lock(sdk: &Path, folder: &Path) -> Result<()> {
    let lock = sdk.join("Cargo.lock");
    if lock.is_file() {
        let text = fs::read(&lock).context("cannot read the SDK's Cargo.lock")?;
        // Written, not copied: the installed file may be read-only.
        fs::write(folder.join("Cargo.lock"), text).context("cannot write Cargo.lock")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn name_is_one_for_hosts_packages_and_symbols() {
        for name in ["acme", "a", "north-post-2"] {
            check_name(name).unwrap();
        }
        for name in [
            "",
            "-a",
            "a-",
            "a--b",
            "2a",
            "Acme",
            "a/b",
            "a_b",
            "ä",
            &"a".repeat(33),
        ] {
            check_name(name).unwrap_err();
        }
    }
}
