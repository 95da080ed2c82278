//! Reading a large configuration, as a start does.

use anyhow::Result;
use gateway_config::Config;
use std::{fmt::Write as _, io::Write as _};

/// Accounts for each app.
const PER_APP: usize = 5;

/// Writes a configuration with so many accounts and a fifth as many apps, and reads it as `serve` does.
///
/// # Errors
/// When the file cannot be written, or has a mistake.
pub fn read(accounts: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("waybill.toml");
    // The secrets stand in the file, so only its owner may read it; a temporary file is made so.
    let mut made = tempfile::NamedTempFile::new_in(folder.path())?;
    made.write_all(text(accounts)?.as_bytes())?;
    made.persist(&file)?;
    let config = Config::load(&file)?;
    anyhow::ensure!(config.accounts.len() == accounts, "an account is missing");
    Ok(())
}

fn text(accounts: usize) -> Result<String> {
    let mut text = String::from(
        "[plugins]\ndir = \".\"\n\n[[route]]\ncarrier = \"ups\"\nenvironment = \"test\"\n\n",
    );
    for at in 0..accounts {
        writeln!(
            text,
            "[[account]]\nname = \"account-{at}\"\ncarrier = \"ups\"\nenvironment = \"test\"\n\
             account_number = \"{at:06}\"\nclient_id = \"client-{at}\"\n\
             client_secret = {{ value = \"secret-of-account-{at}\" }}\n"
        )?;
    }
    for at in 0..accounts / PER_APP {
        writeln!(
            text,
            "[[app]]\nname = \"app-{at}\"\nclient_id = \"app-{at}\"\n\
             client_secret = {{ value = \"secret-of-app-{at}\" }}\naccounts = [\"account-{at}\"]\n"
        )?;
    }
    Ok(text)
}
